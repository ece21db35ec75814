"""What forms by link refuse, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import Text, register

register(
    {
        "form_not_open": _("This form was already sent in, or it was cancelled."),
        "form_not_open.review": _("The answers to this form wait for a review. Review them before you send it again."),
        "form_reviewed": _("This form was already reviewed, or it was not answered yet."),
        "no_channel.form": _(
            "The patient can't be reached by e-mail or SMS. Record an address and the consent to use it, then send "
            "again."
        ),
        "no_birth_date.form": _(
            "The link asks for the year of birth, and no birth date is recorded. Record it, then send again."
        ),
        "too_long.answer": _("Shorten this answer to %(most)s characters."),
        "too_many.answer_lines": _("Enter at most %(most)s lines."),
        "too_short.dismissal": _("Say in at least %(least)s characters why nothing of this form is used."),
        "unknown_code.patient_form": Text(
            _("This form does not exist. Choose one of: %(choices)s."), choices=", ".join
        ),
        "unknown_code.form_answer": _("Choose one of the answers."),
        "unknown_code.proposal": _("This is not part of the form's answers. Reload the page."),
    }
)
