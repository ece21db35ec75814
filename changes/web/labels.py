"""What the pages call the codes of webhooks."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from changes import rules

KINDS = {
    "record": _("Signed records"),
    "patient": _("Patients"),
    "appointment": _("Appointments"),
    "series": _("Series of appointments"),
    "programme": _("Home programmes"),
    "check_in": _("Check-ins"),
    "adverse_event": _("Adverse events"),
}
STATES = {
    (rules.ACTIVE, ""): _("Active"),
    (rules.PAUSED, rules.BY_HAND): _("Paused"),
    (rules.PAUSED, rules.FAILED): _("Paused: the address did not answer for 3 days"),
    (rules.ENDED, rules.GONE): _("Ended: the address says that it is gone (410)"),
}
OUTCOMES = {
    rules.DELIVERED: _("Delivered"),
    rules.ANSWERED: _("Refused by the receiver"),
    rules.REDIRECTED: _("Redirected, which is not followed"),
    rules.TIMED_OUT: _("No answer within 15 seconds"),
    rules.NOT_REACHED: _("Not reached"),
    rules.NOT_ALLOWED: _("Not sent: the address is not on the public internet"),
}
