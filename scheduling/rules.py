"""What states an appointment has, which time is free, how a series is placed. Plain tables and functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import pairwise
from uuid import UUID
from zoneinfo import ZoneInfo

from clock.wall_clock import at_wall, begin_of

# --- States ---------------------------------------------------------------------------------------------------

PROPOSED, BOOKED, CONFIRMED = "proposed", "booked", "confirmed"
ARRIVED, IN_ROOM, FULFILLED = "arrived", "in_room", "fulfilled"
NOSHOW, CANCELLED = "noshow", "cancelled"


@dataclass(frozen=True)
class Status:
    """
    One state of an appointment.

    :ivar holds: whether it keeps therapist, room and patient from anything else
    :ivar fhir: the `Appointment.status` of HL7 FHIR R4 (https://hl7.org/fhir/R4/valueset-appointmentstatus.html)
    :ivar mark: a sign for it beside its colour
    :ivar begun: it says something of a visit, so it cannot be before the visit's day
    """

    label: str
    holds: bool
    fhir: str
    mark: str
    begun: bool = False


STATUSES = {
    PROPOSED: Status("Proposed", True, "proposed", "?"),
    BOOKED: Status("Booked", True, "booked", "○"),
    CONFIRMED: Status("Confirmed", True, "booked", "✓"),
    ARRIVED: Status("Arrived", True, "arrived", "▸", begun=True),
    IN_ROOM: Status("In the room", True, "checked-in", "■", begun=True),
    FULFILLED: Status("Done", True, "fulfilled", "●", begun=True),
    NOSHOW: Status("Missed", False, "noshow", "✗", begun=True),
    CANCELLED: Status("Cancelled", False, "cancelled", "–"),
}
HOLDING = [code for code, status in STATUSES.items() if status.holds]
UPCOMING = [PROPOSED, BOOKED, CONFIRMED]
# The usual way. Every other change is a correction, and says why.
NEXT: Mapping[str, tuple[str, ...]] = {
    PROPOSED: (BOOKED, CANCELLED),
    BOOKED: (CONFIRMED, ARRIVED, NOSHOW, CANCELLED),
    CONFIRMED: (ARRIVED, NOSHOW, CANCELLED),
    ARRIVED: (IN_ROOM, FULFILLED),
    IN_ROOM: (FULFILLED,),
    FULFILLED: (),
    NOSHOW: (),
    CANCELLED: (),
}
EARLY = timedelta(hours=12)  # the day of a visit has come so long before it
BY_PATIENT, BY_CLINIC = "patient", "clinic"
CANCELLED_BY = [BY_PATIENT, BY_CLINIC]
REASONS = ["ill", "no_time", "better", "not_better", "therapist_away", "closed", "mistake", "expired", "other"]
# What a patient may say by link.
PATIENT_REASONS = ["ill", "no_time", "better", "not_better"]


def is_correction(before: str, after: str) -> bool:
    """Whether a change of state is not the usual way on."""
    return after not in NEXT[before]


def is_too_early(status: str, *, starts_at: datetime, at: datetime) -> bool:
    """Whether nothing of that kind can be said yet: nobody is there the day before, or has missed what is to come."""
    if status == NOSHOW:
        return starts_at > at
    return STATUSES[status].begun and starts_at - at > EARLY


def next_steps(status: str, *, starts_at: datetime, at: datetime) -> list[str]:
    """What may come next now, the usual way; a cancellation is asked for by itself."""
    return [code for code in NEXT[status] if code != CANCELLED and not is_too_early(code, starts_at=starts_at, at=at)]


def hold_until(starts_at: datetime, *, at: datetime, hold: timedelta) -> datetime:
    """Until when a proposed appointment keeps its time."""
    return max(at, min(at + hold, starts_at))


def in_time(starts_at: datetime, *, at: datetime, window: timedelta) -> bool:
    """Whether a patient may still cancel by link."""
    return starts_at - at >= window


def move_by(starts_at: datetime, *, by: timedelta, zone: ZoneInfo) -> datetime:
    """
    A moment so much later by the clock on the wall: 10:00 stays 10:00 through a change of the clock.

    A time that the change skips comes as much later as the clock was put forward; one that comes twice, the first time.
    """
    return at_wall(starts_at.astimezone(zone).replace(tzinfo=None) + by, zone)


def closure_span(
    first_day: date, last_day: date, from_time: time | None, until_time: time | None, zone: ZoneInfo
) -> tuple[datetime, datetime]:
    """The moments between which a closure lies: whole days, or some hours of each."""
    if from_time is None or until_time is None:
        return begin_of(first_day, zone), begin_of(last_day + timedelta(days=1), zone)
    return at_wall(datetime.combine(first_day, from_time), zone), at_wall(datetime.combine(last_day, until_time), zone)


def falls_within(starts_at: datetime, ends_at: datetime, from_time: time, until_time: time, zone: ZoneInfo) -> bool:
    """Whether a visit touches these hours of its day."""
    local, leaves = starts_at.astimezone(zone), ends_at.astimezone(zone)
    return local.time() < until_time and (leaves.date() > local.date() or leaves.time() > from_time)


LENGTH_MIN = 5, 480  # minutes, the shortest and the longest appointment; the clinic's own choice lies between
STEPS_MIN = [5, 10, 15, 20, 30, 60]  # the grids on which appointments may begin

# --- Free time ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FreeGap:
    """A stretch in which a therapist works in a room (None: online) and nothing is booked."""

    therapist_id: UUID
    room_id: UUID | None
    starts_at: datetime
    ends_at: datetime


def clear_gaps(
    gap: FreeGap, taken: Iterable[datetime], *, least_gap: timedelta, length: timedelta
) -> Iterator[FreeGap]:
    """The parts of a gap in which something of this length begins far enough from each of those moments."""
    parts = [(gap.starts_at, gap.ends_at)]
    for moment in taken:
        cut_up = []
        for first, last in parts:
            cut_up += [(first, min(last, moment - least_gap + length)), (max(first, moment + least_gap), last)]
        parts = [(first, last) for first, last in cut_up if last - first >= length]
    for first, last in sorted(set(parts)):
        yield FreeGap(gap.therapist_id, gap.room_id, first, last)


@dataclass(frozen=True, order=True)
class Slot:
    """A time that can be booked."""

    starts_at: datetime
    therapist_id: UUID
    room_id: UUID | None


def split_gap(gap: FreeGap, *, length: timedelta, step: timedelta, zone: ZoneInfo) -> Iterator[Slot]:
    """The slots of a gap; each begins on the clinic's grid (every `step` since midnight, by the wall clock)."""
    local = gap.starts_at.astimezone(zone).replace(tzinfo=None)
    midnight = datetime.combine(local.date(), time())
    local = midnight + -((midnight - local) // step) * step
    while True:
        at = at_wall(local, zone)
        if at + length > gap.ends_at:
            return
        if at >= gap.starts_at:
            yield Slot(at, gap.therapist_id, gap.room_id)
        local += step


def slots(gaps: Iterable[FreeGap], *, length: timedelta, step: timedelta, zone: ZoneInfo, limit: int) -> list[Slot]:
    """The first slots of gaps that come in order of their beginning; one for a therapist and moment."""
    slots_found: set[Slot] = set()
    latest: datetime | None = None
    for gap in gaps:
        if latest is not None and gap.starts_at > latest:
            break
        for number, slot in enumerate(split_gap(gap, length=length, step=step, zone=zone)):
            if number >= limit:
                break
            slots_found.add(slot)
        if len(slots_found) >= limit:
            latest = sorted(slots_found)[limit - 1].starts_at
    once: dict[tuple[datetime, UUID], Slot] = {}
    for slot in sorted(slots_found, key=lambda s: (s.starts_at, str(s.therapist_id), str(s.room_id or ""))):
        once.setdefault((slot.starts_at, slot.therapist_id), slot)
    return list(once.values())[:limit]


# --- Series ---------------------------------------------------------------------------------------------------

# The same point is not needled again within this time: domain facts, section 3.2 (product proposal, >= 48 to 72 h).
NEEDLING_GAP = timedelta(hours=48)
MOST_SESSIONS = 60
MOST_WEEKS = 26


# --- Calendar -------------------------------------------------------------------------------------------------

TYPE_COLOURS = 8  # as many as the style sheet has; the mark tells apart those that share one


def type_marks(names: Sequence[str]) -> dict[str, str]:
    """Two letters for each appointment type, no two alike as far as their letters go: "First visit" is FV."""
    marks: dict[str, str] = {}
    for name in names:
        words = [[c for c in word if c.isalnum()] for word in name.split()]
        words = [word for word in words if word] or [["?"]]
        letters = [c for word in words for c in word]
        seconds = [word[0] for word in words[1:]] + letters[1:]
        wanted = [f"{letters[0]}{second}".upper() for second in seconds] or [letters[0].upper()]
        marks[name] = next((mark for mark in wanted if mark not in marks.values()), wanted[0])
    return marks


def free_stretches(
    hours: Iterable[tuple[datetime, datetime]],
    busy: Iterable[tuple[datetime, datetime]],
    *,
    after: datetime,
    least: timedelta,
) -> list[tuple[datetime, datetime]]:
    """What is left of working hours between appointments, from a moment on; shorter ones than `least` are left out."""
    free: list[tuple[datetime, datetime]] = []
    taken = sorted(busy)
    for starts_at, ends_at in sorted(hours):
        cursor = max(starts_at, after)
        for begins, ends in taken:
            if ends <= cursor or begins >= ends_at:
                continue
            if begins - cursor >= least:
                free.append((cursor, begins))
            cursor = max(cursor, ends)
        if ends_at - cursor >= least:
            free.append((cursor, ends_at))
    return free


@dataclass(frozen=True)
class Placed:
    """
    :ivar slots: where each number of the series (from 0) could be placed
    :ivar unplaced: the numbers that could not be
    """

    slots: dict[int, Slot]
    unplaced: list[int]


def windows(starts_on: date, weeks: int, count: int) -> list[tuple[date, date]]:
    """The days (first, and the one after the last) of each session: the weeks shared out as evenly as they go."""
    days = weeks * 7
    edges = [starts_on + timedelta(days=number * days // count) for number in range(count + 1)]
    return [(first, max(after, first + timedelta(days=1))) for first, after in pairwise(edges)]


def place(
    free: Sequence[Slot],
    *,
    starts_on: date,
    weeks: int,
    count: int,
    least_gap: timedelta,
    zone: ZoneInfo,
    taken: Iterable[datetime] = (),
) -> Placed:
    """
    Share a series out over the weeks: each session in its own part of them, at most one a day, never closer than
    `least_gap` to another. What finds nothing in its own part takes the nearest time elsewhere in the weeks; if so
    many fit at all, so many are placed.

    The first that fits sets the tone: the same therapist and the same time of day are preferred for the others.

    :param free: slots in order
    :param taken: starts of other appointments that keep the same distance
    """
    after = starts_on + timedelta(weeks=weeks)
    fit = [
        slot
        for slot in free
        if starts_on <= slot.starts_at.astimezone(zone).date() < after
        and all(abs(slot.starts_at - taken_slot) >= least_gap for taken_slot in taken)
    ]
    pace = Pace(timedelta(weeks=weeks) / count, count, least_gap, zone)
    chosen: dict[int, Slot] = {}
    left: list[int] = []
    for number, (first, last) in enumerate(windows(starts_on, weeks, count)):
        in_part = [slot for slot in fit if first <= slot.starts_at.astimezone(zone).date() < last]
        if not pace.choose(number, in_part, chosen):
            left.append(number)
    left = [number for number in left if not pace.choose(number, fit, chosen)]
    if left:
        closest = tightly(fit, pace)
        chosen = dict(enumerate(closest)) if len(closest) > len(chosen) else chosen
    placed = sorted(chosen.values(), key=lambda slot: slot.starts_at)
    return Placed(dict(enumerate(placed)), list(range(len(placed), count)))


EXCHANGES_SHOWN = 6


def list_exchanges(
    placed: Placed, free: Sequence[Slot], *, least_gap: timedelta, zone: ZoneInfo, taken: Iterable[datetime] = ()
) -> dict[int, list[Slot]]:
    """
    By number, the times between its neighbours that a placed session could have instead: nearest days first, at most
    two a day, in order. Each keeps its distance, whatever one of the others is exchanged for: it lies between the
    middles to its neighbours.
    """
    away = list(taken)
    numbers = sorted(placed.slots)
    exchanges: dict[int, list[Slot]] = {}
    for position, number in enumerate(numbers):
        slot = placed.slots[number]
        earlier = placed.slots[numbers[position - 1]].starts_at if position else None
        later = placed.slots[numbers[position + 1]].starts_at if position + 1 < len(numbers) else None
        other_days = {_day(neighbour, zone) for n, neighbour in placed.slots.items() if n != number}
        able = [
            other
            for other in free
            if other != slot
            and (earlier is None or other.starts_at - (earlier + (slot.starts_at - earlier) / 2) >= least_gap / 2)
            and (later is None or (slot.starts_at + (later - slot.starts_at) / 2) - other.starts_at >= least_gap / 2)
            and all(abs(other.starts_at - moment) >= least_gap for moment in away)
            and _day(other, zone) not in other_days
        ]
        nearest = sorted((*_exchange_distance(other, slot), index) for index, other in enumerate(able))
        spread = _spread((able[index] for _is_other, _far, index in nearest), zone)
        exchanges[number] = sorted(spread, key=lambda other: other.starts_at)
    return exchanges


def _day(slot: Slot, zone: ZoneInfo) -> date:
    return slot.starts_at.astimezone(zone).date()


def _exchange_distance(other: Slot, slot: Slot) -> tuple[bool, timedelta]:
    return other.therapist_id != slot.therapist_id, abs(other.starts_at - slot.starts_at)


def _spread(able: Iterable[Slot], zone: ZoneInfo) -> list[Slot]:
    """The first ones, but at most two of a day and one at a time."""
    chosen: list[Slot] = []
    for slot in able:
        same_day = [other for other in chosen if _day(other, zone) == _day(slot, zone)]
        if len(same_day) < 2 and all(other.starts_at != slot.starts_at for other in same_day):
            chosen.append(slot)
        if len(chosen) == EXCHANGES_SHOWN:
            break
    return chosen


@dataclass(frozen=True)
class Pace:
    """How the sessions of a series are to follow each other."""

    every: timedelta
    count: int
    least_gap: timedelta
    zone: ZoneInfo

    def apart(self, one: Slot, other: Slot) -> bool:
        same_day = one.starts_at.astimezone(self.zone).date() == other.starts_at.astimezone(self.zone).date()
        return not same_day and abs(one.starts_at - other.starts_at) >= self.least_gap

    def choose(self, number: int, fit: Sequence[Slot], chosen: dict[int, Slot]) -> bool:
        """Add the best time for this number to the chosen ones; whether there is any."""
        able = [slot for slot in fit if all(self.apart(slot, chosen_slot) for chosen_slot in chosen.values())]
        if not able:
            return False
        slot = able[0]
        if chosen:
            first_number, tone = next(iter(chosen.items()))
            ideal = tone.starts_at + (number - first_number) * self.every
            slot = min(able, key=lambda one: _distance(one, tone, ideal, self.zone))
        chosen[number] = slot
        return True


def tightly(fit: Sequence[Slot], pace: Pace) -> list[Slot]:
    """One after the other as early as can be, which places as many as there is room for."""
    slots_found: list[Slot] = []
    for slot in sorted(fit, key=lambda one: one.starts_at):
        if len(slots_found) == pace.count:
            break
        if not slots_found or pace.apart(slot, slots_found[-1]):
            slots_found.append(slot)
    return slots_found


def _distance(slot: Slot, tone: Slot, ideal: datetime, zone: ZoneInfo) -> tuple[bool, int, int, datetime]:
    """How far a slot is from what the first one and an even pace suggest; the least is taken."""
    days = abs((slot.starts_at.astimezone(zone).date() - ideal.astimezone(zone).date()).days)
    minutes = abs(minute_of_day(slot.starts_at, zone) - minute_of_day(tone.starts_at, zone))
    return (slot.therapist_id != tone.therapist_id, days, minutes, slot.starts_at)


def minute_of_day(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


THIS, LATER, ALL = "this", "later", "all"
REACH = [THIS, LATER, ALL]

# --- Waitlist -------------------------------------------------------------------------------------------------

WAITING, PLACED, WITHDRAWN, OUTDATED = "waiting", "placed", "withdrawn", "outdated"
WAITLIST_STATES = [WAITING, PLACED, WITHDRAWN, OUTDATED]
OPEN, ACCEPTED, DECLINED, GONE, EXPIRED = "open", "accepted", "declined", "gone", "expired"
OFFER_STATES = [OPEN, ACCEPTED, DECLINED, GONE, EXPIRED]


@dataclass(frozen=True)
class Wish:
    """What somebody on the waitlist would take. Empty or None: anything."""

    therapist_id: UUID | None
    weekdays: Sequence[int]
    from_time: time | None
    until_time: time | None
    from_date: date | None
    until_date: date | None
    length_min: int


def fits(wish: Wish, *, starts_at: datetime, ends_at: datetime, therapist_id: UUID, zone: ZoneInfo) -> bool:
    """Whether a stretch of free time is what somebody waits for."""
    local = starts_at.astimezone(zone)
    leaves = (starts_at + timedelta(minutes=wish.length_min)).astimezone(zone)
    return (
        starts_at + timedelta(minutes=wish.length_min) <= ends_at
        and (wish.therapist_id is None or wish.therapist_id == therapist_id)
        and (not wish.weekdays or local.weekday() in wish.weekdays)
        and (wish.from_time is None or local.time() >= wish.from_time)
        and (wish.until_time is None or (leaves.date() == local.date() and leaves.time() <= wish.until_time))
        and (wish.from_date is None or local.date() >= wish.from_date)
        and (wish.until_date is None or local.date() <= wish.until_date)
    )


# --- Figures --------------------------------------------------------------------------------------------------


def minutes(stretches: Iterable[tuple[datetime, datetime]]) -> int:
    """How many minutes these stretches cover together; what overlaps counts once."""
    total, until = timedelta(), None
    for first, last in sorted(stretches):
        begin = first if until is None else max(first, until)
        total += max(last - begin, timedelta())
        until = last if until is None else max(until, last)
    return int(total.total_seconds() // 60)


def share(part: float, whole: float) -> float | None:
    """A part of a whole, 0 to 1; None if there is no whole: nothing of nothing is not zero."""
    return part / whole if whole else None
