"""Shapes of adverse events on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictInteger, StrictSerializer, Text
from treatments.adverse_events import rates, rules
from treatments.adverse_events.queries import COUNTED_TECHNIQUES


class EventFactsInput(StrictSerializer):
    codes = serializers.ListField(child=Choice(rules.CODES), max_length=len(rules.CODES))
    severity = Choice(rules.SEVERITIES, help_text="after White: serious is admission, lasting disability or death")
    is_life_threatening = serializers.BooleanField(required=False, default=False, help_text="CTCAE grade 4")
    onset_at = serializers.DateTimeField()
    duration_min = StrictInteger(
        required=False,
        allow_null=True,
        default=None,
        min_value=0,
        max_value=rules.DURATION_MOST_MIN,
        help_text="minutes; null: not known, or it has not ended",
    )
    causality = Choice(rules.CAUSALITIES)
    outcome = Choice(rules.OUTCOMES)
    action = Text(required=False, allow_blank=True, default="", max_length=5000, help_text="what was done about it")
    told = serializers.ListField(child=Choice(rules.TOLD), required=False, default=list, max_length=len(rules.TOLD))
    note = Text(required=False, allow_blank=True, default="", max_length=5000, help_text="required with `other`")


class NewEventInput(EventFactsInput):
    session = serializers.UUIDField(help_text="the treatment that it happened in or after")


class EventVersionInput(EventFactsInput):
    version = StrictInteger(min_value=1, help_text="the version that was read")
    reason = Text(
        required=False, allow_blank=True, default="", max_length=2000, help_text="required to correct; not to confirm"
    )


class EventDismissalInput(StrictSerializer):
    version = StrictInteger(min_value=1, help_text="the version that was read")
    reason = Text(max_length=2000)


class AdverseEventOutput(serializers.Serializer[Any]):
    event_id = serializers.UUIDField()
    version = serializers.IntegerField()
    patient_id = serializers.UUIDField()
    session_id = serializers.UUIDField()
    status = Choice(rules.STATUSES, help_text="only `confirmed` ones count in rates")
    source = Choice(rules.SOURCES)  # type: ignore[assignment] # DRF has an attribute of that name
    check_in_id = serializers.UUIDField(allow_null=True)
    answers = serializers.ListField(child=serializers.CharField(), help_text="what the patient chose at home")
    codes = serializers.ListField(child=Choice(rules.CODES))
    severity = Choice(rules.SEVERITIES, allow_null=True)
    ctcae_grade = serializers.IntegerField(allow_null=True, help_text="1 to 5, computed; not reviewed by a clinician")
    is_life_threatening = serializers.BooleanField()
    onset_at = serializers.DateTimeField(allow_null=True)
    duration_min = serializers.IntegerField(allow_null=True)
    causality = Choice(rules.CAUSALITIES, allow_null=True)
    outcome = Choice(rules.OUTCOMES, allow_null=True)
    action = serializers.CharField()
    told = serializers.ListField(child=Choice(rules.TOLD))
    note = serializers.CharField()
    reason = serializers.CharField()
    recorded_at = serializers.DateTimeField()
    recorded_by_id = serializers.UUIDField(allow_null=True, help_text="null: the patient, at home")


class AdverseEventPage(serializers.Serializer[Any]):
    results = AdverseEventOutput(many=True)
    next = serializers.CharField(allow_null=True)


class AdverseEventWithVersionsOutput(AdverseEventOutput):
    versions = AdverseEventOutput(many=True, help_text="all of them, the newest first")


class RatesQuery(StrictSerializer):
    since = serializers.DateField(required=False, allow_null=True, default=None, help_text="first day; 1 year ago")
    until = serializers.DateField(required=False, allow_null=True, default=None, help_text="last day; today")


class SeverityRateOutput(serializers.Serializer[Any]):
    severity = Choice(rules.SEVERITIES)
    events = serializers.IntegerField()
    rate_pct = serializers.FloatField(allow_null=True)
    upper_95_pct = serializers.FloatField(allow_null=True, help_text="for no event: 3 / asked, in percent")


class CodeCountOutput(serializers.Serializer[Any]):
    code = Choice(rules.CODES)
    events = serializers.IntegerField()


class PublishedRateOutput(serializers.Serializer[Any]):
    study = serializers.CharField()
    grade = serializers.CharField(help_text="the study's own word, not our severity")
    events = serializers.IntegerField()
    n = serializers.IntegerField()
    of = Choice([rates.OF_TREATMENTS])
    rate_pct = serializers.FloatField(allow_null=True)
    upper_95_pct = serializers.FloatField(allow_null=True)
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name


class TechniqueRateOutput(serializers.Serializer[Any]):
    technique = Choice(COUNTED_TECHNIQUES)
    sessions = serializers.IntegerField(help_text="signed ones that still stand")
    asked = serializers.IntegerField(allow_null=True, help_text="of these, asked about afterwards: the denominator")
    not_asked_pct = serializers.FloatField(allow_null=True)
    is_suppressed = serializers.BooleanField(help_text=f"fewer than {rates.SMALLEST_GROUP} were asked about")
    events = serializers.IntegerField(allow_null=True)
    sessions_with_events = serializers.IntegerField(allow_null=True)
    rate_pct = serializers.FloatField(allow_null=True, help_text="events per 100 sessions that were asked about")
    upper_95_pct = serializers.FloatField(allow_null=True, help_text="for no event: 3 / asked, in percent")
    events_not_asked = serializers.IntegerField(allow_null=True, help_text="in no rate: nobody asked about the session")
    severities = SeverityRateOutput(many=True)
    codes = CodeCountOutput(many=True)
    published = PublishedRateOutput(many=True)


class RatesOutput(serializers.Serializer[Any]):
    since = serializers.DateField()
    until = serializers.DateField()
    techniques = TechniqueRateOutput(many=True)
