"""The period that rates and the export are of, by the clinic's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from errors.exceptions import Invalid

USUAL_DAYS = 365
EARLIEST = date(2000, 1, 1)


@dataclass(frozen=True)
class Period:
    """:ivar until: the last day, which belongs to it"""

    since: date
    until: date
    zone: ZoneInfo

    @property
    def begins_at(self) -> datetime:
        return datetime.combine(self.since, time.min, self.zone)

    @property
    def ends_at(self) -> datetime:
        return datetime.combine(self.until + timedelta(days=1), time.min, self.zone)


def period_of(since: date | None, until: date | None, *, zone: ZoneInfo, at: datetime) -> Period:
    """
    Return the period from one day to another; without days the last year.

    :raises Invalid: the first day is after the last, or a day is before 2000 or after 2999
    """
    last = until or at.astimezone(zone).date()
    if not EARLIEST <= last < date(3000, 1, 1):
        raise Invalid.at("?until", "invalid.period")
    first = since or max(last - timedelta(days=USUAL_DAYS), EARLIEST)
    if not EARLIEST <= first <= last:
        raise Invalid.at("?since", "invalid.period")
    return Period(first, last, zone)
