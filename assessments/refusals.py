"""What the assessments app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from clinic.refusals import register

register(
    {
        "reason_required.declined": _("Write down why the patient declined to answer."),
        "needs_no": _("Only a “no” can come from “no to all others”."),
        "needs_yes": _("Name a part of the body only with the answer “yes”."),
        "not_of_this_flag": _("This question is not about a part of the body. Leave it out."),
        "invalid.edits": _("Your changes could not be read. Reload the page and enter them again."),
        "too_many.edits": _("There are more than %(most)s changes at once. Reload the page and enter them again."),
    }
)
