"""What is refused about the rights of patients, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "case_ended": _("This was lifted or undone before. Reload the page."),
        "case_open": _("This is in force already. Reload the page."),
        "erasure_done": _("The record was erased. This can't be undone."),
        "kept_by_law": _("The law that the clinic has set keeps this record until %(until)s. Confirm that it must go."),
        "legal_hold": _("The record is under a legal hold. Lift the hold first."),
        "required.rights_reason": _("Give a reason of at least %(least)s characters. Do not name the patient in it."),
        "too_long.rights_reason": _("Shorten the reason to at most %(most)s characters."),
    }
)
