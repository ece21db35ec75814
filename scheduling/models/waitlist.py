"""Who waits, what came free, and what was offered to whom."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from database.revisions import content_revision
from messaging.models import Link
from patients.models import OfPatient, Patient
from scheduling import rules
from scheduling.models.appointments import Appointment
from scheduling.models.setup import AppointmentType, OfClinic, Room


class Waiting(OfPatient):
    """Somebody who would come sooner."""

    revision = property(content_revision)
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
    length_min = models.PositiveSmallIntegerField(help_text="minutes that are waited for")
    instead_of = models.ForeignKey(
        Appointment,
        null=True,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        help_text="the later appointment that would be moved; empty: a new one is booked",
    )
    placed = models.ForeignKey(Appointment, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        verbose_name_plural = "waiting"
        constraints = [
            models.CheckConstraint(condition=Q(status__in=rules.WAITLIST_STATES), name="waiting_status_known"),
            models.UniqueConstraint(
                fields=["clinic", "patient", "type"], condition=Q(status=rules.WAITING), name="waiting_once"
            ),
            models.CheckConstraint(condition=Q(length_min__range=rules.LENGTH_MIN), name="waiting_length"),
        ]
        indexes = [models.Index(fields=["clinic", "since", "id"], condition=Q(status="waiting"), name="waiting_order")]

    @property
    def kind(self) -> AppointmentType:
        """The type as long as it is to last; what is moved keeps its length."""
        return self.instead_of.as_booked if self.instead_of else self.type.lasting(self.length_min)

    @property
    def wish(self) -> rules.Wish:
        return rules.Wish(
            self.therapist_id,
            self.weekdays,
            self.from_time,
            self.until_time,
            self.from_date,
            self.until_date,
            self.kind.length_min,
        )


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

    revision = property(content_revision)
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
