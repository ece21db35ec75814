"""
Everything that changes an appointment. Nobody is ever booked twice: the database's exclusion constraints say so, and
the loser of a race is told what is free instead.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from audit import actions as audit
from clinic.caller import Caller
from clinic.constraints import violations_as
from clinic.errors import Conflict, Invalid, Problems
from clinic.schema import new_id
from scheduling import follow_ups, holding, rules, slots, telling
from scheduling.holding import Time
from scheduling.models import Appointment, Offer, Series, Waiting

# --- Booking --------------------------------------------------------------------------------------------------


@transaction.atomic
def book(
    *,
    patient_id: UUID,
    type_id: UUID,
    time: Time,
    note: str = "",
    proposed: bool = False,
    outside_hours: bool = False,
    series: Series | None = None,
    number: int | None = None,
    alone: bool = True,
    by: Caller,
    at: datetime,
) -> Appointment:
    """
    Book an appointment.

    :param proposed: pencilled in; it holds its time for so long as the clinic has set, and is given up then
    :param outside_hours: also where the therapist does not work
    :param alone: the patient is sent word of it, and the worklist looked at; a series does that once for all
    :raises Invalid: see the errors
    :raises SlotTaken, PatientBusy: with `next_free` in what it carries
    """
    kind = holding.find_type(type_id)
    holding.check_patient(patient_id)
    holding.check_time(kind, time, outside_hours=outside_hours, at=at)
    held = at + timedelta(hours=slots.booking_of(by.clinic_id).hold_hours)
    made = Appointment(
        id=new_id(), clinic_id=by.clinic_id, patient_id=patient_id, type=kind, note=note, series=series,
        number=number, booked_at=at, booked_by_id=by.user_id, status=rules.PROPOSED if proposed else rules.BOOKED,
        held_until=min(held, time.starts_at) if proposed else None,
    )  # fmt: skip
    holding.put(made, time, kind)
    holding.lock(patient_id, time.therapist_id, time.room_id)
    with holding.clashes(kind, made, at):
        made.save(force_insert=True)
    holding.note_change(made, "booked", {}, holding.facts(made), by=by, at=at)
    audit.log("appointment.book", by=by, target_id=made.pk, patient_ids=[patient_id])
    if alone and not proposed:
        telling.booked(made, by=by, at=at)
    if alone:
        follow_ups.reconcile(patient_id=patient_id, by=by, at=at)
    return made


@transaction.atomic
def move(
    *,
    appointment_id: UUID,
    time: Time,
    outside_hours: bool = False,
    why: str = "",
    revision: int | None = None,
    by: Caller,
    at: datetime,
) -> Appointment:
    """
    Give an appointment another time, therapist or room.

    :raises Invalid, NotUpcoming, SlotTaken, PatientBusy:
    """
    found = holding.taken_up(appointment_id, [time])
    holding.check_upcoming(found)
    holding.check_revision(found, revision)
    kind = found.type
    holding.check_time(kind, time, outside_hours=outside_hours, at=at)
    before, freed = holding.facts(found), holding.opening_of(found)
    holding.put(found, time, kind, length=found.ends_at - found.starts_at)
    if holding.facts(found) == before:
        return found
    if found.status == rules.CONFIRMED and found.starts_at.isoformat() != before["starts_at"]:
        found.status = rules.BOOKED  # it was the old time that was confirmed
    with holding.clashes(kind, found, at):
        holding.save(found)
    holding.note_change(found, "moved", before, holding.facts(found), by=by, at=at, why=why)
    audit.log("appointment.move", by=by, target_id=found.pk, patient_ids=[found.patient_id])
    holding.open_up(freed, at)
    if found.status != rules.PROPOSED:
        telling.moved(found, by=by, at=at)
    follow_ups.reconcile(patient_id=found.patient_id, by=by, at=at)
    return found


@transaction.atomic
def swap(*, first_id: UUID, second_id: UUID, by: Caller, at: datetime) -> tuple[Appointment, Appointment]:
    """
    Let two appointments change places: start, therapist and room. Each keeps its length.

    :raises Invalid, NotUpcoming, SlotTaken, PatientBusy:
    """
    if first_id == second_id:
        raise Invalid("Two different appointments, please.")
    first, second = holding.taken_up_together([first_id, second_id])
    pair = (first, second)
    for one in pair:
        holding.check_upcoming(one)
    times = [holding.time_of(second), holding.time_of(first)]
    for one, time in zip(pair, times, strict=True):
        holding.check_time(one.type, time, outside_hours=True, at=at)
    before = [holding.facts(one) for one in pair]
    for one, time in zip(pair, times, strict=True):
        if one.status == rules.CONFIRMED:
            one.status = rules.BOOKED  # it was the old time that was confirmed
        holding.put(one, time, one.type, length=one.ends_at - one.starts_at)
    with holding.clashes(first.type, first, at), holding.together():
        for one in pair:
            holding.save(one)
    for one, old in zip(pair, before, strict=True):
        holding.note_change(one, "swapped", old, holding.facts(one), by=by, at=at)
        audit.log("appointment.swap", by=by, target_id=one.pk, patient_ids=[one.patient_id])
        if one.status != rules.PROPOSED:
            telling.moved(one, by=by, at=at)
    for patient_id in {one.patient_id for one in pair}:
        follow_ups.reconcile(patient_id=patient_id, by=by, at=at)
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
    tell: bool = True,
    by: Caller,
    at: datetime,
) -> Appointment:
    """
    Say how an appointment stands. What is not the usual way on is a correction, and says why.

    :param cancelled_by: `patient` or `clinic`, with `reason`; for a cancellation only
    :raises Invalid: see the errors
    :raises SlotTaken, PatientBusy: it would hold its time again, and somebody else has it
    """
    found = holding.taken_up(appointment_id, [])
    holding.check_revision(found, revision)
    if found.status == status:
        return found
    _check_status(found, status, why=why, cancelled_by=cancelled_by, reason=reason, at=at)
    before, freed, held = holding.facts(found), holding.opening_of(found), found.state.holds
    found.status = status
    found.cancelled_by, found.reason = (cancelled_by, reason) if status == rules.CANCELLED else ("", "")
    found.held_until = found.held_until if status == rules.PROPOSED else None
    with holding.clashes(found.type, found, at):
        holding.save(found)
    holding.note_change(found, status, before, holding.facts(found), by=by, at=at, why=why)
    audit.log(f"appointment.{status}", by=by, target_id=found.pk, patient_ids=[found.patient_id])
    if held and not found.state.holds:
        holding.open_up(freed, at)
    if tell:
        telling.status_changed(found, before["status"], by=by, at=at)
    follow_ups.reconcile(patient_id=found.patient_id, by=by, at=at)
    return found


def _check_status(found: Appointment, status: str, *, why: str, cancelled_by: str, reason: str, at: datetime) -> None:
    problems = Problems()
    if status not in rules.STATUSES:
        problems.add("/status", "invalid", f"One of: {', '.join(rules.STATUSES)}.")
        problems.raise_if_any()
    if rules.is_correction(found.status, status) and not why.strip():
        usual = ", ".join(rules.NEXT[found.status]) or "nothing"
        problems.add("/why", "required", f"After {found.status} comes {usual}; for anything else, say why.")
    if status == rules.CANCELLED:
        if cancelled_by not in rules.CANCELLED_BY:
            problems.add("/cancelled_by", "invalid", f"One of: {', '.join(rules.CANCELLED_BY)}.")
        if reason not in rules.REASONS:
            problems.add("/reason", "invalid", f"One of: {', '.join(rules.REASONS)}.")
    elif cancelled_by or reason:
        problems.add("/reason", "not_allowed", "Only a cancellation has a reason and somebody who cancelled.")
    if rules.is_too_early(status, starts_at=found.starts_at, at=at):
        said = "It has not begun yet." if status == rules.NOSHOW else "The day of this appointment has not come yet."
        problems.add("/status", "too_early", said)
    problems.raise_if_any()


class TooLateToCancel(Conflict):
    code = "too_late_to_cancel"
    detail = "It is too late to cancel here; please call us."


def cancel_by_link(*, appointment_id: UUID, reason: str, by: Caller, at: datetime) -> Appointment:
    """
    The patient says that they cannot come; until the clinic's time for it is over.

    :raises TooLateToCancel: or see `set_status`
    """
    window = timedelta(hours=slots.booking_of(by.clinic_id).cancel_until_hours)
    starts_at = Appointment.objects.values_list("starts_at", flat=True).get(pk=appointment_id)
    if not rules.in_time(starts_at, at=at, window=window):
        raise TooLateToCancel
    return set_status(
        appointment_id=appointment_id, status=rules.CANCELLED, cancelled_by=rules.BY_PATIENT,
        reason=reason if reason in rules.PATIENT_REASONS else "other", by=by, at=at,
    )  # fmt: skip


@transaction.atomic
def annotate(*, appointment_id: UUID, note: str, revision: int | None = None, by: Caller, at: datetime) -> Appointment:
    """Change the desk's note on an appointment."""
    found = holding.taken_up(appointment_id, [])
    holding.check_revision(found, revision)
    if found.note != note:
        before = found.note
        found.note = note
        holding.save(found)
        holding.note_change(found, "note", {"note": before}, {"note": note}, by=by, at=at)
        audit.log("appointment.annotate", by=by, target_id=found.pk, patient_ids=[found.patient_id])
    return found


# --- Two records that become one ------------------------------------------------------------------------------


class BothBooked(Conflict):
    code = "both_booked"
    detail = "The two records have appointments at the same time; move or cancel one of them first."


@transaction.atomic
def follow_merge(*, source_id: UUID, target_id: UUID, by: Caller, at: datetime) -> None:
    """
    Give the survivor what lies ahead: appointments, open series, the place on the waitlist. What is over stays.

    :raises BothBooked: they would be in two places at once
    """
    holding.lock(source_id, target_id)
    rows = list(Appointment.objects.filter(patient_id=source_id, ends_at__gt=at).holding())
    with violations_as({"patient_booked_once": BothBooked}):
        Appointment.objects.filter(pk__in=[one.pk for one in rows]).update(patient_id=target_id)
    for one in rows:
        ids = {"patient_id": str(source_id)}, {"patient_id": str(target_id)}
        holding.note_change(one, "merged", *ids, by=by, at=at)
    Series.objects.filter(patient_id=source_id, ended_at=None).update(patient_id=target_id)
    waits = Waiting.objects.filter(patient_id=source_id, status=rules.WAITING)
    had = Waiting.objects.filter(patient_id=target_id, status=rules.WAITING).values_list("type_id", flat=True)
    waits.filter(type_id__in=list(had)).update(status=rules.WITHDRAWN)
    moved = list(waits.values_list("pk", flat=True))
    Waiting.objects.filter(pk__in=moved).update(patient_id=target_id)
    Offer.objects.filter(waiting_id__in=moved).update(patient_id=target_id)
    for patient_id in (source_id, target_id):
        follow_ups.reconcile(patient_id=patient_id, by=by, at=at)
