"""
The steps that actions are made of: each writes its rows with their trail, and says nothing of it yet. Whoever takes
them has locked people, rooms and rows (`holding`), and afterwards tells the patient and looks at the worklist.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from audit import actions as audit
from database.expressions import new_id
from errors.exceptions import DomainError, Problems
from identity.actor import Actor
from scheduling import rules
from scheduling.booking import locks
from scheduling.booking.locks import Time
from scheduling.models import Appointment, AppointmentType, Series

AUDITED = {"moved": "appointment.move", "swapped": "appointment.swap"}


def enter(
    *,
    patient_id: UUID,
    kind: AppointmentType,
    time: Time,
    note: str = "",
    series: Series | None = None,
    number: int | None = None,
    status: str = rules.BOOKED,
    outside_hours: bool = False,
    by: Actor,
    at: datetime,
) -> Appointment:
    """:raises Invalid, SlotTaken, PatientBusy:"""
    locks.check_patient(patient_id)
    time = locks.check_time(kind, time, outside_hours=outside_hours, at=at)
    appointment = Appointment(
        id=new_id(),
        clinic_id=by.clinic_id,
        patient_id=patient_id,
        type=kind,
        note=note,
        series=series,
        number=number,
        booked_at=at,
        booked_by_id=by.user_id,
        status_at=at,
    )
    locks.assign_time(appointment, time, kind, at)
    locks.set_state(appointment, status, at)
    with locks.conflicts_as_domain_errors(kind, appointment, at):
        appointment.save(force_insert=True)
    locks.note_change(appointment, "booked", {}, locks.snapshot(appointment), by=by, at=at)
    audit.log("appointment.book", by=by, target_id=appointment.pk, patient_ids=[patient_id])
    return appointment


def relocate(
    pairs: Sequence[tuple[Appointment, Time]],
    what: str,
    *,
    length_min: int | None = None,
    why: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """
    Give these their times, all or none.

    :param what: `moved` or `swapped`
    :param length_min: how long they are to be; each keeps its length, if none is said
    :raises SlotTaken, PatientBusy: with the `number` in its series of the one that could not be
    """
    before = [(locks.snapshot(row), locks.freed_slot_of(row)) for row, _time in pairs]
    for row, time in pairs:
        locks.assign_time(row, time, row.type.lasting(length_min) if length_min else row.as_booked, at)
    rows = [row for row, _time in pairs]
    clash = locks.find_clash(rows, [row.pk for row in rows]) or rows[0]
    try:
        with locks.conflicts_as_domain_errors(clash.as_booked, clash, at), locks.together():
            for row in rows:
                locks.save(row)
    except DomainError as refusal:
        if clash.number is not None:
            refusal.extra["number"] = clash.number
        raise
    for row, (old, freed) in zip(rows, before, strict=True):
        locks.note_change(row, what, old, locks.snapshot(row), by=by, at=at, why=why)
        audit.log(AUDITED[what], by=by, target_id=row.pk, patient_ids=[row.patient_id])
        locks.open_up(freed, at)


def change_status(
    found: Appointment,
    status: str,
    *,
    why: str = "",
    cancelled_by: str = "",
    reason: str = "",
    by: Actor,
    at: datetime,
) -> None:
    """:raises Invalid, SlotTaken, PatientBusy:"""
    _check_status(found, status, why=why, cancelled_by=cancelled_by, reason=reason, at=at)
    before, freed, held = locks.snapshot(found), locks.freed_slot_of(found), found.state.holds
    locks.set_state(found, status, at)
    found.cancelled_by, found.reason = (cancelled_by, reason) if status == rules.CANCELLED else ("", "")
    with locks.conflicts_as_domain_errors(found.as_booked, found, at):
        locks.save(found)
    locks.note_change(found, status, before, locks.snapshot(found), by=by, at=at, why=why)
    audit.log(f"appointment.{status}", by=by, target_id=found.pk, patient_ids=[found.patient_id])
    if held and not found.state.holds:
        locks.open_up(freed, at)


def _check_status(found: Appointment, status: str, *, why: str, cancelled_by: str, reason: str, at: datetime) -> None:
    problems = Problems()
    if status not in rules.STATUSES:
        problems.add("/status", "invalid.status", choices=list(rules.STATUSES))
        problems.raise_if_any()
    if rules.is_correction(found.status, status) and not why.strip():
        problems.add("/why", "required.correction_reason", status=found.status)
    if status == rules.CANCELLED:
        if cancelled_by not in rules.CANCELLED_BY:
            problems.add("/cancelled_by", "invalid.cancelled_by", choices=list(rules.CANCELLED_BY))
        if reason not in rules.REASONS:
            problems.add("/reason", "invalid.cancellation_reason", choices=list(rules.REASONS))
    elif cancelled_by or reason:
        problems.add("/reason", "not_allowed.cancellation_reason")
    if rules.is_too_early(status, starts_at=found.starts_at, at=at):
        problems.add("/status", "too_early.no_show" if status == rules.NOSHOW else "too_early.day")
    problems.raise_if_any()
