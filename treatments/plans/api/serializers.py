"""Shapes of treatment plans on the wire. They check form; what a plan may say is in the actions."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictInteger, StrictSerializer, Text, many
from treatments.plans import rules
from treatments.rules import TECHNIQUES


class PlanGoalInput(StrictSerializer):
    measure = Text(max_length=rules.LINE_MOST, help_text="what is measured: `Turn the head to the right`")
    target = Text(max_length=rules.LINE_MOST, help_text="the value that is aimed for: `70 degrees`")
    target_date = serializers.DateField(required=False, allow_null=True, default=None)


class TreatmentPlanChanges(StrictSerializer):
    problem = Text(required=False, max_length=rules.TEXT_MOST)
    sessions = StrictInteger(required=False, min_value=rules.SESSIONS[0], max_value=rules.SESSIONS[1])
    weeks = StrictInteger(required=False, min_value=rules.WEEKS[0], max_value=rules.WEEKS[1])
    minutes = StrictInteger(
        required=False, min_value=rules.MINUTES[0], max_value=rules.MINUTES[1], help_text="of each session"
    )
    techniques = serializers.ListField(
        child=Choice(list(TECHNIQUES)), required=False, max_length=len(TECHNIQUES), help_text="codes of /techniques/"
    )
    goals = many(PlanGoalInput, at_most=rules.GOALS_MOST)
    review_on = serializers.DateField(required=False, allow_null=True)


class TreatmentPlanInput(TreatmentPlanChanges):
    problem = Text(max_length=rules.TEXT_MOST)
    sessions = StrictInteger(min_value=rules.SESSIONS[0], max_value=rules.SESSIONS[1])
    weeks = StrictInteger(min_value=rules.WEEKS[0], max_value=rules.WEEKS[1])
    minutes = StrictInteger(min_value=rules.MINUTES[0], max_value=rules.MINUTES[1], help_text="of each session")
    starts_on = serializers.DateField(required=False, allow_null=True, help_text="null: today, by the clinic's clock")


class GoalResultInput(StrictSerializer):
    goal_id = serializers.UUIDField()
    reached = Choice(rules.REACHED)


class PlanEndInput(StrictSerializer):
    goals = many(GoalResultInput, at_most=rules.GOALS_MOST, help_text="one for each goal")
    summary = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=rules.TEXT_MOST,
        help_text="what came of it, for the discharge summary",
    )


class PlanGoalOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    measure = serializers.CharField()
    target = serializers.CharField()
    target_date = serializers.DateField(allow_null=True)
    reached = Choice(["", *rules.REACHED], help_text="empty until the plan ends")


class TreatmentPlanOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    patient_id = serializers.UUIDField()
    problem = serializers.CharField()
    sessions = serializers.IntegerField()
    weeks = serializers.IntegerField()
    minutes = serializers.IntegerField()
    techniques = serializers.ListField(child=Choice(list(TECHNIQUES)))
    goals = PlanGoalOutput(many=True)
    starts_on = serializers.DateField()
    review_on = serializers.DateField(allow_null=True)
    status = Choice(rules.STATUSES)
    author_id = serializers.UUIDField()
    made_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by_id = serializers.UUIDField(allow_null=True)
    summary = serializers.CharField(allow_blank=True)
    revision = serializers.IntegerField()


class PlanProgressOutput(serializers.Serializer[Any]):
    given = serializers.IntegerField(help_text="signed sessions since the plan began")
    expected = serializers.IntegerField(help_text="what an even pace would have given by now")
    is_kept = serializers.BooleanField()


class OneTreatmentPlanOutput(TreatmentPlanOutput):
    progress = PlanProgressOutput()


class TreatmentPlanPage(serializers.Serializer[Any]):
    results = TreatmentPlanOutput(many=True)
    next = serializers.CharField(allow_null=True)
