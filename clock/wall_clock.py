"""
Wall-clock times as moments, once and for all apps.

A time that a change of the clock skips comes as much later as the clock was put forward (02:30 as 03:30), and one that
comes twice is taken the first time, as RFC 5545 (3.3.5) has it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo


def at_wall(local: datetime, zone: ZoneInfo) -> datetime:
    """The moment (UTC) of a wall-clock time without a zone."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def begin_of(day: date, zone: ZoneInfo) -> datetime:
    """The moment (UTC) at which a day begins there."""
    return at_wall(datetime.combine(day, time()), zone)


def is_in_reach(day: date | None) -> bool:
    """Whether a day is one that a clinic plans or looks back to: 2000 to 2100. No day at all is."""
    return day is None or 2000 <= day.year <= 2100
