"""Shapes of scheduling on the wire. What the values may be together is in `holding`, `steps` and `series`."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictInteger, StrictSerializer, Text, many
from scheduling import rules


def optional_id(**options: Any) -> serializers.UUIDField:
    return serializers.UUIDField(required=False, allow_null=True, default=None, **options)


def weekdays() -> serializers.ListField:
    return serializers.ListField(
        child=StrictInteger(min_value=0, max_value=6),
        max_length=7,
        required=False,
        default=list,
        help_text="0 is Monday; empty: any",
    )


def wall_time(**options: Any) -> serializers.TimeField:
    return serializers.TimeField(required=False, allow_null=True, default=None, **options)


def day(**options: Any) -> serializers.DateField:
    return serializers.DateField(required=False, allow_null=True, default=None, **options)


class TimeInput(StrictSerializer):
    starts_at = serializers.DateTimeField()
    therapist_id = serializers.UUIDField()
    room_id = optional_id(help_text="null: online")


def revision_field() -> StrictInteger:
    return StrictInteger(
        min_value=0,
        required=False,
        allow_null=True,
        default=None,
        help_text="the revision that was looked at; another one is refused with 409 changed_meanwhile",
    )


def length(**options: Any) -> StrictInteger:
    shortest, longest = rules.LENGTH_MIN
    return StrictInteger(
        min_value=shortest, max_value=longest, required=False, allow_null=True, default=None, **options
    )


class AppointmentInput(TimeInput):
    patient_id = serializers.UUIDField()
    type_id = serializers.UUIDField()
    length_min = length(help_text="minutes; null: as its series or its type has it")
    note = Text(required=False, allow_blank=True, default="", max_length=2000, help_text="for the desk; no findings")
    proposed = serializers.BooleanField(required=False, default=False)
    series_id = optional_id(help_text="the series that it fills up")
    outside_hours = serializers.BooleanField(required=False, default=False)


class MoveInput(TimeInput):
    length_min = length(help_text="minutes; null: as long as it was")
    reach = Choice(rules.REACH, required=False, default=rules.THIS)
    outside_hours = serializers.BooleanField(required=False, default=False)
    revision = revision_field()


class SwapInput(StrictSerializer):
    with_id = serializers.UUIDField(help_text="the other appointment")
    revision = revision_field()
    with_revision = revision_field()


class StatusInput(StrictSerializer):
    status = Choice(list(rules.STATUSES))
    why = Text(required=False, allow_blank=True, default="", max_length=1000, help_text="for a correction")
    cancelled_by = Choice(rules.CANCELLED_BY, required=False, allow_blank=True, default="")
    reason = Choice(rules.REASONS, required=False, allow_blank=True, default="")
    reach = Choice(rules.REACH, required=False, default=rules.THIS, help_text="of a cancellation")
    revision = revision_field()


class NoteInput(StrictSerializer):
    note = Text(allow_blank=True, max_length=2000)


class PlanInput(StrictSerializer):
    type_id = serializers.UUIDField()
    count = StrictInteger(min_value=1, max_value=rules.MOST_SESSIONS)
    weeks = StrictInteger(min_value=1, max_value=rules.MOST_WEEKS)
    starts_on = serializers.DateField()
    length_min = length(help_text="minutes of each session; null: the type's")
    therapists = serializers.ListField(child=serializers.UUIDField(), max_length=50, required=False, default=list)
    rooms = serializers.ListField(child=serializers.UUIDField(), max_length=50, required=False, default=list)
    weekdays = weekdays()
    from_time = wall_time()
    until_time = wall_time()
    least_gap_h = StrictInteger(
        min_value=0,
        max_value=720,
        required=False,
        allow_null=True,
        default=None,
        help_text="hours between two; null: 48 for needling, else none",
    )


class SeriesInput(PlanInput):
    times = many(TimeInput, at_most=rules.MOST_SESSIONS)
    note = Text(required=False, allow_blank=True, default="", max_length=2000)


class WaitingInput(StrictSerializer):
    patient_id = serializers.UUIDField()
    type_id = serializers.UUIDField()
    length_min = length(help_text="minutes; null: the type's")
    therapist_id = optional_id(help_text="null: anybody")
    weekdays = weekdays()
    from_time = wall_time()
    until_time = wall_time()
    from_date = day()
    until_date = day()
    instead_of_id = optional_id(help_text="the later appointment that would be moved")
    note = Text(required=False, allow_blank=True, default="", max_length=2000)


class RecallInput(StrictSerializer):
    patient_id = serializers.UUIDField()
    due_at = serializers.DateTimeField()


# --- Answers --------------------------------------------------------------------------------------------------


class AppointmentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    patient_id = serializers.UUIDField()
    type_id = serializers.UUIDField()
    therapist_id = serializers.UUIDField()
    room_id = serializers.UUIDField(allow_null=True)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    status = Choice(list(rules.STATUSES))
    fhir_status = serializers.CharField(help_text="Appointment.status of HL7 FHIR R4")
    cancelled_by = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    series_id = serializers.UUIDField(allow_null=True)
    number = serializers.IntegerField(allow_null=True)
    held_until = serializers.DateTimeField(allow_null=True)
    status_at = serializers.DateTimeField(help_text="since when it stands so")
    outside_hours = serializers.BooleanField(help_text="booked on purpose where its therapist does not work")
    booked_at = serializers.DateTimeField()
    revision = serializers.IntegerField()


class BookedOutput(AppointmentOutput):
    same_day = serializers.ListField(
        child=serializers.UUIDField(),
        help_text="the patient's other appointments on that day, by the clinic's clock: nothing is refused, but say so",
    )


class BookedList(serializers.Serializer[Any]):
    results = BookedOutput(many=True)


class AppointmentPage(serializers.Serializer[Any]):
    results = AppointmentOutput(many=True)
    next = serializers.CharField(allow_null=True)


class AppointmentList(serializers.Serializer[Any]):
    results = AppointmentOutput(many=True)


class ChangeOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    at = serializers.DateTimeField()
    by_id = serializers.UUIDField(allow_null=True)
    by_client = serializers.CharField(allow_blank=True)
    what = serializers.CharField()
    before = serializers.DictField()
    after = serializers.DictField()
    why = serializers.CharField(allow_blank=True)


class ChangePage(serializers.Serializer[Any]):
    results = ChangeOutput(many=True)
    next = serializers.CharField(allow_null=True)


class SlotOutput(serializers.Serializer[Any]):
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField()
    therapist_id = serializers.UUIDField()
    room_id = serializers.UUIDField(allow_null=True)


class SlotList(serializers.Serializer[Any]):
    results = SlotOutput(many=True)


class PlacedOutput(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    starts_at = serializers.DateTimeField()
    therapist_id = serializers.UUIDField()
    room_id = serializers.UUIDField(allow_null=True)


class ProposalOutput(serializers.Serializer[Any]):
    placed = PlacedOutput(many=True)
    unplaced = serializers.ListField(child=serializers.IntegerField(), help_text="numbers for which nothing is free")


class SeriesOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    revision = serializers.IntegerField(help_text="the number for If-Match")
    patient_id = serializers.UUIDField()
    type_id = serializers.UUIDField()
    count = serializers.IntegerField()
    weeks = serializers.IntegerField()
    length_min = serializers.IntegerField()
    starts_on = serializers.DateField()
    note = serializers.CharField(allow_blank=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    appointments = AppointmentOutput(many=True)


class SeriesPage(serializers.Serializer[Any]):
    results = SeriesOutput(many=True)
    next = serializers.CharField(allow_null=True)


class WaitingOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    revision = serializers.IntegerField(help_text="the number for If-Match")
    patient_id = serializers.UUIDField()
    type_id = serializers.UUIDField()
    length_min = serializers.IntegerField(help_text="minutes; what is moved keeps its own")
    therapist_id = serializers.UUIDField(allow_null=True)
    weekdays = serializers.ListField(child=serializers.IntegerField())
    from_time = serializers.TimeField(allow_null=True)
    until_time = serializers.TimeField(allow_null=True)
    from_date = serializers.DateField(allow_null=True)
    until_date = serializers.DateField(allow_null=True)
    instead_of_id = serializers.UUIDField(allow_null=True)
    status = Choice(rules.WAITLIST_STATES)
    since = serializers.DateTimeField()
    note = serializers.CharField(allow_blank=True)
    placed_id = serializers.UUIDField(allow_null=True)


class WaitingPage(serializers.Serializer[Any]):
    results = WaitingOutput(many=True)
    next = serializers.CharField(allow_null=True)


class OfferOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    revision = serializers.IntegerField(help_text="the number for If-Match")
    waiting_id = serializers.UUIDField()
    patient_id = serializers.UUIDField()
    therapist_id = serializers.UUIDField()
    room_id = serializers.UUIDField(allow_null=True)
    starts_at = serializers.DateTimeField()
    status = Choice(rules.OFFER_STATES)
    made_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class OfferPage(serializers.Serializer[Any]):
    results = OfferOutput(many=True)
    next = serializers.CharField(allow_null=True)


class FiguresOutput(serializers.Serializer[Any]):
    therapist_id = serializers.UUIDField(allow_null=True, help_text="null: all together")
    open_min = serializers.IntegerField()
    used_min = serializers.IntegerField()
    utilisation = serializers.FloatField(allow_null=True)
    ended = serializers.IntegerField(help_text="the denominator of the no-show rate")
    missed = serializers.IntegerField()
    noshow_rate = serializers.FloatField(allow_null=True)
    cancelled = serializers.IntegerField()
    late_cancelled = serializers.IntegerField()
    lead_days = serializers.FloatField(allow_null=True, help_text="from booking to visit, the median")


class SeriesFigures(serializers.Serializer[Any]):
    series = serializers.IntegerField()
    planned = serializers.IntegerField()
    held = serializers.IntegerField()
    done = serializers.IntegerField()
    as_planned = serializers.IntegerField()
    share_as_planned = serializers.FloatField(allow_null=True)


class FiguresPage(serializers.Serializer[Any]):
    first = serializers.DateField()
    last = serializers.DateField()
    therapists = FiguresOutput(many=True)
    series = SeriesFigures()
