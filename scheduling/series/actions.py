"""Series: so many sessions over so many weeks; proposed, booked all or none, changed as one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import pairwise
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from accounts.queries import clinic_zone
from audit import actions as audit
from clock.wall_clock import begin_of, is_in_reach
from database.expressions import new_id
from database.revisions import check_revision
from errors.exceptions import DomainError, Invalid, Problems
from identity.actor import Actor
from patients.queries import identities
from scheduling import notifications, rules, worklist_sync
from scheduling.availability import slots
from scheduling.booking import actions, locks, operations
from scheduling.booking.locks import Time
from scheduling.models import Appointment, AppointmentType, Series
from treatments.models import TreatmentPlan

MOST_FREE = 2000  # slots looked at for one session of a proposal


@dataclass(frozen=True)
class SeriesPlan:
    """
    What a series is to be.

    :ivar length_min: minutes of each session; None: the type's
    :ivar least_gap_h: hours between two sessions; None: what the type's technique asks for
    :ivar treatment_plan_id: the patient's treatment plan that it is booked for
    """

    type_id: UUID
    count: int
    weeks: int
    starts_on: date
    length_min: int | None = None
    therapists: Sequence[UUID] = ()
    rooms: Sequence[UUID] = ()
    weekdays: Sequence[int] = ()
    from_time: time | None = None
    until_time: time | None = None
    least_gap_h: int | None = None
    treatment_plan_id: UUID | None = None


def check(plan: SeriesPlan, *, clinic_id: UUID) -> None:
    """:raises Invalid:"""
    problems = Problems()
    if not 1 <= plan.count <= rules.MOST_SESSIONS:
        problems.add("/count", "out_of_range", low=1, high=rules.MOST_SESSIONS)
    if not 1 <= plan.weeks <= rules.MOST_WEEKS:
        problems.add("/weeks", "out_of_range", low=1, high=rules.MOST_WEEKS)
    elif plan.count > plan.weeks * 7:
        problems.add("/count", "too_many.sessions_a_day")
    if plan.least_gap_h is not None and not 0 <= plan.least_gap_h <= 24 * 30:
        problems.add("/least_gap_h", "out_of_range", low=0, high=720)
    if not is_in_reach(plan.starts_on):
        problems.add("/starts_on", "out_of_range.series_start")
    slots.find_unknown(problems, therapists=plan.therapists, rooms=plan.rooms, clinic_id=clinic_id)
    problems.raise_if_any()


def propose(*, patient_id: UUID, plan: SeriesPlan, by: Actor, at: datetime) -> rules.Placed:
    """
    Where the sessions could be; nothing is held. What could not be placed is named.

    :raises Invalid:
    """
    return propose_with_choice(patient_id=patient_id, plan=plan, by=by, at=at)[0]


def propose_with_choice(
    *, patient_id: UUID, plan: SeriesPlan, by: Actor, at: datetime
) -> tuple[rules.Placed, dict[int, list[rules.Slot]]]:
    """
    As `propose`, and by the session's number (from 0) the times that it could be exchanged for, the others staying.

    :raises Invalid:
    """
    check(plan, clinic_id=by.clinic_id)
    locks.check_patient(patient_id)
    type_ = locks.find_type(plan.type_id, length_min=plan.length_min)
    zone = clinic_zone(by.clinic_id)
    gap = least_gap(type_, plan)
    free: list[rules.Slot] = []
    for first, after in rules.windows(plan.starts_on, plan.weeks, plan.count):
        search = slots.Search(
            max(begin_of(first, zone), at),
            begin_of(after, zone),
            therapists=plan.therapists,
            rooms=plan.rooms,
            weekdays=plan.weekdays,
            from_time=plan.from_time,
            until_time=plan.until_time,
            patient_id=patient_id,
        )
        if search.after < search.until:
            free += slots.free(type_, search, limit=MOST_FREE)
    taken = list(slots.list_needling_times(type_, patient_id, after=at)) if gap else []
    placed = rules.place(
        free,
        starts_on=plan.starts_on,
        weeks=plan.weeks,
        count=plan.count,
        least_gap=gap,
        zone=zone,
        taken=taken,
    )
    return placed, rules.list_exchanges(placed, free, least_gap=gap, zone=zone, taken=taken)


def least_gap(kind: AppointmentType, plan: SeriesPlan) -> timedelta:
    if plan.least_gap_h is not None:
        return timedelta(hours=plan.least_gap_h)
    return rules.NEEDLING_GAP if kind.needles else timedelta()


@transaction.atomic
def book_series(
    *, patient_id: UUID, plan: SeriesPlan, times: Sequence[Time], note: str = "", by: Actor, at: datetime
) -> tuple[Series, list[Appointment]]:
    """
    Book a series: all of these times or none. Fewer times than sessions leave a row on the worklist.

    :raises Invalid: see the errors
    :raises SlotTaken, PatientBusy: naming the number that was taken
    """
    check(plan, clinic_id=by.clinic_id)
    check_treatment_plan(plan, patient_id, by.clinic_id)
    problems = Problems()
    if not 1 <= len(times) <= plan.count:
        problems.add("/times", "out_of_range", low=1, high=plan.count)
    type_ = locks.find_type(plan.type_id, length_min=plan.length_min)
    gap = least_gap(type_, plan)
    in_order = sorted(enumerate(times), key=lambda numbered: numbered[1].starts_at)
    for (_, earlier), (place, later) in pairwise(in_order):
        if later.starts_at - earlier.starts_at < gap:
            problems.add(f"/times/{place}", "too_close")
    problems.raise_if_any()
    series = Series.objects.create(
        id=new_id(),
        clinic_id=by.clinic_id,
        patient_id=patient_id,
        type=type_,
        count=plan.count,
        weeks=plan.weeks,
        length_min=type_.length_min,
        starts_on=plan.starts_on,
        treatment_plan_id=plan.treatment_plan_id,
        note=note,
        made_by_id=by.user_id,
    )
    audit.log("series.book", by=by, target_id=series.pk, patient_ids=[patient_id])
    locks.lock(patient_id, *(key for appointment in times for key in (appointment.therapist_id, appointment.room_id)))
    created = []
    for number, (place, placed_at) in enumerate(in_order, start=1):
        with number_refusals(number, f"/times/{place}"):
            created.append(
                operations.enter(
                    patient_id=patient_id, kind=type_, time=placed_at, series=series, number=number, by=by, at=at
                )
            )
    notifications.series_booked(created, by=by, at=at)
    worklist_sync.reconcile(patient_id=patient_id, by=by, at=at)
    return series, created


def check_treatment_plan(plan: SeriesPlan, patient_id: UUID, clinic_id: UUID) -> None:
    """:raises Invalid: the treatment plan is another patient's, or it has ended"""
    if plan.treatment_plan_id is None:
        return
    people = identities(clinic_id=clinic_id, patient_id=patient_id)
    plans = TreatmentPlan.objects.of_patients(people).filter(pk=plan.treatment_plan_id, ended_at=None)
    if not plans.exists():
        raise Invalid.at("/treatment_plan_id", "unknown.treatment_plan")


@contextmanager
def number_refusals(number: int, pointer: str = "") -> Iterator[None]:
    """
    Say which number of a series a refusal is about.

    :param pointer: where the body has this one's time
    """
    try:
        yield
    except DomainError as refusal:
        refusal.extra["number"] = number
        refusal.errors = [
            error if error.pointer == "/patient_id" else replace(error, pointer=pointer + error.pointer)
            for error in refusal.errors
        ]
        raise


def find_affected(found: Appointment, reach: str, at: datetime) -> list[UUID]:
    """This one; this and the later ones of its series; or all of it. Only what lies ahead."""
    if reach == rules.THIS or found.series_id is None:
        return [found.pk]
    others = Appointment.objects.filter(series_id=found.series_id, status__in=rules.UPCOMING)
    others = others.filter(Q(starts_at__gt=at) | Q(pk=found.pk))
    if reach == rules.LATER:
        others = others.filter(starts_at__gte=found.starts_at)
    return list(others.in_order().values_list("pk", flat=True))


@transaction.atomic
def move_series(
    *,
    appointment_id: UUID,
    time: Time,
    reach: str,
    length_min: int | None = None,
    outside_hours: bool = False,
    revision: int | None = None,
    by: Actor,
    at: datetime,
) -> list[Appointment]:
    """
    Move this one, this and later, or all: by the same days and the same time on the wall, so that 10:00 stays 10:00
    when the clock changes. All or none.

    :param length_min: minutes that they are to last; with more than this one, also what is still to be booked. None:
        each as long as it was
    :param revision: the one of `appointment_id` that was looked at
    :raises Invalid, NotUpcoming, SlotTaken, PatientBusy, ChangedMeanwhile:
    """
    check_reach(reach)
    first = Appointment.objects.select_related("type").filter(pk=appointment_id).first()
    ids = find_affected(first, reach, at) if first else [appointment_id]
    if first is None or ids == [appointment_id]:
        moved = actions.move(
            appointment_id=appointment_id,
            time=time,
            length_min=length_min,
            outside_hours=outside_hours,
            revision=revision,
            by=by,
            at=at,
        )
        _set_length(moved.series_id, reach, length_min)
        return [moved]
    locks.check_upcoming(first)
    locks.check_range(time.starts_at, at)
    if length_min is not None:
        locks.check_length(length_min)
    zone = clinic_zone(by.clinic_id)
    by_wall = wall(time.starts_at, zone) - wall(first.starts_at, zone)
    rows = locks.get_all_for_update(ids, [time])
    for appointment in rows:
        locks.check_upcoming(appointment)
        if appointment.pk == first.pk:
            locks.check_revision(appointment, first.revision if revision is None else revision)
    pairs = []
    for appointment in rows:
        target = Time(
            rules.move_by(appointment.starts_at, by=by_wall, zone=zone),
            time.therapist_id if time.therapist_id != first.therapist_id else appointment.therapist_id,
            time.room_id if time.room_id != first.room_id else appointment.room_id,
        )
        with number_refusals(appointment.number or 0):
            type_ = appointment.type.lasting(length_min) if length_min else appointment.as_booked
            pairs.append((appointment, locks.check_time(type_, target, outside_hours=outside_hours, at=at)))
    operations.relocate(pairs, "moved", length_min=length_min, why=f"series: {reach}", by=by, at=at)
    _set_length(first.series_id, reach, length_min)
    notifications.series_moved(rows, by=by, at=at)
    worklist_sync.reconcile(patient_id=first.patient_id, by=by, at=at)
    return rows


def _set_length(series_id: UUID | None, reach: str, length_min: int | None) -> None:
    """What is still to be booked of a series lasts as long as what was changed for later, or for all."""
    if series_id is not None and length_min is not None and reach != rules.THIS:
        Series.objects.filter(pk=series_id).update(length_min=length_min)


def check_reach(reach: str) -> None:
    """:raises Invalid:"""
    if reach not in rules.REACH:
        raise Invalid.at("/reach", "invalid.reach", choices=list(rules.REACH))


def wall(at: datetime, zone: tzinfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None)


@transaction.atomic
def cancel_series(
    *,
    appointment_id: UUID,
    reach: str,
    cancelled_by: str,
    reason: str,
    why: str = "",
    revision: int | None = None,
    by: Actor,
    at: datetime,
) -> list[Appointment]:
    """
    Cancel this one, this and later, or all that lies ahead. With more than this one, the series has ended.

    :param revision: the one of `appointment_id` that was looked at
    :raises Invalid, ChangedMeanwhile:
    """
    check_reach(reach)
    first = Appointment.objects.filter(pk=appointment_id).first()
    if first is None or first.series_id is None or reach == rules.THIS:
        return [
            actions.set_status(
                appointment_id=appointment_id,
                status=rules.CANCELLED,
                cancelled_by=cancelled_by,
                reason=reason,
                why=why,
                revision=revision,
                by=by,
                at=at,
            )
        ]
    rows = locks.get_all_for_update(find_affected(first, reach, at))
    before = {appointment.pk: appointment.status for appointment in rows}
    for appointment in rows:
        if appointment.pk == first.pk:
            locks.check_revision(appointment, revision)
        operations.change_status(
            appointment, rules.CANCELLED, cancelled_by=cancelled_by, reason=reason, why=why, by=by, at=at
        )
    notifications.series_cancelled(
        [appointment for appointment in rows if before[appointment.pk] != rules.PROPOSED], by=by, at=at
    )
    end_series(series_id=first.series_id, revision=None, by=by, at=at)
    worklist_sync.reconcile(patient_id=first.patient_id, by=by, at=at)
    return rows


@transaction.atomic
def end_series(*, series_id: UUID, revision: int | None, by: Actor, at: datetime) -> Series:
    """
    Book no more of it. What is booked stays.

    :param revision: the one that was read
    :raises RevisionChanged:
    """
    series = Series.objects.select_for_update(of=("self",), no_key=True).get(pk=series_id)
    check_revision(series, revision)
    if series.ended_at is None:
        series.ended_at = at
        series.save(update_fields=["ended_at"])
        audit.log("series.end", by=by, target_id=series.pk, patient_ids=[series.patient_id])
        worklist_sync.reconcile(patient_id=series.patient_id, by=by, at=at)
    return series
