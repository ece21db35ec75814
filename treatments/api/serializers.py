"""Shapes of sessions on the wire. What the values may be together is in `treatments.checks`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, Number, StrictInteger, StrictSerializer, Text, many
from assessments import rules as exam
from records.api.serializers import AddendumInput, DocumentOutput, ReasonInput, SignedOutput
from treatments import limit_sources, rules, safety_entries
from treatments.adverse_events import rules as event_rules


def dose_field(name: str) -> serializers.Field[Any, Any, Any, Any]:
    """The form of one dose field; its limits depend on the technique and are checked with it."""
    field = rules.FIELDS[name]
    users = ", ".join(rules.techniques_with(name))
    options: dict[str, Any] = {
        "required": False,
        "allow_null": True,
        "help_text": f"{field.label}{f' ({field.unit})' if field.unit else ''}. Of: {users}.",
    }
    if field.kind == rules.WHOLE:
        return StrictInteger(min_value=0, max_value=rules.UNLIMITED[1], **options)
    if field.kind == rules.NUMBER:
        return Number(
            max_digits=5 + field.decimals,
            decimal_places=field.decimals,
            min_value=0,
            max_value=rules.UNLIMITED[1],
            **options,
        )
    if name == "agent":
        options["help_text"] += f" One of {', '.join(field.codes)}, or as it is written: it becomes a code."
        return Text(allow_blank=True, max_length=500, **options)
    if field.kind == rules.CODE:
        return Choice(list(field.codes), **options)
    if field.kind == rules.YES_NO:
        return serializers.BooleanField(**options)
    if field.kind == rules.DATE:
        return serializers.DateField(**options)
    return Text(allow_blank=True, max_length=500, **options)


class Dose(StrictSerializer):
    """Only fields of the intervention's own technique; see /techniques/ for which, and their limits."""

    def get_fields(self) -> dict[str, Any]:
        return {name: dose_field(name) for name in rules.FIELDS}


class InterventionInput(StrictSerializer):
    computed = frozenset({"id", "total_mg"})

    technique = Choice(list(rules.TECHNIQUES))
    trigger_point = serializers.UUIDField(required=False, allow_null=True, default=None)
    muscle = Text(required=False, allow_null=True, default=None, max_length=100, help_text="see /muscles/")
    side = Choice(exam.SIDES, required=False, allow_null=True, default=None)
    dose = Dose(required=False, default=dict)
    limit_reasons = serializers.DictField(
        child=Text(max_length=1000),
        required=False,
        default=dict,
        help_text="field to why it is outside the usual range",
    )
    response = Text(required=False, allow_blank=True, default="", max_length=5000)


class MeasureInput(StrictSerializer):
    computed = frozenset({"id"})

    kind = Choice(rules.MEASURE_KINDS)
    phase = Choice(rules.PHASES)
    timing = Choice(rules.TIMINGS, required=False, allow_null=True, default=None)
    value = Number(max_digits=6, decimal_places=1)
    measured_at = serializers.DateTimeField(required=False, allow_null=True, default=None)
    trigger_point = serializers.UUIDField(required=False, allow_null=True, default=None)
    movement = Text(required=False, allow_null=True, default=None, max_length=100)
    side = Choice(exam.SIDES, required=False, allow_null=True, default=None)


class OverrideInput(StrictSerializer):
    computed = frozenset({"by", "at"})

    code = Text(max_length=100, help_text="the red flag, or the code of a stop of the safety list")
    reason = Text(max_length=2000, allow_blank=True, help_text="at least ten characters, before the signature")
    seen_by = Text(required=False, allow_blank=True, default="", max_length=200, help_text="in an emergency")
    seen_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="in an emergency")


class AcknowledgementInput(StrictSerializer):
    computed = frozenset({"by", "at"})

    code = Text(max_length=100, help_text="the red flag, or the code of an entry of the safety list")


class AdverseEventAskedInput(StrictSerializer):
    about = serializers.UUIDField(help_text="the earlier session, signed")
    answer = Choice(event_rules.ANSWERS, help_text="left out if nobody asked")


class SessionChanges(StrictSerializer):
    """Fields that are left out stay; a list that is given replaces the whole list."""

    performed_at = serializers.DateTimeField(required=False)
    interventions = many(InterventionInput, at_most=200)
    measures = many(MeasureInput, at_most=500)
    overrides = many(OverrideInput, at_most=200)
    acknowledged = many(AcknowledgementInput, at_most=200)
    weight_kg = Number(max_digits=4, decimal_places=1, required=False, allow_null=True, help_text="on that day")
    adverse_events_asked = many(AdverseEventAskedInput, at_most=20)
    limit_reasons = serializers.DictField(child=Text(max_length=1000), required=False)
    response = Text(required=False, allow_blank=True, max_length=5000)
    notes = Text(required=False, allow_blank=True, max_length=50_000)


class NewSessionInput(SessionChanges):
    performed_at = serializers.DateTimeField()


class InterventionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    technique = Choice(list(rules.TECHNIQUES))
    trigger_point = serializers.UUIDField(allow_null=True)
    muscle = serializers.CharField(allow_null=True)
    side = Choice(exam.SIDES, allow_null=True)
    dose = Dose()
    total_mg = serializers.FloatField(allow_null=True, help_text="of an injection: mL × percent × 10")
    limit_reasons = serializers.DictField(child=serializers.CharField())
    response = serializers.CharField()


class MeasureOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = Choice(rules.MEASURE_KINDS)
    phase = Choice(rules.PHASES)
    timing = Choice(rules.TIMINGS, allow_null=True)
    value = serializers.FloatField()
    measured_at = serializers.DateTimeField()
    trigger_point = serializers.UUIDField(allow_null=True)
    movement = serializers.CharField(allow_null=True)
    side = Choice(exam.SIDES, allow_null=True)


class AcknowledgementOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    by = serializers.UUIDField(allow_null=True)
    at = serializers.DateTimeField(allow_null=True)


class OverrideOutput(AcknowledgementOutput):
    reason = serializers.CharField()
    seen_by = serializers.CharField()
    seen_at = serializers.DateTimeField(allow_null=True)


class SafetyFindingOutput(serializers.Serializer[Any]):
    """One thing that stands in the way of a treatment, or that should be known."""

    level = Choice(safety_entries.LEVELS)
    code = serializers.CharField()
    key = serializers.CharField(help_text="what an override or an acknowledgement names")
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    reason = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    pointer = serializers.CharField()
    overridable = serializers.BooleanField()
    emergency = serializers.BooleanField(help_text="an override needs seen_by and seen_at")
    params = serializers.DictField()


class SafetyOutput(serializers.Serializer[Any]):
    list_version = serializers.CharField()
    reviewed = serializers.BooleanField(help_text="whether a clinician has reviewed the list")
    screen_at = serializers.DateTimeField(allow_null=True)
    findings = SafetyFindingOutput(many=True)


class AdverseEventAskedOutput(serializers.Serializer[Any]):
    about = serializers.UUIDField(help_text="the earlier session")
    answer = Choice(event_rules.ANSWERS)


class SessionOutput(DocumentOutput):
    interventions = InterventionOutput(many=True)
    measures = MeasureOutput(many=True)
    overrides = OverrideOutput(many=True)
    acknowledged = AcknowledgementOutput(many=True)
    weight_kg = serializers.FloatField(allow_null=True)
    safety = serializers.DictField(allow_null=True, help_text="what was known when it was signed")
    adverse_events_asked = AdverseEventAskedOutput(many=True)
    limit_reasons = serializers.DictField(child=serializers.CharField())
    response = serializers.CharField()


class SessionPage(serializers.Serializer[Any]):
    results = SessionOutput(many=True)
    next = serializers.URLField(allow_null=True)


class SessionAddendumInput(AddendumInput):
    pass


class SessionReasonInput(ReasonInput):
    pass


class SessionSignedOutput(SignedOutput):
    """The record that a signature made."""


class LimitOutput(serializers.Serializer[Any]):
    limit = Choice([limit_sources.HARD, limit_sources.SOFT, limit_sources.TYPICAL])
    low = serializers.FloatField()
    high = serializers.FloatField()
    status = Choice(limit_sources.STATUSES, help_text="how well it is known")
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name


class DoseFieldOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    kind = serializers.CharField()
    unit = serializers.CharField()
    codes = serializers.ListField(child=serializers.CharField())
    hard = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text="refused outside")
    soft = serializers.ListField(child=serializers.FloatField(), allow_null=True, help_text="a reason is asked outside")
    typical = serializers.ListField(child=serializers.FloatField(), allow_null=True)
    limits = LimitOutput(many=True, help_text="the same limits, each with where it comes from")


class TechniqueOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    breaks_skin = serializers.BooleanField()
    dose = DoseFieldOutput(many=True)


class TechniquePage(serializers.Serializer[Any]):
    results = TechniqueOutput(many=True)
    next = serializers.URLField(allow_null=True)
