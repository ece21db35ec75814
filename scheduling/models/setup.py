"""What can be booked: where, by whom, when; and how the clinic books."""

from __future__ import annotations

import copy
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from accounts.models import Clinic, User
from database.expressions import UUIDv7
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
        changed = copy.copy(self)
        changed.length_min = length_min
        return changed

    @property
    def buffer(self) -> timedelta:
        return timedelta(minutes=self.buffer_min)

    @property
    def needles(self) -> bool:
        return bool(self.technique) and TECHNIQUES[self.technique].breaks_skin


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
