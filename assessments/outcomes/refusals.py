"""What outcome measures refuse, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "outcome_withdrawn": _("This result is already marked as entered in error."),
        "unknown_code.measure": _("This measure does not exist. Choose one from the list."),
        "unknown_code.device": _("Choose one of: %(choices)s."),
        "unknown_code.pressure": _("Choose one of: %(choices)s."),
        "unknown_code.risk_group": _("Choose one of: %(choices)s."),
        "in_future.outcome": _("A result can't be in the future. Correct its date and time."),
        "not_of_this_measure": _("This measure does not have this value. Leave it out."),
        "required.outcome_value": _("Enter the result."),
        "required.items": _("Enter at least one answer."),
        "required.activity": _("Name the activity in the patient's words."),
        "required.probe_area": _("Enter the area of the probe. Without it, a force is no pressure."),
        "required.side": _("Choose a side: left or right."),
        "wrong_number.items": _("This measure has %(count)s questions. Enter each, or leave it empty."),
        "wrong_number.activities": _("Enter %(least)s to %(most)s activities."),
        "wrong_number.trials": _("Enter one to %(most)s trials."),
        "duplicate.activity": _("This activity is named twice. Remove one of them."),
        "out_of_range.pressure": _("Enter a pressure from %(low)s to %(high)s kPa."),
        "reason_required.pressure": _(
            "The usual range is %(low)s to %(high)s kPa. Correct the value or give a reason."
        ),
        "differs.total": _("The answers come to %(right)s. Correct the total or an answer."),
        "no_score.total": _("There is no score with fewer than %(least)s answers. Leave the total empty."),
        "too_long.outcome": _("Shorten this to %(most)s characters."),
        "too_short.outcome": _("Give a reason of %(least)s to %(most)s characters."),
        "out_of_range.weeks": _("Enter weeks from %(low)s to %(high)s."),
        "too_many.time_points": _("Choose at most %(most)s time points."),
    }
)
