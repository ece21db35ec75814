"""Shapes of outcome measures on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, Number, StrictInteger, StrictSerializer, Text, many
from assessments import measures
from assessments.outcomes import rules
from assessments.rules import MAX_PPT_TRIALS, ROM_DEVICES


def figure(**options: Any) -> Number:
    return Number(max_digits=8, decimal_places=2, required=False, allow_null=True, default=None, **options)


class ActivityInput(StrictSerializer):
    text = Text(max_length=rules.TEXT_MOST, help_text="in the patient's words")
    value = Number(max_digits=4, decimal_places=1)


class OutcomeInput(StrictSerializer):
    measure = Choice(rules.MEASURES)
    performed_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="null: now")
    value = figure(help_text="for measures with one number")
    items = serializers.ListField(
        child=StrictInteger(allow_null=True, min_value=0, max_value=10),
        required=False,
        default=list,
        max_length=20,
        help_text="one a question, in order; null: not answered",
    )
    total = figure(help_text="of the items, as on the sheet: it is compared, never taken")
    activities = many(ActivityInput, at_most=5)
    trials = serializers.ListField(
        child=Number(max_digits=8, decimal_places=2), required=False, default=list, max_length=MAX_PPT_TRIALS
    )
    unit = Choice(rules.PRESSURE_UNITS, required=False, default="kPa", help_text="of the trials")
    probe_area_cm2 = figure(help_text="required for a pressure pain threshold")
    rate_kpa_s = figure()
    muscle = Text(required=False, allow_blank=True, default="", max_length=100)
    side = Choice(["", *rules.SIDES], required=False, default="")
    device = Choice(["", *ROM_DEVICES], required=False, default="")
    group = Choice(["", "low", "medium", "high"], required=False, default="")
    reason = Text(required=False, allow_blank=True, default="", max_length=rules.REASON_MOST)


class WithdrawOutcomeInput(StrictSerializer):
    reason = Text(max_length=rules.REASON_MOST)


class ThresholdOutput(serializers.Serializer[Any]):
    kind = Choice(measures.KINDS)
    population = Choice(measures.POPULATIONS)
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    amount = serializers.FloatField(allow_null=True)
    upper = serializers.FloatField(allow_null=True, help_text="the upper end, where the source gives a range")
    percent = serializers.FloatField(allow_null=True, help_text="of the value before")
    is_verified = serializers.BooleanField(help_text="false: nobody has read it in the source; nothing is judged by it")


class OutcomeChangeOutput(serializers.Serializer[Any]):
    difference = serializers.FloatField()
    direction = Choice([measures.BETTER, measures.WORSE, measures.SAME])
    beyond = ThresholdOutput(many=True)
    within = ThresholdOutput(many=True)
    between = ThresholdOutput(many=True, help_text="reaches the lower end of a range only")
    unverified = ThresholdOutput(many=True, help_text="named, never judged by")


class OutcomeWithdrawalOutput(serializers.Serializer[Any]):
    reason = serializers.CharField()
    withdrawn_at = serializers.DateTimeField()


class OutcomeOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    patient_id = serializers.UUIDField()
    measure = Choice(rules.MEASURES)
    muscle = serializers.CharField(allow_null=True)
    side = Choice(rules.SIDES, allow_null=True)
    answers = serializers.DictField(help_text="as entered; numbers as they were written")
    score = serializers.FloatField(allow_null=True, help_text="in the measure's unit; null: too few answers")
    percent = serializers.FloatField(allow_null=True, help_text="of the possible, for measures of items")
    band = serializers.CharField(allow_null=True, help_text="null: none, or documentation-only mode")
    change = OutcomeChangeOutput(
        allow_null=True, help_text="since the first of its series; null: nothing to compare, or documentation-only mode"
    )
    performed_at = serializers.DateTimeField()
    recorded_at = serializers.DateTimeField()
    recorded_by_id = serializers.UUIDField()
    withdrawal = OutcomeWithdrawalOutput(allow_null=True)


class OutcomePage(serializers.Serializer[Any]):
    results = OutcomeOutput(many=True)
    next = serializers.URLField(allow_null=True)


class BandOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    begins_at = serializers.FloatField()


class OutcomeMeasureOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    entered_as = Choice(list(rules.FIELDS_OF))
    low = serializers.FloatField()
    high = serializers.FloatField()
    unit = serializers.CharField()
    better = Choice(["lower", "higher"])
    items = serializers.ListField(child=serializers.CharField())
    bands = BandOutput(many=True)
    thresholds = ThresholdOutput(many=True)
    licence = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name


class OutcomeMeasurePage(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="of the measures")
    results = OutcomeMeasureOutput(many=True)
    next = serializers.URLField(allow_null=True)


class OutcomeSettingsShape(StrictSerializer):
    weeks = serializers.ListField(
        child=StrictInteger(min_value=0, max_value=rules.WEEKS[1]),
        required=False,
        max_length=rules.TIME_POINTS_MOST,
        help_text="of a treatment plan; 0 is its begin. Empty: nothing becomes due",
    )
    measures = serializers.ListField(child=Choice(rules.MEASURES), required=False, max_length=len(rules.MEASURES))
