"""What is booked, and every change of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import User
from database.revisions import content_revision
from identity.actor import Actor
from messaging.models import Message
from patients.models import OfPatient, Patient
from scheduling import rules
from scheduling.models.setup import AppointmentType, Room
from treatments.models import TreatmentPlan


class Series(OfPatient):
    """A plan of so many sessions over so many weeks."""

    revision = property(content_revision)
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    type = models.ForeignKey(AppointmentType, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    count = models.PositiveSmallIntegerField()
    weeks = models.PositiveSmallIntegerField()
    length_min = models.PositiveSmallIntegerField(help_text="minutes of each session")
    starts_on = models.DateField()
    note = models.TextField(blank=True, default="")
    treatment_plan = models.ForeignKey(
        TreatmentPlan, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False
    )
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
    def visible_to(self, actor: Actor) -> AppointmentQuerySet:
        """The clinic's appointments. Row-level security says the same, should a view forget this word."""
        return self.filter(clinic_id=actor.clinic_id)

    def of_patients(self, patient_ids: list[UUID]) -> AppointmentQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def holding(self) -> AppointmentQuerySet:
        return self.filter(status__in=rules.HOLDING)

    def between(self, first: datetime, after: datetime) -> AppointmentQuerySet:
        return self.filter(starts_at__lt=after).ending_after(first)

    def ending_after(self, moment: datetime) -> AppointmentQuerySet:
        """None lasts for a day; said so, what lies further back is not read."""
        return self.filter(ends_at__gt=moment, starts_at__gt=moment - timedelta(days=1))

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
            ("clinic", RangeOperators.EQUAL),
            (column, RangeOperators.EQUAL),
            (TsTzRange("starts_at", until), RangeOperators.OVERLAPS),
        ],
        condition=Q(status__in=rules.HOLDING),
        deferrable=models.Deferrable.IMMEDIATE,
    )


class Appointment(OfPatient):
    """
    A patient, a therapist, a time, and (unless online) a room.

    Until it ends it keeps the patient from anything else, until the end of its buffer therapist and room.
    """

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
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
        Series, null=True, on_delete=models.PROTECT, related_name="appointments", db_constraint=False, db_index=False
    )
    number = models.PositiveSmallIntegerField(null=True, help_text="in its series, from 1")
    held_until = models.DateTimeField(null=True, help_text="a proposed one is given up then")
    status_at = models.DateTimeField(db_default=Now(), help_text="since when it stands so")
    outside_hours = models.BooleanField(default=False, help_text="booked on purpose where its therapist does not work")
    booked_at = models.DateTimeField()
    placed_at = models.DateTimeField(db_default=Now(), help_text="since when it is there and then")
    booked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
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

    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="changes", db_constraint=False, db_index=False
    )
    at = models.DateTimeField()
    by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    by_client = models.TextField(blank=True, default="", help_text="the program or link, if it was no person here")
    what = models.TextField()
    before = models.JSONField(default=dict)
    after = models.JSONField(default=dict)
    why = models.TextField(blank=True, default="")

    class Meta:
        indexes = [models.Index(fields=["clinic", "appointment", "id"], name="change_of_appointment")]


class Told(OfPatient):
    """Which time of which appointment a message tells the patient; they know it once the message has gone out."""

    message = models.ForeignKey(
        Message, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    appointment = models.ForeignKey(
        Appointment, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["clinic", "message", "appointment"], name="told_once")]
        indexes = [models.Index(fields=["clinic", "appointment"], name="told_of_appointment")]
