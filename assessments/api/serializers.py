"""Shapes of assessments on the wire. What the values may be together is in `assessments.checks`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, Number, StrictInteger, StrictSerializer, Text, many
from assessments import red_flag_table as table
from assessments import rules
from assessments.chart_versions import CURRENT, FIRST
from assessments.documents import COMPUTED_OF_FINDING
from assessments.drawing_extent import WHOLE_VIEWS
from assessments.point_states import STATES
from catalogue.api.serializers import CodeOutput
from patients.rules import BODY_REGIONS
from records.api.serializers import DocumentOutput

VIEWS = ["front", "back", "head", "head_left", "head_right", "neck", "neck_front"]


def pain(**options: Any) -> StrictInteger:
    low, high = rules.PAIN
    return StrictInteger(min_value=low, max_value=high, required=False, allow_null=True, **options)


def sign() -> Choice:
    return Choice(rules.SIGN_VALUES, required=False, default="not_tested")


NOT_IN_DOCUMENTATION_ONLY = "left out where the clinic is in documentation-only mode, as are class and rule set"


class RedFlagInput(StrictSerializer):
    code = Choice(list(rules.RED_FLAGS))
    answer = Choice(rules.RED_FLAG_ANSWERS)
    note = Text(
        required=False, allow_blank=True, default="", max_length=2000, help_text="required with the answer `declined`"
    )
    source = Choice(  # type: ignore[assignment] # DRF has an attribute of that name
        table.ANSWER_SOURCES,
        required=False,
        default="asked_each",
        help_text="`no_to_all_others`: one answer for all questions that were left, after the list was gone through",
    )
    regions = serializers.ListField(
        child=Choice(BODY_REGIONS),
        required=False,
        default=list,
        max_length=len(BODY_REGIONS),
        help_text="with a yes: the injured region, or the limb; left out, the whole body counts",
    )
    side = Choice(
        table.ANSWER_SIDES, required=False, allow_null=True, default=None, help_text="left out, both sides count"
    )


class ZoneInput(StrictSerializer):
    zone = Text(max_length=100, help_text="see /body-zones/")
    side = Choice(rules.ZONE_SIDES)


class PainMarkInput(ZoneInput):
    intensity = pain(default=None)


class MovementInput(StrictSerializer):
    movement = Text(max_length=100, help_text="see /movements/")
    side = Choice(rules.SIDES, required=False, allow_null=True, default=None)
    degrees = Number(max_digits=4, decimal_places=1, min_value=0, required=False, allow_null=True, default=None)
    painful = serializers.BooleanField(required=False, allow_null=True, default=None)
    device = Choice(rules.ROM_DEVICES, required=False, allow_null=True, default=None)


class PointInput(StrictSerializer):
    """Where on the body chart: fractions of the view's width and height."""

    view = Choice(VIEWS)
    x = serializers.FloatField(min_value=0, max_value=1)
    y = serializers.FloatField(min_value=0, max_value=1)
    chart = StrictInteger(
        min_value=1, max_value=CURRENT, required=False, default=FIRST, help_text="version of the chart that was touched"
    )


class FindingInput(StrictSerializer):
    computed = frozenset(COMPUTED_OF_FINDING)

    muscle = Text(max_length=100, help_text="see /muscles/")
    side = Choice(rules.SIDES)
    place = Text(required=False, allow_blank=True, default="", max_length=200)
    trigger_point = serializers.UUIDField(
        required=False,
        allow_null=True,
        default=None,
        help_text="a known point of this muscle and side; null: the point within 0.04 of this place, or of this name",
    )
    new_point = serializers.BooleanField(
        required=False, default=False, help_text="another point than the known ones, however near"
    )
    point = PointInput(required=False, allow_null=True, default=None)
    taut_band = sign()
    hypersensitive_spot = sign()
    referred_pain = sign()
    palpable_nodule = sign()
    spot_in_band = Choice(rules.YES_NO_UNKNOWN, required=False, default="unknown")
    local_twitch = sign()
    twitch_method = Choice(rules.TWITCH_METHODS, required=False, allow_null=True, default=None)
    jump_sign = sign()
    restricted_rom = sign()
    pain_on_contraction = sign()
    weakness = sign()
    autonomic = sign()
    stress_aggravation = sign()
    referred_to = many(ZoneInput, at_most=60, default=list)
    referred_quality = serializers.ListField(
        child=Choice(rules.REFERRED_QUALITIES), required=False, default=list, max_length=9
    )
    recognised = Choice(rules.RECOGNISED_VALUES, required=False, default="not_asked")
    pain_on_pressure = pain(default=None)
    ppt_kpa = serializers.ListField(
        child=Number(max_digits=6, decimal_places=1),
        required=False,
        default=list,
        max_length=rules.MAX_PPT_TRIALS,
        help_text="up to three trials",
    )
    probe_area_cm2 = Number(max_digits=4, decimal_places=2, min_value=0, required=False, allow_null=True, default=None)
    limit_reasons = serializers.DictField(
        child=Text(max_length=1000),
        required=False,
        default=dict,
        help_text="field to why it is outside the usual range",
    )
    notes = Text(required=False, allow_blank=True, default="", max_length=10_000)


class AssessmentChanges(StrictSerializer):
    """Fields that are left out stay; a list that is given replaces the whole list."""

    performed_at = serializers.DateTimeField(required=False)
    pain_now = pain()
    pain_worst_24h = pain()
    pain_best_24h = pain()
    current_symptom = Choice(rules.CURRENT_SYMPTOM_VALUES, required=False)
    rule_set = Choice(list(rules.RULE_SETS), required=False)
    red_flags = many(RedFlagInput, at_most=len(rules.RED_FLAGS))
    pain_drawing = many(PainMarkInput, at_most=333)
    range_of_motion = many(MovementInput, at_most=200)
    findings = many(FindingInput, at_most=200)
    notes = Text(required=False, allow_blank=True, max_length=50_000)


class NewAssessmentInput(AssessmentChanges):
    performed_at = serializers.DateTimeField()


class GateOutput(serializers.Serializer[Any]):
    action = Choice(rules.ACTIONS)
    blocking = serializers.ListField(child=serializers.CharField())


class ZoneOutput(serializers.Serializer[Any]):
    zone = serializers.CharField()
    side = Choice(rules.ZONE_SIDES)


class PainMarkOutput(ZoneOutput):
    intensity = serializers.IntegerField(allow_null=True)


class SuggestionOutput(serializers.Serializer[Any]):
    muscle = serializers.CharField()
    side = Choice(rules.SIDES)
    score = serializers.FloatField(help_text="only the order means anything; the weights are a product proposal")
    covers = ZoneOutput(many=True, help_text="drawn zones in the muscle's pattern, its usual zones first")
    usually_also = ZoneOutput(many=True, help_text="usual zones that were not drawn")
    pattern_checked = serializers.BooleanField(help_text="the pattern was compared with a published source")
    often_together = serializers.ListField(child=serializers.CharField(), help_text="muscles often active with it")


class ExtentOutput(serializers.Serializer[Any]):
    view = serializers.CharField(help_text=f"one of {WHOLE_VIEWS}")
    percent = serializers.FloatField(help_text="how much of the body in this view is drawn")


class DrawingChangeOutput(serializers.Serializer[Any]):
    assessment = serializers.UUIDField(help_text="the exam of the drawing before")
    performed_at = serializers.DateTimeField()
    gained = ZoneOutput(many=True)
    lost = ZoneOutput(many=True)
    same = ZoneOutput(many=True)


class DrawingOutput(serializers.Serializer[Any]):
    extent_version = serializers.IntegerField(help_text="of how `extent` follows from the drawn zones")
    extent = ExtentOutput(many=True)
    intensity_sum = serializers.IntegerField(allow_null=True, help_text="of the zones that have a number")
    since_last = DrawingChangeOutput(
        allow_null=True, help_text="compared with the last signed drawing before; null if no earlier one is signed"
    )
    weights_version = serializers.IntegerField()
    drawn = ZoneOutput(many=True)
    suggestions = SuggestionOutput(many=True, help_text="all muscles that cover a drawn zone, the likeliest first")
    explained = ZoneOutput(many=True, help_text="drawn zones that a finding's spot or referral reaches")
    unexplained = ZoneOutput(many=True)
    still_to_test = SuggestionOutput(many=True, help_text="for the unexplained zones; muscles without a finding")


class MovementOutput(serializers.Serializer[Any]):
    movement = serializers.CharField()
    side = Choice(rules.SIDES, allow_null=True)
    degrees = serializers.FloatField(allow_null=True)
    painful = serializers.BooleanField(allow_null=True)
    device = Choice(rules.ROM_DEVICES, allow_null=True)


class PointOutput(serializers.Serializer[Any]):
    view = Choice(VIEWS)
    x = serializers.FloatField()
    y = serializers.FloatField()
    chart = serializers.IntegerField(help_text="version of the chart; points are kept as they were touched")


class RedFlagOutput(serializers.Serializer[Any]):
    code = Choice(list(rules.RED_FLAGS))
    answer = Choice(rules.RED_FLAG_ANSWERS)
    note = serializers.CharField()
    source = Choice(  # type: ignore[assignment] # DRF has an attribute of that name
        table.ANSWER_SOURCES, allow_null=True, help_text="none: not recorded"
    )
    regions = serializers.ListField(child=Choice(BODY_REGIONS))
    side = Choice(table.ANSWER_SIDES, allow_null=True)


class FindingOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    trigger_point = serializers.UUIDField()
    muscle = serializers.CharField()
    side = Choice(rules.SIDES)
    place = serializers.CharField()
    point = PointOutput(allow_null=True)
    taut_band = Choice(rules.SIGN_VALUES)
    hypersensitive_spot = Choice(rules.SIGN_VALUES)
    referred_pain = Choice(rules.SIGN_VALUES)
    palpable_nodule = Choice(rules.SIGN_VALUES)
    spot_in_band = Choice(rules.YES_NO_UNKNOWN)
    local_twitch = Choice(rules.SIGN_VALUES)
    twitch_method = Choice(rules.TWITCH_METHODS, allow_null=True)
    jump_sign = Choice(rules.SIGN_VALUES)
    restricted_rom = Choice(rules.SIGN_VALUES)
    pain_on_contraction = Choice(rules.SIGN_VALUES)
    weakness = Choice(rules.SIGN_VALUES)
    autonomic = Choice(rules.SIGN_VALUES)
    stress_aggravation = Choice(rules.SIGN_VALUES)
    referred_to = ZoneOutput(many=True)
    referred_quality = serializers.ListField(child=Choice(rules.REFERRED_QUALITIES))
    recognised = Choice(rules.RECOGNISED_VALUES)
    pain_on_pressure = serializers.IntegerField(allow_null=True)
    ppt_kpa = serializers.ListField(child=serializers.FloatField())
    ppt_mean_kpa = serializers.FloatField(allow_null=True)
    probe_area_cm2 = serializers.FloatField(allow_null=True)
    limit_reasons = serializers.DictField(child=serializers.CharField())
    notes = serializers.CharField()
    criteria = Choice(rules.CRITERIA_VALUES, required=False, help_text=NOT_IN_DOCUMENTATION_ONLY)
    rule_set = Choice(list(rules.RULE_SETS), required=False)
    rule_set_version = serializers.IntegerField(required=False)
    missing_tests = serializers.ListField(child=serializers.CharField(), required=False)

    def get_fields(self) -> dict[str, Any]:
        """`class` is a word of Python, so it cannot be declared above."""
        return {**super().get_fields(), "class": Choice(rules.CLASSES, required=False)}


class AssessmentOutput(DocumentOutput):
    pain_now = serializers.IntegerField(allow_null=True)
    pain_worst_24h = serializers.IntegerField(allow_null=True)
    pain_best_24h = serializers.IntegerField(allow_null=True)
    current_symptom = Choice(rules.CURRENT_SYMPTOM_VALUES)
    rule_set = Choice(list(rules.RULE_SETS))
    red_flags = RedFlagOutput(many=True)
    red_flag_gate = GateOutput()
    pain_drawing = PainMarkOutput(many=True)
    range_of_motion = MovementOutput(many=True)
    findings = FindingOutput(many=True)


class AssessmentPage(serializers.Serializer[Any]):
    results = AssessmentOutput(many=True)
    next = serializers.URLField(allow_null=True)


class SightingOutput(serializers.Serializer[Any]):
    """One exam of a point: its class by the course's rule set, beside what was said at the time."""

    assessment = serializers.UUIDField(source="sighting.assessment_id")
    at = serializers.DateTimeField(source="sighting.at")
    class_then = Choice(rules.CLASSES, source="sighting.class_then")
    rule_set_then = serializers.CharField(source="sighting.rule_set_then")
    rule_set_version_then = serializers.IntegerField(source="sighting.rule_set_version_then")
    rule_set_changed = serializers.BooleanField(help_text="another rule set judged it then than at the exam before")

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "class": Choice(rules.CLASSES, source="class_now")}


class PointCourseOutput(serializers.Serializer[Any]):
    """All exams of a point, judged by the clinic's rule set of today."""

    state = Choice(STATES, help_text="resolved: not met at two exams at least 7 days apart; recurred: met again after")
    rule_set = serializers.CharField()
    rule_set_version = serializers.IntegerField()
    series = SightingOutput(many=True)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "class": Choice(rules.CLASSES, source="class_now")}


class TriggerPointOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField(help_text="the patient's own, for life; the same on screens and on paper")
    merged_numbers = serializers.ListField(
        child=serializers.IntegerField(), help_text="of points that are counted as this one"
    )
    muscle = serializers.CharField()
    side = Choice(rules.SIDES)
    place = serializers.CharField()
    last_seen_at = serializers.DateTimeField()
    provisional = serializers.BooleanField(help_text="seen in drafts only")
    sightings = serializers.IntegerField()
    criteria = Choice(rules.CRITERIA_VALUES, required=False, help_text=NOT_IN_DOCUMENTATION_ONLY)
    first_seen_at = serializers.DateTimeField()
    course = PointCourseOutput(required=False, help_text=NOT_IN_DOCUMENTATION_ONLY)

    def get_fields(self) -> dict[str, Any]:
        return {**super().get_fields(), "class": Choice(rules.CLASSES, required=False)}


class PointMergeInput(StrictSerializer):
    into = serializers.UUIDField(help_text="the point that stays, of the same person, muscle and side")
    reason = Text(max_length=1000)


class PointSplitInput(StrictSerializer):
    reason = Text(max_length=1000)


class NumberedPointOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    merged_numbers = serializers.ListField(child=serializers.IntegerField())


class TriggerPointPage(serializers.Serializer[Any]):
    results = TriggerPointOutput(many=True)
    next = serializers.URLField(allow_null=True)


class RuleSetOutput(CodeOutput):
    version = serializers.IntegerField()
    inputs = serializers.ListField(child=serializers.CharField())
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name


class RuleSetPage(serializers.Serializer[Any]):
    results = RuleSetOutput(many=True)
    next = serializers.URLField(allow_null=True)


class RedFlagCodeOutput(CodeOutput):
    group = serializers.CharField()
    question = serializers.CharField(help_text="what the patient is asked; a yes is the finding")
    suspects = serializers.CharField()
    action = Choice(rules.ACTIONS)
    to_do = serializers.CharField()
    newer = serializers.CharField(help_text="what a newer source asks for, where it differs; the clinic decides")
    blocks = serializers.BooleanField(help_text="a yes stops some treatment somewhere")
    is_emergency = serializers.BooleanField()
    must_be_answered = serializers.ListField(child=serializers.CharField())
    before = serializers.ListField(
        child=Choice(BODY_REGIONS), help_text="regions before whose treatment it must be answered"
    )
    names = Choice(
        ["", "injury", "limb", "leg"], help_text="what the answer names: regions and side, or for `leg` a side"
    )
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name


class RedFlagCodePage(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="of the table")
    reviewed_by_clinician = serializers.BooleanField()
    results = RedFlagCodeOutput(many=True)
    next = serializers.URLField(allow_null=True)
