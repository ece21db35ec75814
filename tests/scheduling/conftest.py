from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from clock.wall_clock import at_wall
from database import tenancy
from database.expressions import new_id
from identity.actor import Actor
from scheduling.booking import actions
from scheduling.booking.locks import Time
from scheduling.models import Appointment, AppointmentType, Booking, Hours, Room, Site
from tests import builders
from tests.conftest import Cast
from tests.reading import Browser

LONDON = ZoneInfo("Europe/London")
MONDAY = datetime(2026, 11, 23, tzinfo=LONDON)
AT = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def far_ahead() -> int:
    """So many days after that Monday is a Tuesday in more than a year, whenever this runs."""
    return 7 * ((datetime.now(UTC) - MONDAY).days // 7 + 57) + 1


@dataclass
class Desk:
    """A clinic that can be booked: two therapists on weekdays from 9 to 17, each in a room of their own."""

    cast: Cast
    by: Actor
    room: Room
    other_room: Room
    kind: AppointmentType

    @property
    def therapist_id(self) -> UUID:
        return self.cast.therapist.pk

    def patient(self, **details: Any) -> UUID:
        return builders.patient(self.by, **details).pk

    def time(self, hour: int = 9, minute: int = 0, *, day: int = 0, other: bool = False) -> Time:
        """A time so many days after Monday, by the clock in London."""
        local = datetime.combine((MONDAY + timedelta(days=day)).date(), time(hour, minute))
        therapist, room = (self.cast.colleague.pk, self.other_room.pk) if other else (self.therapist_id, self.room.pk)
        return Time(at_wall(local, LONDON), therapist, room)

    def book(self, patient_id: UUID, *where: int, **options: Any) -> Appointment:
        given = {key: options.pop(key) for key in ("day", "other") if key in options}
        given_time = options.pop("time", None) or self.time(*where, **given)
        options = {"type_id": self.kind.pk, "by": self.by, "at": AT} | options
        return actions.book(patient_id=patient_id, time=given_time, **options)


def make_desk(cast: Cast, by: Actor) -> Desk:
    site = Site.objects.create(id=new_id(), clinic=cast.clinic, name="Quay", address="1 Quay Street")
    rooms = [Room.objects.create(id=new_id(), clinic=cast.clinic, site=site, name=name) for name in ("One", "Two")]
    kind = AppointmentType.objects.create(
        id=new_id(), clinic=cast.clinic, name="Treatment", length_min=30, buffer_min=0
    )
    for user, room in ((cast.therapist, rooms[0]), (cast.colleague, rooms[1])):
        for weekday in range(5):
            Hours.objects.create(
                id=new_id(),
                clinic=cast.clinic,
                user=user,
                room=room,
                weekday=weekday,
                from_time=time(9),
                until_time=time(17),
            )
    Booking.objects.create(clinic=cast.clinic, remind_hours=[24])
    return Desk(cast, by, rooms[0], rooms[1], kind)


@pytest.fixture
def desk(in_clinic: Cast) -> Desk:
    return make_desk(in_clinic, in_clinic.actor(in_clinic.staff))


# --- As those see it who come from outside --------------------------------------------------------------------


@pytest.fixture
def clinic_desk(cast: Cast) -> Desk:
    """The desk, looked at from outside its clinic's scope: for pages and the API."""
    with tenancy.scope(cast.clinic.pk):
        return make_desk(cast, cast.actor(cast.staff))


@pytest.fixture
def browser(cast: Cast) -> Client:
    """Staff, signed in."""
    client = Browser()
    client.force_login(cast.staff)
    return client


def inside(desk: Desk) -> AbstractContextManager[None]:
    return tenancy.scope(desk.cast.clinic.pk)
