"""What treatment plans refuse, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import Text, labels, register
from treatments.plans.labels import REACHED

register(
    {
        "plan_exists": _("This patient has a treatment plan that runs. Change it, or end it first."),
        "plan_ended": _("This treatment plan has ended. It can't be changed; make a new one."),
        "required.plan_problem": _("Enter the problem that is treated."),
        "required.goal": _("Enter what is measured and the target, or leave both empty."),
        "required.goal_result": _("Say for each goal whether it was reached."),
        "unknown.goal": _("This goal is none of this plan."),
        "too_long.plan": _("Shorten this to %(most)s characters."),
        "too_many.goals": _("A plan has at most %(most)s goals."),
        "in_the_past.plan": _("This day is before the plan begins. Choose a later day."),
        "unknown_code.plan_technique": _("This technique does not exist. Choose one from the list."),
        "unknown_code.goal_result": Text(_("Choose one of: %(choices)s."), choices=labels(REACHED)),
    }
)
