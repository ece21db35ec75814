"""Words for codes, in the page's language."""

from __future__ import annotations

from django.conf import settings
from django.utils.translation import gettext_lazy as _

CHANNELS = {"email": _("E-mail"), "sms": _("SMS")}
FILTERS = {"trouble": _("Problems"), "uncertain": _("Uncertain"), "waiting": _("Waiting"), "all": _("All")}
STATES = {
    "queued": _("waiting"), "sending": _("being sent"), "sent": _("handed over"), "delivered": _("delivered"),
    "unknown": _("unknown whether it went out"), "failed": _("failed"), "bounced": _("returned"),
    "complained": _("reported as unwanted"), "dropped": _("not sent: too late"), "withheld": _("not sent"),
    "cancelled": _("cancelled"),
}  # fmt: skip
REASONS = {
    "late": _("too late to be of use"), "no_consent": _("no consent to this channel"), "no_address": _("no address"),
    "address_refused": _("the address refused an earlier message"), "unsubscribed": _("the patient ended messages"),
    "daily_cap": _("daily limit of messages reached"), "not_wanted": _("no longer needed"),
    "link_closed": _("its link is closed"), "provider_refused": _("the provider refused it"),
    "provider_unreachable": _("the provider could not be reached"),
    "provider_slow": _("the provider's answer was lost"),
    "gave_up": _("gave up after several attempts"), "worker_lost": _("the process that sent it ended"),
    "clinic_stopped": _("sending is paused"), "no_provider": _("no provider for this channel"),
    "broken": _("an error on our side"),
}  # fmt: skip
KINDS = {
    "check_in": _("Exercise reminder"), "soreness": _("Question after needling"),
    "consent_copy": _("Copy of a consent"), "aftercare": _("Advice after needling"), "form": _("Form to fill in"),
    "programme_ended": _("End of the programme"), "review_due": _("Review is due"),
    "staff_alert": _("Alert to the therapist"),
    "appointment_booked": _("Appointment booked"), "appointment_moved": _("Appointment moved"),
    "appointment_cancelled": _("Appointment cancelled"), "appointment_reminder": _("Appointment reminder"),
    "appointment_missed": _("Appointment missed"), "series_booked": _("Series of appointments booked"),
    "series_moved": _("Series of appointments moved"), "series_cancelled": _("Series of appointments cancelled"),
    "slot_offered": _("Offer of a free appointment"),
}  # fmt: skip
WHEN_UNKNOWN = {
    "resend_once": _("Send again (the patient may get it twice)"),
    "leave": _("Skip it and tell the clinic"),
}


def languages() -> list[str]:
    return [code for code, _name in settings.LANGUAGES]
