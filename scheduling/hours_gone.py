"""Hours, a room or a site that are taken away: whose visits lie there, and are to be called."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from uuid import UUID

from clinic.caller import Caller
from scheduling import follow_ups, rules, slots
from scheduling.models import Appointment, Room

KINDS = ["hours", "extra-hours", "rooms", "sites"]
Visit = tuple[UUID, UUID, UUID | None, datetime, datetime]


@contextmanager
def watched(*, by: Caller, at: datetime) -> Iterator[None]:
    """
    Note the visits that lay within working hours before the block and lie outside after it. What was booked outside
    them on purpose is left alone; what lies within them again needs nobody's call any more.
    """
    before = _within_hours(by.clinic_id, at)
    yield
    after = _within_hours(by.clinic_id, at)
    Appointment.objects.filter(pk__in=before - after).update(hours_gone_at=at)
    Appointment.objects.filter(pk__in=after, hours_gone_at__isnull=False).update(hours_gone_at=None)
    follow_ups.look_at_hours(by=by, at=at)


def _within_hours(clinic_id: UUID, at: datetime) -> set[UUID]:
    """The visits ahead that lie within their therapist's hours, in their room, and not where it is closed."""
    ahead = Appointment.objects.filter(status__in=rules.UPCOMING, starts_at__gt=at)
    visits = list(ahead.values_list("pk", "therapist_id", "room_id", "starts_at", "ends_at"))
    in_rooms = [visit for visit in visits if visit[2] is not None]
    online = [visit for visit in visits if visit[2] is None]
    return _covered(clinic_id, in_rooms, online=False) | _covered(clinic_id, online, online=True)


def _covered(clinic_id: UUID, visits: Sequence[Visit], *, online: bool) -> set[UUID]:
    if not visits:
        return set()
    day = timedelta(days=1)
    rooms = Room.objects.filter(is_active=True, site__is_active=True).values_list("pk", flat=True)
    stretches = slots.working(
        clinic_id, therapists=list({visit[1] for visit in visits}), rooms=None if online else list(rooms),
        first=min(visit[3] for visit in visits) - day, until=max(visit[4] for visit in visits) + day, online=online,
    )  # fmt: skip
    by_place: dict[tuple[UUID, UUID | None], list[rules.Gap]] = defaultdict(list)
    for one in stretches:
        by_place[one.therapist_id, one.room_id].append(one)
    return {pk for pk, who, room, first, last in visits if _lies_in(by_place[who, room], first, last)}


def _lies_in(stretches: list[rules.Gap], first: datetime, last: datetime) -> bool:
    """Whether one of these, which come in order, holds all of it."""
    place = bisect_right(stretches, first, key=lambda one: one.starts_at)
    return place > 0 and last <= stretches[place - 1].ends_at
