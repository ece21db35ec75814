from __future__ import annotations

import copy
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Clinic, User
from clinic.caller import Caller
from clinic.schema import UUIDv7
from messaging.models import Link
from patients.models import OfPatient, Patient
from scheduling import rules
from treatments.rules import TECHNIQUES


class OfClinic(models.Model):
    """A row of one clinic that is about no patient."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


# --- Where, who, when -----------------------------------------------------------------------------------------


class Site(OfClinic):
    """A place where the clinic treats."""

    name = models.TextField()
    address = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "name"], name="site_once")]


class Room(OfClinic):
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="rooms", db_constraint=False)
    name = models.TextField()
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "site", "name"], name="room_once")]


class AppointmentType(OfClinic):
    """What can be booked: how long, by whom, where."""

    name = models.TextField()
    length_min = models.PositiveSmallIntegerField(help_text="minutes with the patient")
    buffer_min = models.PositiveSmallIntegerField(default=0, help_text="minutes after it that are kept free")
    online = models.BooleanField(default=False, help_text="no room is needed")
    technique = models.TextField(
        blank=True, default="", help_text="who treats must be entered as competent in it; empty: nothing is asked"
    )
    therapists = ArrayField(models.UUIDField(), default=list, blank=True, help_text="empty: every therapist")
    rooms = ArrayField(models.UUIDField(), default=list, blank=True, help_text="empty: every room")
    is_active = models.BooleanField(default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "name"], name="appointmenttype_once"),
            models.CheckConstraint(condition=Q(length_min__range=rules.LENGTH_MIN), name="appointmenttype_length"),
            models.CheckConstraint(condition=Q(buffer_min__lte=120), name="appointmenttype_buffer"),
            models.CheckConstraint(condition=Q(technique__in=["", *TECHNIQUES]), name="appointmenttype_technique"),
        ]

    @property
    def length(self) -> timedelta:
        return timedelta(minutes=self.length_min)

    def lasting(self, length_min: int) -> AppointmentType:
        """The same type with another length, to reckon with; not to be saved."""
        other = copy.copy(self)
        other.length_min = length_min
        return other

    @property
    def buffer(self) -> timedelta:
        return timedelta(minutes=self.buffer_min)

    @property
    def needles(self) -> bool:
        return bool(self.technique) and TECHNIQUES[self.technique].breaks_skin


class Competency(OfClinic):
    """What a therapist may do, as the clinic has seen it proved."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    technique = models.TextField()
    valid_until = models.DateField(null=True, help_text="empty: without an end")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "user", "technique"], name="competency_once"),
            models.CheckConstraint(condition=Q(technique__in=list(TECHNIQUES)), name="competency_technique_known"),
        ]


class Hours(OfClinic):
    """When a therapist works, every week, by the clinic's wall clock; in a room, or online."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    weekday = models.PositiveSmallIntegerField(help_text="0 is Monday")
    from_time = models.TimeField()
    until_time = models.TimeField()
    from_date = models.DateField(null=True, help_text="empty: always")
    until_date = models.DateField(null=True, help_text="the last day; empty: until further notice")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(weekday__lte=6), name="hours_weekday_known"),
            models.CheckConstraint(condition=Q(until_time__gt=models.F("from_time")), name="hours_in_order"),
            models.CheckConstraint(
                condition=Q(from_date=None) | Q(until_date=None) | Q(until_date__gte=models.F("from_date")),
                name="hours_dates_in_order",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "user", "weekday"], name="hours_of_therapist")]


class ExtraHours(OfClinic):
    """Hours of one day, beside the weekly ones."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    day = models.DateField()
    from_time = models.TimeField()
    until_time = models.TimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(until_time__gt=models.F("from_time")), name="extrahours_in_order")
        ]
        indexes = [models.Index(fields=["clinic", "day"], name="extrahours_by_day")]


class Closure(OfClinic):
    """Time in which nobody (a holiday), nobody at a site, or one therapist (away) works."""

    user = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    site = models.ForeignKey(Site, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    first_day = models.DateField()
    last_day = models.DateField()
    from_time = models.TimeField(null=True, help_text="empty: the whole day")
    until_time = models.TimeField(null=True)
    note = models.TextField(blank=True, default="")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(last_day__gte=models.F("first_day")), name="closure_in_order"),
            models.CheckConstraint(
                condition=Q(from_time=None, until_time=None) | Q(until_time__gt=models.F("from_time")),
                name="closure_times_in_order",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "last_day"], name="closure_by_day")]


class Booking(models.Model):
    """How a clinic books: one row each. The clinic's own choices, none of them a clinical number."""

    clinic = models.OneToOneField(Clinic, primary_key=True, on_delete=models.PROTECT, related_name="+")
    step_min = models.PositiveSmallIntegerField(default=15, help_text="appointments begin on this grid")
    remind_hours = ArrayField(models.PositiveSmallIntegerField(), default=list, help_text="hours before")
    invite = models.BooleanField(default=True, help_text="send word of what is booked or moved")
    cancel_until_hours = models.PositiveSmallIntegerField(default=24, help_text="until then patients cancel by link")
    offer_minutes = models.PositiveSmallIntegerField(default=120, help_text="how long an offered slot is good for")
    offer_every_min = models.PositiveSmallIntegerField(default=20, help_text="after so long the next is asked too")
    hold_hours = models.PositiveSmallIntegerField(default=48, help_text="how long a proposed appointment is kept")
    draft_hours = models.PositiveSmallIntegerField(default=24, help_text="a draft that is older waits on the worklist")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(step_min__in=rules.STEPS_MIN), name="booking_step"),
            models.CheckConstraint(
                condition=Q(offer_minutes__gte=10) & Q(offer_every_min__gte=1), name="booking_offer"
            ),
        ]

    def __str__(self) -> str:
        return f"Booking {self.pk}"


class Feed(OfClinic):
    """A secret address under which a therapist's own calendar program reads their appointments."""

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    token_sha256 = models.BinaryField(max_length=32)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    read_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["token_sha256"], name="feed_token_once"),
            models.UniqueConstraint(fields=["clinic", "user"], condition=Q(revoked_at=None), name="feed_open_once"),
        ]


# --- Appointments ---------------------------------------------------------------------------------------------


class Series(OfPatient):
    """A plan of so many sessions over so many weeks."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    count = models.PositiveSmallIntegerField()
    weeks = models.PositiveSmallIntegerField()
    length_min = models.PositiveSmallIntegerField(help_text="minutes of each session")
    starts_on = models.DateField()
    note = models.TextField(blank=True, default="")
    ended_at = models.DateTimeField(null=True)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.CheckConstraint(condition=Q(count__gte=1, count__lte=rules.MOST_SESSIONS), name="series_count"),
            models.CheckConstraint(condition=Q(weeks__gte=1, weeks__lte=104), name="series_weeks"),
            models.CheckConstraint(condition=Q(length_min__range=rules.LENGTH_MIN), name="series_length"),
        ]
        indexes = [models.Index(fields=["clinic", "patient"], name="series_of_patient")]


class AppointmentQuerySet(models.QuerySet["Appointment"]):
    def visible_to(self, caller: Caller) -> AppointmentQuerySet:
        """The clinic's appointments. Row-level security says the same, should a view forget this word."""
        return self.filter(clinic_id=caller.clinic_id)

    def of_patients(self, patient_ids: list[UUID]) -> AppointmentQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def holding(self) -> AppointmentQuerySet:
        return self.filter(status__in=rules.HOLDING)

    def between(self, first: datetime, after: datetime) -> AppointmentQuerySet:
        return self.filter(starts_at__lt=after, ends_at__gt=first)

    def with_names(self) -> AppointmentQuerySet:
        return self.select_related("patient", "therapist", "room__site", "type")

    def in_order(self) -> AppointmentQuerySet:
        return self.order_by("starts_at", "id")


class TsTzRange(models.Func):
    function = "TSTZRANGE"
    output_field = DateTimeRangeField()


def apart(name: str, column: str, until: str) -> ExclusionConstraint:
    """
    No two that hold overlap. Checked at the end of a statement, or, in a move of several, at the end of it.
    """
    return ExclusionConstraint(
        name=name,
        expressions=[
            ("clinic", RangeOperators.EQUAL), (column, RangeOperators.EQUAL),
            (TsTzRange("starts_at", until), RangeOperators.OVERLAPS),
        ],
        condition=Q(status__in=rules.HOLDING),
        deferrable=models.Deferrable.IMMEDIATE,
    )  # fmt: skip


class Appointment(OfPatient):
    """
    A patient, a therapist, a time, and (unless online) a room.

    Until it ends it keeps the patient from anything else, until the end of its buffer therapist and room.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    therapist = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    blocked_until = models.DateTimeField(help_text="the end of its buffer")
    status = models.TextField(choices=[(code, s.label) for code, s in rules.STATUSES.items()], default=rules.BOOKED)
    cancelled_by = models.TextField(blank=True, default="")
    reason = models.TextField(blank=True, default="", help_text="why it was cancelled")
    note = models.TextField(blank=True, default="", help_text="for the desk; no findings")
    series = models.ForeignKey(
        Series, null=True, on_delete=models.PROTECT, related_name="appointments", db_constraint=False
    )
    number = models.PositiveSmallIntegerField(null=True, help_text="in its series, from 1")
    held_until = models.DateTimeField(null=True, help_text="a proposed one is given up then")
    status_at = models.DateTimeField(db_default=Now(), help_text="since when it stands so")
    hours_gone_at = models.DateTimeField(
        null=True, help_text="since when its therapist does not work there and then any more"
    )
    booked_at = models.DateTimeField()
    booked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    revision = models.PositiveIntegerField(default=1)

    objects = AppointmentQuerySet.as_manager()

    @property
    def as_booked(self) -> AppointmentType:
        """Its type with the length that this one has."""
        return self.type.lasting((self.ends_at - self.starts_at) // timedelta(minutes=1))

    class Meta:
        constraints = [
            apart("therapist_booked_once", "therapist", "blocked_until"),
            apart("room_booked_once", "room", "blocked_until"),
            apart("patient_booked_once", "patient", "ends_at"),
            models.CheckConstraint(
                condition=Q(ends_at__gt=models.F("starts_at"), blocked_until__gte=models.F("ends_at")),
                name="appointment_in_order",
            ),
            models.CheckConstraint(condition=Q(status__in=list(rules.STATUSES)), name="appointment_status_known"),
            models.CheckConstraint(
                condition=Q(status=rules.CANCELLED, cancelled_by__in=rules.CANCELLED_BY, reason__in=rules.REASONS)
                | (~Q(status=rules.CANCELLED) & Q(cancelled_by="", reason="")),
                name="appointment_cancelled_whole",
            ),
            models.CheckConstraint(
                condition=Q(series=None, number=None) | Q(series__isnull=False, number__isnull=False),
                name="appointment_series_whole",
            ),
            models.CheckConstraint(
                condition=Q(status=rules.PROPOSED, held_until__isnull=False)
                | (~Q(status=rules.PROPOSED) & Q(held_until=None)),
                name="appointment_held_while_proposed",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "starts_at", "id"], name="appointment_by_time"),
            models.Index(fields=["clinic", "patient", "-starts_at"], name="appointment_of_patient"),
            models.Index(
                fields=["clinic", "series", "number"], condition=Q(series__isnull=False), name="appointment_of_series"
            ),
            models.Index(
                fields=["clinic", "held_until"], condition=Q(status=rules.PROPOSED), name="appointment_proposed"
            ),
        ]

    @property
    def state(self) -> Any:
        return rules.STATUSES[self.status]


class Change(OfPatient):
    """What was changed in an appointment, by whom, when and why. Final."""

    appointment = models.ForeignKey(Appointment, on_delete=models.PROTECT, related_name="changes", db_constraint=False)
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    by_client = models.TextField(blank=True, default="", help_text="the program or link, if it was no person here")
    what = models.TextField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    why = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["clinic", "appointment", "id"], name="change_of_appointment")]


# --- Waitlist -------------------------------------------------------------------------------------------------


class Waiting(OfPatient):
    """Somebody who would come sooner."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    therapist = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    weekdays = ArrayField(models.PositiveSmallIntegerField(), default=list, help_text="0 is Monday; empty: any")
    from_time = models.TimeField(null=True)
    until_time = models.TimeField(null=True)
    from_date = models.DateField(null=True)
    until_date = models.DateField(null=True)
    status = models.TextField(default=rules.WAITING)
    since = models.DateTimeField()
    note = models.TextField(blank=True, default="")
    instead_of = models.ForeignKey(
        Appointment, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False,
        help_text="the later appointment that would be moved; empty: a new one is booked",
    )  # fmt: skip
    placed = models.ForeignKey(Appointment, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        verbose_name_plural = "waiting"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=rules.WAITLIST_STATES), name="waiting_status_known"),
            models.UniqueConstraint(
                fields=["clinic", "patient", "type"], condition=Q(status=rules.WAITING), name="waiting_once"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "since", "id"], condition=Q(status="waiting"), name="waiting_order")]

    @property
    def wish(self) -> rules.Wish:
        return rules.Wish(
            self.therapist_id, self.weekdays, self.from_time, self.until_time, self.from_date, self.until_date,
            self.type.length_min,
        )  # fmt: skip


class Opening(OfClinic):
    """Time that came free, to be offered to those who wait; closed when it is taken, or nobody is left to ask."""

    therapist = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    made_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="opening_in_order"),
        ]
        indexes = [models.Index(fields=["clinic", "made_at"], condition=Q(closed_at=None), name="opening_open")]


class Offer(OfPatient):
    """A time that came free, offered to somebody who waits. It holds nothing: whoever takes it first has it."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    waiting = models.ForeignKey(Waiting, on_delete=models.PROTECT, related_name="offers", db_constraint=False)
    opening = models.ForeignKey(Opening, on_delete=models.PROTECT, related_name="offers", db_constraint=False)
    therapist = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    room = models.ForeignKey(Room, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    starts_at = models.DateTimeField()
    status = models.TextField(default=rules.OPEN)
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    link = models.ForeignKey(Link, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=rules.OFFER_STATES), name="offer_status_known"),
            models.UniqueConstraint(fields=["clinic", "waiting", "opening"], name="offer_once"),
        ]
        indexes = [
            models.Index(fields=["clinic", "expires_at"], condition=Q(status="open"), name="offer_open"),
        ]
