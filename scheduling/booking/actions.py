"""
Everything that changes an appointment. Nobody is ever booked twice: the database's exclusion constraints say so, and
the loser of a race is told what is free instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit import actions as audit
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, Problems
from identity.actor import Actor
from scheduling import notifications, rules, worklist_sync
from scheduling.availability import slots
from scheduling.booking import locks, operations
from scheduling.booking.locks import Time
from scheduling.models import Appointment, AppointmentType, Offer, Series, Waiting
from worklist import actions as worklist

# --- Booking --------------------------------------------------------------------------------------------------


@transaction.atomic
def book(
    *,
    patient_id: UUID,
    type_id: UUID,
    time: Time,
    length_min: int | None = None,
    note: str = "",
    proposed: bool = False,
    outside_hours: bool = False,
    series_id: UUID | None = None,
    by: Actor,
    at: datetime,
) -> Appointment:
    """
    Book an appointment.

    :param length_min: minutes, if it is to last longer or shorter than its type or its series does
    :param proposed: pencilled in; it holds its time for so long as the clinic has set, and is given up then
    :param outside_hours: also where the therapist does not work
    :param series_id: the series that it fills up
    :raises Invalid: see the errors
    :raises SlotTaken, PatientBusy: with `next_free` in what it carries
    """
    locks.lock(patient_id, time.therapist_id, time.room_id)
    type_ = locks.find_type(type_id, length_min=length_min)
    series = _require_open_series(series_id, patient_id, type_) if series_id else None
    if series and length_min is None:
        type_ = type_.lasting(series.length_min)
    appointment = operations.enter(
        patient_id=patient_id,
        kind=type_,
        time=time,
        note=note,
        series=series,
        number=_next_number(series) if series else None,
        status=rules.PROPOSED if proposed else rules.BOOKED,
        outside_hours=outside_hours,
        by=by,
        at=at,
    )
    if not proposed:
        notifications.notify_booking(appointment, by=by, at=at)
    worklist_sync.reconcile(patient_id=patient_id, by=by, at=at)
    return appointment


def _require_open_series(series_id: UUID, patient_id: UUID, kind: AppointmentType) -> Series:
    problems = Problems()
    series_list = Series.objects.select_for_update(of=("self",), no_key=True).filter(
        pk=series_id, patient_id=patient_id
    )
    series = series_list.first()
    if series is None or series.ended_at is not None:
        problems.add("/series_id", "unknown.series")
    elif series.type_id != kind.pk:
        problems.add("/series_id", "other_type")
    elif worklist_sync.sessions_left(series) == 0:
        problems.add("/series_id", "full")
    problems.raise_if_any()
    assert series is not None
    return series


def _next_number(series: Series) -> int:
    held = set(Appointment.objects.holding().filter(series=series).values_list("number", flat=True))
    return next(number for number in range(1, series.count + 1) if number not in held)


@transaction.atomic
def move(
    *,
    appointment_id: UUID,
    time: Time,
    length_min: int | None = None,
    outside_hours: bool = False,
    why: str = "",
    revision: int | None = None,
    by: Actor,
    at: datetime,
) -> Appointment:
    """
    Give an appointment another time, therapist, room or length.

    :param length_min: minutes; None: as long as it was
    :param revision: the one that was looked at
    :raises Invalid, NotUpcoming, SlotTaken, PatientBusy, ChangedMeanwhile:
    """
    appointment = locks.get_for_update(appointment_id, [time])
    locks.check_upcoming(appointment)
    locks.check_revision(appointment, revision)
    type_ = appointment.as_booked
    if length_min is not None:
        locks.check_length(length_min)
        type_ = type_.lasting(length_min)
    time = locks.restore_since(appointment, locks.check_time(type_, time, outside_hours=outside_hours, at=at))
    as_it_was = time == locks.time_of(appointment) and type_.length == appointment.ends_at - appointment.starts_at
    if as_it_was and time.outside_hours == appointment.outside_hours:
        return appointment
    operations.relocate([(appointment, time)], "moved", length_min=length_min, why=why, by=by, at=at)
    notifications.notify_move(appointment, by=by, at=at)
    worklist_sync.reconcile(patient_id=appointment.patient_id, by=by, at=at)
    return appointment


@transaction.atomic
def swap(
    *,
    first_id: UUID,
    second_id: UUID,
    revisions: tuple[int | None, int | None] = (None, None),
    by: Actor,
    at: datetime,
) -> tuple[Appointment, Appointment]:
    """
    Let two appointments change places: start, therapist and room. Each keeps its length.

    :param revisions: the ones that were looked at
    :raises Invalid, NotUpcoming, SlotTaken, PatientBusy, ChangedMeanwhile:
    """
    if first_id == second_id:
        raise Invalid.at("/with_id", "invalid.same_appointment")
    if not Appointment.objects.filter(pk=second_id).exists():
        raise Invalid.at("/with_id", "unknown.appointment")
    first, second = locks.get_all_for_update([first_id, second_id])
    pairs = [(first, locks.swap_time(first, second)), (second, locks.swap_time(second, first))]
    for (first_row, time), revision in zip(pairs, revisions, strict=True):
        locks.check_upcoming(first_row)
        locks.check_revision(first_row, revision)
        locks.check_place(first_row.type, time, at=at)
    operations.relocate(pairs, "swapped", by=by, at=at)
    for first_row, _time in pairs:
        notifications.notify_move(first_row, by=by, at=at)
    for patient_id in {first.patient_id, second.patient_id}:
        worklist_sync.reconcile(patient_id=patient_id, by=by, at=at)
    return first, second


# --- State ----------------------------------------------------------------------------------------------------


@transaction.atomic
def set_status(
    *,
    appointment_id: UUID,
    status: str,
    why: str = "",
    cancelled_by: str = "",
    reason: str = "",
    revision: int | None = None,
    by: Actor,
    at: datetime,
) -> Appointment:
    """
    Say how an appointment stands. What is not the usual way on is a correction, and says why.

    :param cancelled_by: `patient` or `clinic`, with `reason`; for a cancellation only
    :param revision: the one that was looked at
    :raises Invalid: see the errors
    :raises SlotTaken, PatientBusy: it would hold its time again, and somebody else has it
    :raises ChangedMeanwhile:
    """
    appointment = locks.get_for_update(appointment_id, [])
    locks.check_revision(appointment, revision)
    before = appointment.status
    if before == status:
        return appointment
    operations.change_status(appointment, status, why=why, cancelled_by=cancelled_by, reason=reason, by=by, at=at)
    notifications.status_changed(appointment, before, by=by, at=at)
    worklist_sync.reconcile(patient_id=appointment.patient_id, by=by, at=at)
    return appointment


class TooLateToCancel(Conflict):
    reason = "too_late_to_cancel"


def cancel_by_link(*, appointment_id: UUID, reason: str, revision: int, by: Actor, at: datetime) -> Appointment:
    """
    The patient says that they cannot come; until the clinic's time for it is over.

    :param revision: the one that they have seen: nobody cancels a time they do not know
    :raises TooLateToCancel: or see `set_status`
    """
    window = timedelta(hours=slots.booking_of(by.clinic_id).cancel_until_hours)
    starts_at = Appointment.objects.values_list("starts_at", flat=True).get(pk=appointment_id)
    if not rules.in_time(starts_at, at=at, window=window):
        raise TooLateToCancel
    return set_status(
        appointment_id=appointment_id,
        status=rules.CANCELLED,
        cancelled_by=rules.BY_PATIENT,
        reason=reason if reason in rules.PATIENT_REASONS else "other",
        revision=revision,
        by=by,
        at=at,
    )


@transaction.atomic
def annotate(*, appointment_id: UUID, note: str, revision: int | None = None, by: Actor, at: datetime) -> Appointment:
    """Change the desk's note on an appointment."""
    appointment = locks.get_for_update(appointment_id, [])
    locks.check_revision(appointment, revision)
    if appointment.note != note:
        before = appointment.note
        appointment.note = note
        locks.save(appointment)
        locks.note_change(appointment, "note", {"note": before}, {"note": note}, by=by, at=at)
        audit.log("appointment.annotate", by=by, target_id=appointment.pk, patient_ids=[appointment.patient_id])
    return appointment


# --- A patient who has died ---------------------------------------------------------------------------------------


@transaction.atomic
def cancel_ahead(*, patient_id: UUID, by: Actor, at: datetime) -> int:
    """Cancel a patient's appointments ahead and places on the waitlist; return how many appointments."""
    locks.lock(patient_id)
    ahead = Appointment.objects.filter(patient_id=patient_id, ends_at__gt=at).holding()
    appointments = locks.get_all_for_update(list(ahead.values_list("pk", flat=True)))
    for appointment in appointments:
        operations.change_status(
            appointment, rules.CANCELLED, cancelled_by=rules.BY_CLINIC, reason="other", by=by, at=at
        )
    Waiting.objects.filter(patient_id=patient_id, status=rules.WAITING).update(status=rules.WITHDRAWN)
    worklist_sync.reconcile(patient_id=patient_id, by=by, at=at)
    return len(appointments)


def follow_death(*, patient_id: UUID, by: Actor, at: datetime) -> None:
    """Cancel what lies ahead of a patient who has died. Nobody is called to book again; one row tells the desk."""
    count = cancel_ahead(patient_id=patient_id, by=by, at=at)
    if count:
        facts = {"count": count}
        worklist.raise_item(kind="deceased", patient_id=patient_id, about_id=patient_id, facts=facts, by=by, at=at)


# --- Two records that become one ------------------------------------------------------------------------------


class BothBooked(Conflict):
    reason = "both_booked"


@transaction.atomic
def follow_merge(*, source_id: UUID, target_id: UUID, by: Actor, at: datetime) -> None:
    """
    Give the survivor what lies ahead: appointments, open series, the place on the waitlist. What is over stays.

    :raises BothBooked: they would be in two places at once
    """
    locks.lock(source_id, target_id)
    rows = list(Appointment.objects.filter(patient_id=source_id, ends_at__gt=at).holding())
    with violations_as({"patient_booked_once": BothBooked}):
        Appointment.objects.filter(pk__in=[row.pk for row in rows]).update(patient_id=target_id)
    for row in rows:
        ids = {"patient_id": str(source_id)}, {"patient_id": str(target_id)}
        locks.note_change(row, "merged", *ids, by=by, at=at)
    Series.objects.filter(patient_id=source_id, ended_at=None).update(patient_id=target_id)
    waits = Waiting.objects.filter(patient_id=source_id, status=rules.WAITING)
    had = Waiting.objects.filter(patient_id=target_id, status=rules.WAITING).values_list("type_id", flat=True)
    waits.filter(type_id__in=list(had)).update(status=rules.WITHDRAWN)
    moved = list(waits.values_list("pk", flat=True))
    Waiting.objects.filter(pk__in=moved).update(patient_id=target_id)
    Offer.objects.filter(waiting_id__in=moved).update(patient_id=target_id)
    worklist_sync.reconcile(patient_id=target_id, by=by, at=at)
