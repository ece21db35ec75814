"""What messaging refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "not_resendable": _("This message is still being sent, or was cancelled, so it cannot be sent again."),
        "not_resendable.just_sent": _("This message was sent again a moment ago. Wait before you send it again."),
        "not_uncertain": _("It is already known whether this message was sent."),
        "unknown_placeholder": _("These placeholders are not known: %(unknown)s. You can use: %(choices)s."),
        "link_missing": _("Add {link} to the text. Without it the patient cannot answer."),
        "when_missing": _("Add {when} to the text: the time of the appointment."),
        "stop_missing": _("Add {stop} to the text: the link to unsubscribe."),
        "required.subject": _("Enter a subject for the e-mail."),
        "too_long.sms": _(
            "Shorten the text: with every placeholder filled in it has %(length)s characters, and an "
            "SMS has at most %(most)s."
        ),
    }
)
