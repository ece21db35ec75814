"""What the workspace refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "unknown.colleague": _("Choose another person of this clinic."),
        "required.addendum": _("The addendum is empty. Enter its text."),
        "required.error_reason": _("Enter why this document was entered in error."),
    }
)
