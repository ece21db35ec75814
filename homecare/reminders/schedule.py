"""
When reminders are due: chosen wall-clock times in the patient's zone, turned into moments once, when they are planned.

What a change of the clock does to a time is said in `clock.wall_clock`. If it makes two times one moment, one remains.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clock.wall_clock import at_wall

PLAIN, SKIPPED, TWICE = "plain", "skipped_time", "time_twice"


@dataclass(frozen=True)
class Due:
    """One occurrence. `clock` says whether a change of the clock touched it."""

    local_date: date
    local_time: time
    at: datetime
    clock: str = PLAIN


@dataclass(frozen=True)
class ReminderTimes:
    """
    :ivar weekdays: 0 is Monday
    :ivar fade_after_weeks: after so many weeks only `fade_to_days` of the weekdays are left; None: it does not fade
    """

    times: Sequence[time]
    weekdays: Sequence[int]
    starts_on: date
    ends_on: date | None = None
    fade_after_weeks: int | None = None
    fade_to_days: int | None = None


def moment(day: date, at: time, zone: ZoneInfo) -> tuple[datetime, str]:
    """The moment (UTC) of a wall-clock time, and what the clock did to it."""
    local = datetime.combine(day, at)
    first = at_wall(local, zone)
    if first.astimezone(zone).replace(tzinfo=None) != local:
        return first, SKIPPED
    second = local.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return first, TWICE if second != first else PLAIN


def choose_weekdays(weekdays: Sequence[int], count: int) -> list[int]:
    """So many of the weekdays, spread as evenly as they go."""
    days = sorted(weekdays)
    if count >= len(days):
        return days
    return [days[index * len(days) // count] for index in range(count)]


def has_faded(plan: ReminderTimes, day: date) -> bool:
    return plan.fade_after_weeks is not None and (day - plan.starts_on).days >= 7 * plan.fade_after_weeks


def days(plan: ReminderTimes, first: date, last: date) -> Iterator[date]:
    """The days between (both included) on which the plan reminds."""
    day = max(first, plan.starts_on)
    end = last if plan.ends_on is None else min(last, plan.ends_on)
    while day <= end:
        weekdays: Sequence[int] = plan.weekdays
        if has_faded(plan, day):
            weekdays = choose_weekdays(weekdays, plan.fade_to_days or 0)
        if day.weekday() in weekdays:
            yield day
        day += timedelta(days=1)


def occurrences(plan: ReminderTimes, zone: ZoneInfo, first: date, last: date) -> Iterator[Due]:
    """Every occurrence of the days between (both included), in order; each moment once."""
    seen: set[datetime] = set()
    for day in days(plan, first, last):
        # A time that exists goes before one that the clock moved onto it.
        moments = [(*moment(day, at, zone), at) for at in sorted(set(plan.times))]
        for at, clock, local in sorted(moments, key=lambda one: (one[1] == SKIPPED, one[2])):
            if at not in seen:
                seen.add(at)
                yield Due(day, local, at, clock)
