"""What the assessments app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from clinic.refusals import register

register(
    {
        "invalid.edits": _("Your changes could not be read. Reload the page and enter them again."),
        "too_many.edits": _("There are more than %(most)s changes at once. Reload the page and enter them again."),
    }
)
