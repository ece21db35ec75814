"""What the sequence of changes costs who books: 8 at once in one clinic, with the triggers and without."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from typing import Any

import pytest

from accounts.models import Membership
from database import tenancy
from database.expressions import new_id
from scheduling.booking import actions
from scheduling.booking.locks import Time
from scheduling.models import Room
from tests import builders
from tests.committed import at_once, committed, committed_patient, superuser
from tests.conftest import Cast
from tests.scheduling.conftest import AT, Desk, make_desk

__all__ = ["committed"]  # a fixture
WRITERS, BOOKINGS = 8, 40


@pytest.mark.drill
def test_what_a_booking_takes_with_and_without_the_sequence(committed: Cast):
    cast = committed
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor(cast.staff))
        places = [a_place(cast, desk, number) for number in range(WRITERS)]
    people = [committed_patient(cast) for _ in range(WRITERS)]
    figures: dict[str, list[float]] = {"without": [], "with": []}
    for turn in range(6):
        name = "with" if turn % 2 else "without"
        with superuser() as link:
            state = "ENABLE" if name == "with" else "DISABLE"
            for table in ("scheduling_appointment", "scheduling_series"):
                link.execute(f"ALTER TABLE {table} {state} TRIGGER changes_note")
        tasks = [
            lambda number=number, turn=turn: book_many(desk, people[number], places[number], turn)
            for number in range(WRITERS)
        ]
        for durations in at_once(tasks):
            figures[name] += durations
    lines = {name: (statistics.median(all_), statistics.quantiles(all_, n=100)[98]) for name, all_ in figures.items()}
    for name, (p50, p99) in lines.items():
        print(f"{name}: {len(figures[name])} bookings of {WRITERS} at once, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    # A machine with other work doubles any p99; a lock that is held through a booking would multiply the median.
    assert lines["with"][0] < 2 * lines["without"][0]


def a_place(cast: Cast, desk: Desk, number: int) -> tuple[Any, Any]:
    person = builders.user(f"booked{number}-{cast.clinic.slug}@example.org", f"Therapist {number}")
    Membership.objects.create(clinic=cast.clinic, user=person, role="therapist")
    room = Room.objects.create(id=new_id(), clinic=cast.clinic, site=desk.room.site, name=f"Room {number}")
    return person.pk, room.pk


def book_many(desk: Desk, patient: Any, place: tuple[Any, Any], turn: int) -> list[float]:
    durations_ms = []
    for number in range(BOOKINGS):
        begins = desk.time(8).starts_at + timedelta(days=7 + number, minutes=30 * turn)
        started = time.perf_counter()
        with tenancy.scope(desk.cast.clinic.pk):
            actions.book(
                patient_id=patient,
                type_id=desk.kind.pk,
                time=Time(begins, *place),
                outside_hours=True,
                by=desk.by,
                at=AT,
            )
        durations_ms.append(1000 * (time.perf_counter() - started))
    return durations_ms
