"""
Holding a time: what every change of an appointment shares, for one, a swap, a series, or a taken offer.

People and rooms are locked first, in one order; then rows; and the exclusion constraints have the last word.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Q

from accounts.models import Membership
from accounts.queries import clinic_zone
from database.sql import run_prepared
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, NotFound, Problems
from identity.actor import Actor
from patients.models import Patient
from scheduling import rules
from scheduling.availability import slots
from scheduling.models import Appointment, AppointmentType, Change, Opening

NEXT_FREE = 3
BACKWARDS = timedelta(days=31)  # what was done by phone or on paper is entered later
FORWARDS = timedelta(days=2 * 366)


class SlotTaken(Conflict):
    reason = "slot_taken"


class TherapistUnavailable(Conflict):
    """The therapist is busy at another clinic. Which one, this clinic must not learn."""

    reason = "not_available"


class PatientBusy(Conflict):
    reason = "patient_busy"


class NotUpcoming(Conflict):
    reason = "not_upcoming"


CLASHES: Mapping[str, type[Conflict]] = {
    "therapist_booked_once": SlotTaken,
    "room_booked_once": SlotTaken,
    "patient_booked_once": PatientBusy,
    "person_booked_once": TherapistUnavailable,
}
# In one order, so that two who want the same things wait for each other instead of standing in each other's way.
# SQL: advisory locks, which the ORM does not have.
LOCK = """
    SELECT pg_advisory_xact_lock(key)
    FROM (SELECT DISTINCT hashtextextended(one::text, 5) AS key FROM unnest(%s::uuid[]) AS one ORDER BY key) AS keys
"""


@dataclass(frozen=True)
class Time:
    """
    Where an appointment is to be: a start, a therapist, a room (None: online).

    :ivar outside_hours: it is known, and wanted, that the therapist does not work there and then
    :ivar placed_at: of a place that is taken over as it is: since when somebody was there
    """

    starts_at: datetime
    therapist_id: UUID
    room_id: UUID | None
    outside_hours: bool = field(default=False, compare=False)
    placed_at: datetime | None = field(default=None, compare=False)


class ChangedMeanwhile(Conflict):
    reason = "changed_meanwhile"


def find_type(type_id: UUID, *, length_min: int | None = None) -> AppointmentType:
    """
    :param length_min: minutes, if it is to last longer or shorter than usual
    :raises Invalid:
    """
    problems = Problems()
    type_ = AppointmentType.objects.filter(pk=type_id, is_active=True).first()
    if type_ is None:
        problems.add("/type_id", "unknown.appointment_type")
        problems.raise_if_any()
    assert type_ is not None
    if length_min is None:
        return type_
    check_length(length_min)
    return type_.lasting(length_min)


def check_length(length_min: int) -> None:
    """:raises Invalid:"""
    problems = Problems()
    shortest, longest = rules.LENGTH_MIN
    if not shortest <= length_min <= longest:
        problems.add("/length_min", "out_of_range.minutes", low=shortest, high=longest)
    problems.raise_if_any()


def check_patient(patient_id: UUID) -> Patient:
    """:raises Invalid:"""
    patient = Patient.objects.filter(pk=patient_id).first()
    if patient is None:
        raise Invalid.at("/patient_id", "unknown.patient")
    problems = Problems()
    if patient.is_merged:
        problems.add("/patient_id", "merged")
    elif patient.status != "in_care":
        problems.add("/patient_id", "not_in_care")
    problems.raise_if_any()
    return patient


def check_range(starts_at: datetime, at: datetime) -> None:
    """:raises Invalid: what was done by phone or on paper is entered later, but not years later"""
    problems = Problems()
    if not at - BACKWARDS <= starts_at <= at + FORWARDS:
        problems.add("/starts_at", "out_of_range.appointment_start")
    problems.raise_if_any()


def check_time(kind: AppointmentType, time: Time, *, outside_hours: bool, at: datetime) -> Time:
    """
    Whether the therapist may do it, in that room, at that time. Whether it is free, the database says.

    :param outside_hours: also where the therapist does not work
    :returns: the time, with whether it lies outside the hours
    :raises Invalid:
    """
    check_place(kind, time, at=at)
    outside = not works(kind, time)
    problems = Problems()
    if outside and not outside_hours:
        problems.add("/starts_at", "outside_hours")
    problems.raise_if_any()
    # What lies in the hours and only where it is closed is no visit outside them.
    return replace(time, outside_hours=outside and not works(kind, time, closed=False))


def check_place(kind: AppointmentType, time: Time, *, at: datetime) -> None:
    """
    Whether the therapist may do it, in that room.

    :raises Invalid:
    """
    check_range(time.starts_at, at)
    problems = Problems()
    zone = clinic_zone(kind.clinic_id)
    if time.therapist_id not in slots.therapists_for(kind, on=time.starts_at.astimezone(zone).date()):
        able = (
            Membership.objects.active()
            .filter(clinic_id=kind.clinic_id, role="therapist", user_id=time.therapist_id)
            .exists()
        )
        if able:
            problems.add("/therapist_id", "not_competent")
        else:
            problems.add("/therapist_id", "unknown.therapist")
    rooms = slots.rooms_for(kind)
    if kind.online and time.room_id is not None:
        problems.add("/room_id", "not_allowed.room_online")
    elif not kind.online and time.room_id not in rooms:
        problems.add("/room_id", "unknown.room_for_type")
    problems.raise_if_any()


def works(kind: AppointmentType, time: Time, *, closed: bool = True) -> bool:
    """Whether the therapist works there for all of it; with `closed` False, without regard to closures."""
    ends_at = time.starts_at + kind.length
    stretches = slots.working(
        kind.clinic_id,
        therapists=[time.therapist_id],
        rooms=[time.room_id] if time.room_id else None,
        first=time.starts_at - timedelta(days=1),
        until=ends_at + timedelta(days=1),
        online=kind.online,
        closed=closed,
    )
    return any(stretch.starts_at <= time.starts_at and ends_at <= stretch.ends_at for stretch in stretches)


def swap_time(one: Appointment, other: Appointment) -> Time:
    """The other's time, for this one. A longer one that reaches beyond the hours there is so on purpose."""
    time = replace(time_of(other), placed_at=other.placed_at)
    fits = works(one.as_booked, time, closed=False)
    meant = time.outside_hours or works(other.as_booked, time, closed=False)
    return replace(time, outside_hours=not fits and meant)


def check_upcoming(found: Appointment) -> None:
    """:raises NotUpcoming:"""
    if found.status not in rules.UPCOMING:
        raise NotUpcoming


def check_revision(found: Appointment, revision: int | None) -> None:
    """:raises ChangedMeanwhile:"""
    if revision is not None and found.revision != revision:
        raise ChangedMeanwhile


def lock(*ids: UUID | None) -> None:
    """Have these patients, therapists and rooms to oneself until the transaction ends."""
    run_prepared(LOCK, [[str(key) for key in ids if key is not None]])


def get_for_update(appointment_id: UUID, times: list[Time]) -> Appointment:
    """The appointment, with everything locked that it has and is to have. :raises NotFound:"""
    return get_all_for_update([appointment_id], times)[0]


def get_all_for_update(ids: list[UUID], times: list[Time] | None = None) -> list[Appointment]:
    """
    :raises NotFound:
    :raises ChangedMeanwhile: somebody moved one of them between the look and the lock
    """
    seen = list(Appointment.objects.filter(pk__in=ids))
    if len(seen) < len(ids):
        raise NotFound
    held = {
        key
        for appointment_id in seen
        for key in (appointment_id.patient_id, appointment_id.therapist_id, appointment_id.room_id)
    }
    lock(*held, *(key for time in times or () for key in (time.therapist_id, time.room_id)))
    rows = Appointment.objects.filter(pk__in=ids).select_related("type").order_by("pk")
    locked = {appointment_id.pk: appointment_id for appointment_id in rows.select_for_update(of=("self",), no_key=True)}
    if any(
        appointment_id.therapist_id not in held or appointment_id.room_id not in held
        for appointment_id in locked.values()
    ):
        raise ChangedMeanwhile
    return [locked[appointment_id] for appointment_id in ids]


def time_of(found: Appointment) -> Time:
    return Time(found.starts_at, found.therapist_id, found.room_id, found.outside_hours)


def restore_since(found: Appointment, time: Time) -> Time:
    """If it goes back to where it was before its last move: it is there since when it was there, not only since now."""
    placed = list(found.changes.filter(what__in=["booked", "moved", "swapped"]).order_by("-id")[:2])
    if len(placed) < 2 or placed[0].what != "moved":
        return time
    before = {**snapshot(found), **placed[0].before}
    there = datetime.fromisoformat(before["starts_at"]), before["therapist_id"], before["room_id"]
    time_key = time.starts_at, str(time.therapist_id), str(time.room_id) if time.room_id else None
    return replace(time, placed_at=placed[1].at) if there == time_key else time


def assign_time(found: Appointment, time: Time, kind: AppointmentType, at: datetime) -> None:
    """Give it this time, now; what was confirmed for another moment, therapist or less time is to be confirmed anew."""
    ends_at = time.starts_at + kind.length
    has_changed = (found.starts_at, found.therapist_id) != (time.starts_at, time.therapist_id)
    if found.status == rules.CONFIRMED and (has_changed or ends_at > found.ends_at):
        set_state(found, rules.BOOKED, found.status_at)
    if found.held_until is not None:
        found.held_until = min(found.held_until, time.starts_at)
    found.starts_at, found.therapist_id, found.room_id = time.starts_at, time.therapist_id, time.room_id
    found.ends_at, found.outside_hours, found.placed_at = ends_at, time.outside_hours, time.placed_at or at
    found.blocked_until = found.ends_at + kind.buffer


def set_state(found: Appointment, status: str, at: datetime) -> None:
    found.status, found.status_at = status, at
    if status != rules.PROPOSED:
        found.held_until = None
    elif found.held_until is None:
        hold = timedelta(hours=slots.booking_of(found.clinic_id).hold_hours)
        found.held_until = rules.hold_until(found.starts_at, at=at, hold=hold)


def save(found: Appointment) -> None:
    found.revision += 1
    found.save()


@contextmanager
def together() -> Iterator[None]:
    """Let several rows change before they are held against each other; it is done when the block ends."""
    with connection.cursor() as cursor:  # SQL: the ORM defers no constraint
        cursor.execute(f"SET CONSTRAINTS {', '.join(CLASHES)} DEFERRED")
        yield
        for name in CLASHES:  # the clinic's own first: a clash within the clinic is named as one
            cursor.execute(f"SET CONSTRAINTS {name} IMMEDIATE")


# SQL: of other clinics' appointments, only this function says anything.
BUSY_ELSEWHERE = """
    SELECT one.n FROM unnest(%s::uuid[], %s::timestamptz[], %s::timestamptz[])
        WITH ORDINALITY AS one (person, starts_at, until, n)
    WHERE EXISTS (SELECT FROM scheduling_busy(ARRAY[one.person], one.starts_at, one.until, %s::uuid[]))
    ORDER BY one.n LIMIT 1
"""


def find_clash(rows: Sequence[Appointment], but: Sequence[UUID]) -> Appointment | None:
    """Return the first of these whose time is taken: in this clinic, else by the therapist's work at another."""
    for appointment in rows:
        appointments = Appointment.objects.holding().exclude(pk__in=but).filter(starts_at__lt=appointment.blocked_until)
        placed = Q(therapist_id=appointment.therapist_id) | (
            Q(room_id=appointment.room_id) if appointment.room_id else Q(pk=None)
        )
        same = Q(
            patient_id=appointment.patient_id, starts_at__lt=appointment.ends_at, ends_at__gt=appointment.starts_at
        )
        if appointments.filter(same | (placed & Q(blocked_until__gt=appointment.starts_at))).exists():
            return appointment
    people, starts = [appointment.therapist_id for appointment in rows], [appointment.starts_at for appointment in rows]
    busy = run_prepared(
        BUSY_ELSEWHERE, [people, starts, [appointment.blocked_until for appointment in rows], list(but)]
    )
    return rows[busy[0][0] - 1] if busy else None


@contextmanager
def conflicts_as_domain_errors(kind: AppointmentType, wanted: Appointment, at: datetime) -> Iterator[None]:
    """Tell whoever comes second what is free instead."""
    try:
        with violations_as(CLASHES):
            yield
    except Conflict as clash:
        if type(clash) in CLASHES.values():
            clash.extra["next_free"] = [
                {
                    "starts_at": slot.starts_at.isoformat().replace("+00:00", "Z"),
                    "therapist_id": str(slot.therapist_id),
                    "room_id": str(slot.room_id) if slot.room_id else None,
                }
                for slot in next_free(kind, wanted, at)
            ]
        raise


def next_free(kind: AppointmentType, wanted: Appointment, at: datetime) -> list[rules.Slot]:
    """The next three times of the same therapist; of anybody, if that one has none in the coming weeks."""
    after = max(wanted.starts_at, at)
    search = slots.Search(
        after,
        after + timedelta(weeks=4),
        therapists=[wanted.therapist_id],
        patient_id=wanted.patient_id,
        but=[wanted.pk],
    )
    free_slots = slots.free(kind, search, limit=NEXT_FREE)
    anybody = slots.Search(after, after + timedelta(weeks=4), patient_id=wanted.patient_id, but=[wanted.pk])
    return free_slots or slots.free(kind, anybody, limit=NEXT_FREE)


def snapshot(found: Appointment) -> dict[str, Any]:
    """What a change may change, for the trail."""
    return {
        "status": found.status,
        "starts_at": found.starts_at.isoformat(),
        "ends_at": found.ends_at.isoformat(),
        "therapist_id": str(found.therapist_id),
        "room_id": str(found.room_id) if found.room_id else None,
        "cancelled_by": found.cancelled_by,
        "reason": found.reason,
        "held_until": found.held_until.isoformat() if found.held_until else None,
        "outside_hours": found.outside_hours,
    }


def note_change(
    found: Appointment,
    what: str,
    before: dict[str, Any],
    after: dict[str, Any],
    *,
    by: Actor,
    at: datetime,
    why: str = "",
) -> None:
    changed = {key: value for key, value in after.items() if before.get(key) != value}
    Change.objects.create(
        clinic_id=found.clinic_id,
        appointment=found,
        at=at,
        by_id=by.user_id,
        by_client="" if by.user_id else by.client_id or "",
        what=what,
        why=why,
        before={key: before[key] for key in changed if key in before},
        after=changed,
    )


def freed_slot_of(found: Appointment) -> Opening:
    return Opening(
        clinic_id=found.clinic_id,
        therapist_id=found.therapist_id,
        room_id=found.room_id,
        starts_at=found.starts_at,
        ends_at=found.blocked_until,
    )


def open_up(freed: Opening, at: datetime) -> None:
    """Note a time that came free; the waitlist's next tick offers it."""
    if freed.ends_at <= at:
        return
    freed.made_at = at
    freed.save(force_insert=True)
