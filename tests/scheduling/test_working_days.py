"""By when something should be looked at: when the clinic works next, as its own hours and holidays have it."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from database.expressions import new_id
from scheduling.models import Closure, ExtraHours, Hours
from worklist import actions, rules
from worklist.models import Item

LONDON = ZoneInfo("Europe/London")
FRIDAY = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
SATURDAY, MONDAY, TUESDAY, WEDNESDAY = (date(2026, 11, day) for day in (21, 23, 24, 25))


def due(desk, at=FRIDAY, kind="no_show"):
    """The day, by the clinic's clock, by which a new row is due."""
    item_id, _new = actions.raise_item(
        kind=kind, patient_id=desk.patient(), about_id=new_id(), facts={}, by=desk.by, at=at
    )
    local = Item.objects.get(pk=item_id).due_at.astimezone(LONDON)
    assert local.time() == rules.DAY_BEGINS
    return local.date()


def test_without_hours_monday_to_friday_are_working_days(desk):
    Hours.objects.all().delete()
    assert due(desk) == MONDAY


def test_a_weekend_is_no_working_day_unless_somebody_works(desk):
    assert due(desk) == MONDAY
    ExtraHours.objects.create(
        id=new_id(),
        clinic=desk.cast.clinic,
        user=desk.cast.therapist,
        room=desk.room,
        day=SATURDAY,
        from_time=time(9),
        until_time=time(12),
    )
    assert due(desk) == SATURDAY


def test_a_holiday_is_none_and_one_therapist_away_changes_nothing(desk):
    def close(first, last, **fields):
        Closure.objects.create(id=new_id(), clinic=desk.cast.clinic, first_day=first, last_day=last, **fields)

    close(MONDAY, MONDAY, user=desk.cast.therapist)
    assert due(desk) == MONDAY
    close(MONDAY, MONDAY, until_time=time(12), from_time=time(9))
    assert due(desk) == MONDAY
    close(MONDAY, TUESDAY)
    assert due(desk) == WEDNESDAY


def test_closed_for_a_month_is_no_reason_never_to_look(desk):
    Closure.objects.create(
        id=new_id(), clinic=desk.cast.clinic, first_day=SATURDAY, last_day=SATURDAY + timedelta(days=60)
    )
    assert due(desk) == MONDAY


def test_what_is_at_once_is_at_once_on_a_holiday_too(desk):
    Closure.objects.create(id=new_id(), clinic=desk.cast.clinic, first_day=SATURDAY, last_day=WEDNESDAY)
    item_id, _new = actions.raise_item(
        kind="red_flag", patient_id=desk.patient(), about_id=new_id(), facts={}, by=desk.by, at=FRIDAY
    )
    assert Item.objects.get(pk=item_id).due_at == FRIDAY


DAYS = st.dates(date(2026, 1, 1), date(2030, 12, 31))


@given(day=DAYS, closed=st.sets(st.integers(1, rules.LOOKED_AHEAD_DAYS)))
def test_the_next_working_day_is_the_first_that_is_open(day, closed):
    def works(one):
        return (one - day).days not in closed

    found = rules.next_working_day(day, works)
    assert found > day
    if len(closed) < rules.LOOKED_AHEAD_DAYS:
        assert works(found)
        assert not any(works(day + timedelta(days=ahead)) for ahead in range(1, (found - day).days))
    else:
        assert found.weekday() < 5


@pytest.mark.parametrize(
    ("zone", "at"),
    [
        ("Europe/Berlin", datetime(2027, 3, 27, 12, tzinfo=UTC)),  # the night in which the clock goes forward
        ("America/New_York", datetime(2026, 10, 31, 12, tzinfo=UTC)),  # and one in which it goes back
        ("Australia/Lord_Howe", datetime(2027, 4, 3, 12, tzinfo=UTC)),
    ],
)
def test_what_is_put_aside_comes_back_at_the_same_hour_whatever_the_clock_does(zone, at):
    back = rules.snooze_until(1, at=at, zone=ZoneInfo(zone)).astimezone(ZoneInfo(zone))
    assert back.time() == rules.COMES_BACK
    assert back.date() == at.astimezone(ZoneInfo(zone)).date() + timedelta(days=1)
