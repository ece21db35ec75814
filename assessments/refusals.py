"""What the assessments app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from assessments.outcomes import refusals as outcomes
from errors.texts import register

__all__ = ["outcomes"]  # its texts are registered by being imported

register(
    {
        "out_of_range.drawn_pain": _("Choose a number from %(low)s to %(high)s, or none."),
        "too_long.line": _("Enter one line of at most %(most)s characters."),
        "above_worst": _("The best pain is higher than the worst pain. Correct one of them."),
        "duplicate.movement": _("This movement is recorded twice for this side. Remove one of them."),
        "duplicate.place": _("This place is recorded twice. Give the second finding a different place."),
        "duplicate.red_flag": _("This red flag is answered twice. Remove one answer."),
        "duplicate.zone": _("This zone is marked twice. Remove one of the marks."),
        "empty.exam": _("This exam is empty. Record something before you sign it."),
        "before_birth.exam": _(
            "An exam can't be before the patient's birth. Correct its date, or the birth date on the patient's page."
        ),
        "in_future.exam": _("An exam can't be in the future. Correct its date and time."),
        "needs_local_twitch": _("The local twitch was not tested. Record its result, or remove how it was tested."),
        "needs_referred_pain": _(
            "Referred pain is not marked as present. Mark it, or remove where and how it is felt."
        ),
        "out_of_range.degrees": _("Enter a value from %(low)s° to %(high)s°."),
        "too_early": _("The date is before %(year)s. Correct the year."),
        "unknown.point": _("This trigger point does not exist in this clinic. Choose another."),
        "unknown.point_of_finding": _(
            "This patient does not have this trigger point in this muscle and side. Choose another."
        ),
        "duplicate.point": _("This trigger point is recorded twice. Choose another point for one of the findings."),
        "known_point": _("It is either a known point or a new one. Remove one of them."),
        "too_short.point_merge": _("Give a reason of at least %(least)s characters."),
        "cannot_merge_points": _("These points can't be merged."),
        "cannot_merge_points.same": _("This is the same point. Choose another."),
        "cannot_merge_points.merged": _("One of these points was merged before. Reload to see what counts now."),
        "cannot_merge_points.place": _("Only points of one person, in the same muscle and side, can be merged."),
        "cannot_merge_points.not_merged": _("This point is not merged. Reload to see what counts now."),
        "unknown_movement": _("This movement does not exist. Choose one from the list."),
        "unknown_muscle": _("This muscle does not exist. Choose one from the list."),
        "unknown_zone": _("This body zone does not exist. Choose one from the list."),
        "unreviewed": _("This was copied from the last exam, or read from a line. Confirm it, change it or remove it."),
        "wrong_side.midline": _("This zone is on the midline. Choose the middle instead of a side."),
        "wrong_side.sided": _("This zone has a left and a right. Choose a side."),
        # Red flags
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
    }
)
