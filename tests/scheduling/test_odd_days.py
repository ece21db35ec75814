"""Days that do not exist, times that a clock skips, fields that nobody sent."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from clock.wall_clock import at_wall
from errors.exceptions import Invalid
from scheduling.availability import slots
from scheduling.availability.slots import Search
from scheduling.models import AppointmentType
from scheduling.setup import actions as setup_actions
from tests.scheduling.conftest import LONDON

SPRING = date(2027, 3, 28)  # 01:00 is followed by 02:00 in London


@pytest.mark.parametrize(("kind", "field", "day"), [
    ("closures", "last_day", date(9999, 12, 31)), ("closures", "first_day", date(1, 1, 1)),
    ("hours", "until_date", date(9999, 12, 31)), ("extra-hours", "day", date(2101, 1, 1)),
    ("competencies", "valid_until", date(1999, 12, 31)),
])  # fmt: skip
def test_a_day_beyond_any_plan_is_refused_by_its_name(desk, kind, field, day):
    values = {
        "closures": {"first_day": SPRING, "last_day": SPRING},
        "hours": {"user_id": desk.therapist_id, "weekday": 0, "from_time": time(8), "until_time": time(9)},
        "extra-hours": {"user_id": desk.therapist_id, "from_time": time(8), "until_time": time(9)},
        "competencies": {"user_id": desk.therapist_id, "technique": "dry_needling"},
    }[kind]
    with pytest.raises(Invalid) as refused:
        setup_actions.save(kind=kind, values=values | {field: day}, by=desk.by)
    assert [error.pointer for error in refused.value.errors] == [f"/{field}"]


@pytest.mark.parametrize(("from_time", "until_time"), [
    (time(1, 30), time(2)), (time(1), time(2)), (time(0, 30), time(1, 30)), (time(1, 59), time(23)),
])  # fmt: skip
def test_what_the_clock_skips_breaks_no_search(desk, from_time, until_time):
    """Closures, extra hours and wishes that lie in the hour that does not exist."""
    close = {"first_day": SPRING, "last_day": SPRING, "from_time": from_time, "until_time": until_time}
    setup_actions.save(kind="closures", values=close, by=desk.by)
    extra = {"user_id": desk.therapist_id, "room_id": desk.room.pk, "day": SPRING}
    setup_actions.save(
        kind="extra-hours", values=extra | {"from_time": from_time, "until_time": until_time}, by=desk.by
    )
    first = at_wall(datetime.combine(SPRING, time()), LONDON)
    search = Search(first, first + timedelta(days=3), from_time=from_time, until_time=until_time)
    slots.free(desk.kind, search, limit=200)
    found = slots.free(desk.kind, Search(first, first + timedelta(days=3)), limit=200)
    assert {one.starts_at.astimezone(LONDON).date() for one in found} >= {SPRING + timedelta(days=1)}


def test_a_type_that_comes_back_is_a_new_one(desk):
    values = {
        "name": "Needling",
        "length_min": 30,
        "buffer_min": 20,
        "technique": "dry_needling",
        "rooms": [desk.room.pk],
    }
    made = setup_actions.save(kind="appointment-types", values=values, by=desk.by)
    setup_actions.remove(kind="appointment-types", pk=made.pk, by=desk.by)
    back = setup_actions.save(kind="appointment-types", values={"name": "Needling", "length_min": 45}, by=desk.by)
    assert back.pk == made.pk
    found = AppointmentType.objects.get(pk=back.pk)
    assert (found.length_min, found.buffer_min, found.technique, found.rooms, found.is_active) == (45, 0, "", [], True)
