"""Each chosen local time once, through every change of the clock of twenty zones with odd rules, 2026 to 2030."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homecare.reminders.schedule import PLAIN, SKIPPED, TWICE, ReminderTimes, choose_weekdays, moment, occurrences

ZONES = [
    "Europe/London",
    "Europe/Berlin",
    "Europe/Dublin",  # winter is the saving time
    "America/New_York",
    "America/St_Johns",  # half an hour off
    "America/Sao_Paulo",  # no change any more
    "America/Asuncion",  # gave it up in 2024
    "America/Santiago",  # at midnight
    "America/Havana",  # at midnight
    "America/Scoresbysund",  # changed its zone
    "America/Nuuk",
    "Africa/Cairo",  # at midnight, on Fridays
    "Africa/Casablanca",  # goes back for Ramadan
    "Asia/Beirut",  # at midnight
    "Asia/Gaza",  # rules announced year by year
    "Asia/Kathmandu",  # 45 minutes
    "Australia/Lord_Howe",  # half an hour of change
    "Pacific/Chatham",  # 45 minutes, and changes at 02:45
    "Pacific/Kiritimati",  # fourteen hours ahead
    "Antarctica/Troll",  # two hours of change
]
FIRST, LAST = date(2026, 1, 1), date(2030, 12, 31)
EVERY_HALF_HOUR = [time(minutes // 60, minutes % 60) for minutes in range(0, 24 * 60, 30)]


def changes(zone: ZoneInfo) -> list[date]:
    """The days on which the zone's offset changes."""
    found = []
    day = FIRST
    while day <= LAST:
        before = datetime.combine(day, time(0), tzinfo=zone).utcoffset()
        after = datetime.combine(day + timedelta(days=1), time(0), tzinfo=zone).utcoffset()
        if before != after:
            found.append(day)
        day += timedelta(days=1)
    return found


@pytest.mark.parametrize("name", ZONES)
def test_each_local_time_once(name):
    zone = ZoneInfo(name)
    plan = ReminderTimes(times=EVERY_HALF_HOUR, weekdays=range(7), starts_on=FIRST)
    days = sorted({day + timedelta(days=near) for day in changes(zone) for near in (-1, 0, 1)} | {FIRST, LAST})
    for day in days:
        dues = list(occurrences(plan, zone, day, day))
        assert len({d.at for d in dues}) == len(dues), f"{day}: the same moment twice"
        assert len({d.local_time for d in dues}) == len(dues)
        for due in dues:
            shown = due.at.astimezone(zone)
            if due.clock == SKIPPED:
                # As much later as the clock went forward, and still that day or the small hours after it.
                late = shown.replace(tzinfo=None) - datetime.combine(due.local_date, due.local_time)
                assert timedelta(0) < late <= timedelta(hours=2)
            else:
                assert (shown.date(), shown.time()) == (due.local_date, due.local_time)
                assert shown.fold == 0
        # What is missing was moved onto by nothing but a time that exists.
        missing = set(EVERY_HALF_HOUR) - {d.local_time for d in dues}
        for at in missing:
            moved, clock = moment(day, at, zone)
            assert clock == SKIPPED
            assert moved in {d.at for d in dues}


@pytest.mark.parametrize("name", ZONES)
def test_nine_in_the_morning_for_five_years(name):
    zone = ZoneInfo(name)
    plan = ReminderTimes(times=[time(9)], weekdays=range(7), starts_on=FIRST)

    dues = list(occurrences(plan, zone, FIRST, LAST))

    assert [d.local_date for d in dues] == [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]
    assert {d.at.astimezone(zone).time() for d in dues} == {time(9)}
    assert all(later.at > earlier.at for earlier, later in pairwise(dues))


@pytest.mark.parametrize(
    ("zone", "day", "at", "expected", "clock"),
    [
        ("Europe/Berlin", date(2026, 3, 29), time(2, 30), "2026-03-29T01:30:00+00:00", SKIPPED),  # shown as 03:30
        ("Europe/Berlin", date(2026, 10, 25), time(2, 30), "2026-10-25T00:30:00+00:00", TWICE),  # the first
        ("America/New_York", date(2026, 3, 8), time(2, 0), "2026-03-08T07:00:00+00:00", SKIPPED),
        ("Australia/Lord_Howe", date(2026, 10, 4), time(2, 15), "2026-10-03T15:45:00+00:00", SKIPPED),  # 02:45
        ("America/Santiago", date(2026, 9, 6), time(0, 30), "2026-09-06T04:30:00+00:00", SKIPPED),  # 01:30
        ("Asia/Kathmandu", date(2026, 6, 1), time(8), "2026-06-01T02:15:00+00:00", PLAIN),
    ],
)
def test_gaps_and_folds_as_documented(zone, day, at, expected, clock):
    assert moment(day, at, ZoneInfo(zone)) == (datetime.fromisoformat(expected).astimezone(UTC), clock)


def test_two_times_that_become_one_moment_remind_once():
    plan = ReminderTimes(times=[time(2, 30), time(3, 30)], weekdays=range(7), starts_on=FIRST)
    dues = list(occurrences(plan, ZoneInfo("Europe/Berlin"), date(2026, 3, 29), date(2026, 3, 29)))

    assert [(d.local_time, d.clock) for d in dues] == [(time(3, 30), PLAIN)]


def test_it_begins_ends_and_keeps_to_its_days():
    plan = ReminderTimes(
        times=[time(8), time(18)], weekdays=[0, 2], starts_on=date(2026, 11, 4), ends_on=date(2026, 11, 11)
    )
    dues = list(occurrences(plan, ZoneInfo("UTC"), date(2026, 11, 1), date(2026, 12, 1)))

    assert [(d.local_date.day, d.local_time.hour) for d in dues] == [
        (4, 8),
        (4, 18),
        (9, 8),
        (9, 18),
        (11, 8),
        (11, 18),
    ]


def test_it_fades():
    plan = ReminderTimes(
        times=[time(8)], weekdays=range(7), starts_on=date(2026, 11, 2), fade_after_weeks=2, fade_to_days=3
    )
    dues = list(occurrences(plan, ZoneInfo("UTC"), date(2026, 11, 2), date(2026, 11, 29)))

    by_week = [sum((d.local_date - plan.starts_on).days // 7 == week for d in dues) for week in range(4)]
    assert by_week == [7, 7, 3, 3]


@given(days=st.sets(st.integers(0, 6), min_size=1), count=st.integers(1, 7))
def test_what_is_kept_is_of_the_chosen_days(days, count):
    found = choose_weekdays(sorted(days), count)

    assert len(found) == min(count, len(days))
    assert set(found) <= days
    assert found == sorted(set(found))
