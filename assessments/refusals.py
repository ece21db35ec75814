"""What the assessments app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from clinic.refusals import register

register(
    {
        "reason_required.declined": _("Write down why the patient declined to answer."),
        "red_flag_not_open": _("This red flag is not open. Reload to see its state."),
        "too_short.clearance": _("Give a reason of at least %(least)s characters."),
        "required.seen_by": _("This is an emergency: write down who saw the patient."),
        "required.seen_at": _("This is an emergency: enter when the patient was seen."),
        "in_future.clearance": _("Enter a time that is not in the future."),
        "before_answer": _("The flag was answered “yes” at %(answered_at)s. Enter a later time."),
        "after_clearance": _("Enter a time before the clearance."),
        "required.c_spine": _(
            "The neck may be injured. Apply the Canadian C-spine rule, or clear by imaging or a physician."
        ),
        "neck_not_cleared.image": _("The C-spine rule asks for imaging. Clear by imaging or a physician instead."),
        "neck_not_cleared.cannot_clear": _(
            "The C-spine rule cannot clear the neck: something is unknown, or the rule does not apply. Clear by "
            "imaging or a physician instead."
        ),
        "not_of_this_flag.c_spine": _("The C-spine rule only clears a recent injury. Leave it out."),
        "too_short.flagged_exam": _(
            "This exam has a red flag. Give a reason of at least %(least)s characters for marking it as entered in "
            "error."
        ),
        "needs_no": _("Only a “no” can come from “no to all others”."),
        "needs_yes": _("Name a part of the body only with the answer “yes”."),
        "not_of_this_flag": _("This question is not about a part of the body. Leave it out."),
        "invalid.edits": _("Your changes could not be read. Reload the page and enter them again."),
        "too_many.edits": _("There are more than %(most)s changes at once. Reload the page and enter them again."),
    }
)
