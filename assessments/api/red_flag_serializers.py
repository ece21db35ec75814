"""Shapes of a patient's red flags on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictSerializer, Text
from assessments import c_spine, red_flags
from assessments import red_flag_table as table
from patients.rules import BODY_REGIONS


class StopOutput(serializers.Serializer[Any]):
    level = Choice(table.LEVELS)
    technique_classes = serializers.ListField(child=Choice(table.TECHNIQUE_CLASSES))
    regions = serializers.ListField(child=Choice(BODY_REGIONS))
    upper_neck_only = serializers.BooleanField(help_text="of the neck, only the upper part")
    one_side_only = serializers.BooleanField(help_text="of limbs, only the side of the answer")


class OpenFlagOutput(serializers.Serializer[Any]):
    code = Choice(list(table.RED_FLAGS))
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    question = serializers.CharField()
    suspects = serializers.CharField()
    to_do = serializers.CharField()
    newer = serializers.CharField(help_text="what a newer source asks for, where it differs; the clinic decides")
    action = Choice(table.ACTIONS)
    is_emergency = serializers.BooleanField(help_text="clearing it needs by whom the patient was seen, and when")
    is_overridable = serializers.BooleanField()
    answered_at = serializers.DateTimeField(help_text="of the newest yes")
    assessment_id = serializers.UUIDField(
        allow_null=True, help_text="of the newest yes; null: the patient answered at home"
    )
    in_draft = serializers.BooleanField(help_text="only a draft, or the patient at home, says so yet")
    is_from_home = serializers.BooleanField(help_text="the newest yes came from the patient at home")
    regions = serializers.ListField(
        child=Choice(BODY_REGIONS), help_text="which the answers name; none: the whole body"
    )
    side = Choice(table.ANSWER_SIDES, allow_null=True, help_text="none: both")
    stops = StopOutput(many=True, help_text="the strictest that applies counts; elsewhere the flag is shown")


class ClearanceOutput(serializers.Serializer[Any]):
    code = Choice(list(table.RED_FLAGS))
    kind = Choice(red_flags.CLEARANCE_KINDS)
    reason = serializers.CharField()
    cleared_at = serializers.DateTimeField()
    cleared_by = serializers.CharField(help_text="the name of the person")
    seen_by = serializers.CharField()
    seen_at = serializers.DateTimeField(allow_null=True)


class FlagStateOutput(serializers.Serializer[Any]):
    """A patient's red flags now, from all exams that stand and all clearances."""

    table_version = serializers.IntegerField()
    reviewed_by_clinician = serializers.BooleanField()
    screened_at = serializers.DateTimeField(allow_null=True, help_text="when the newest signed exam asked any of them")
    open = OpenFlagOutput(many=True)
    unanswered = serializers.ListField(
        child=Choice(list(table.RED_FLAGS)),
        help_text="to be asked before these regions are treated: never answered, or too long ago",
    )
    cleared = ClearanceOutput(many=True, help_text="the clearances that keep a flag closed")


class FlagStateQuery(serializers.Serializer[Any]):
    regions = serializers.ListField(child=Choice(BODY_REGIONS), required=False, default=list)


def c_spine_answer() -> Choice:
    return Choice(c_spine.VALUES, required=False, default="unknown")


class CSpineInput(StrictSerializer):
    """Canadian C-spine rule. What is left out is unknown, and nothing unknown clears. Age comes from the record."""

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), **{name: c_spine_answer() for name in c_spine.INPUTS}}


class ClearanceInput(StrictSerializer):
    code = Choice(list(table.RED_FLAGS))
    kind = Choice(red_flags.CLEARANCE_KINDS)
    reason = Text(max_length=2000, help_text=f"at least {red_flags.MIN_REASON_CHARACTERS} characters")
    seen_by = Text(required=False, allow_blank=True, default="", max_length=500)
    seen_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    cleared_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="left out: now")
    c_spine = CSpineInput(required=False, allow_null=True, default=None)


class CSpineOutput(serializers.Serializer[Any]):
    version = serializers.IntegerField()
    inputs = serializers.DictField(child=Choice(c_spine.VALUES))
    outcome = Choice(list(c_spine.OUTCOMES))


class NewClearanceOutput(ClearanceOutput):
    id = serializers.UUIDField()
    c_spine = CSpineOutput(allow_null=True)
