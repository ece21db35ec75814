"""What the patient is told of an appointment, through the same engine as every other message."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr

from django.conf import settings
from django.utils import translation

from accounts.models import Clinic
from accounts.queries import clinic_zone
from clinic.caller import Caller
from messaging import actions as messages
from messaging import addresses, engine, links
from messaging.models import Link
from messaging.rules import EMAIL
from messaging.texts import language_of
from patients.models import Patient
from scheduling import ics, rules, slots
from scheduling.models import Appointment

LATE = timedelta(days=2)  # word of a change is of use for so long
BEFORE = timedelta(minutes=15)  # no reminder comes later than that before the visit
KINDS = ["appointment_booked", "appointment_moved", "appointment_reminder", "appointment_missed"]


def booked(found: Appointment, *, by: Caller, at: datetime) -> None:
    _announce(found, "appointment_booked", ics.REQUEST, by=by, at=at)
    remind(found, by=by, at=at)


def moved(found: Appointment, *, by: Caller, at: datetime) -> None:
    _call_off(found)
    _announce(found, "appointment_moved", ics.REQUEST, by=by, at=at)
    remind(found, by=by, at=at)


def status_changed(found: Appointment, before: str, *, by: Caller, at: datetime) -> None:
    """Word of a cancellation or a missed visit; a corrected one is announced anew."""
    after = found.status
    if after == rules.CANCELLED:
        _call_off(found)
        if found.starts_at > at and before != rules.PROPOSED:
            _announce(found, "appointment_cancelled", ics.CANCEL, by=by, at=at)
    elif after == rules.NOSHOW:
        _call_off(found)
        if at - found.starts_at < LATE:
            _owe(found, "appointment_missed", by=by, at=at, due_at=at, late_after=LATE)
    elif rules.STATUSES[after].begun:
        _call_off(found)
    elif before in (rules.PROPOSED, rules.CANCELLED, rules.NOSHOW):
        booked(found, by=by, at=at)
    elif rules.STATUSES[before].begun:
        remind(found, by=by, at=at)


def series_booked(made: Sequence[Appointment], *, by: Caller, at: datetime) -> None:
    """One message for all of a series, with every time in its calendar file; reminders for each."""
    first = made[0]
    if slots.booking_of(first.clinic_id).invite:
        patient, clinic = _people(first)
        calendar = _calendar(list(made), ics.PUBLISH, patient, clinic, at)
        _owe(first, "series_booked", by=by, at=at, due_at=at, late_after=LATE, calendar=calendar)
    for one in made:
        remind(one, by=by, at=at)


def remind(found: Appointment, *, by: Caller, at: datetime) -> None:
    """Owe the reminders that lie ahead: so many hours before, by the wall clock (24 hours: the same time, the day
    before, also when the clock changes in between)."""
    zone = clinic_zone(found.clinic_id)
    for hours in slots.booking_of(found.clinic_id).remind_hours:
        due = rules.moved(found.starts_at, by=-timedelta(hours=hours), zone=zone)
        late_after = found.starts_at - BEFORE - due
        if due > at and late_after > timedelta():
            _owe(found, "appointment_reminder", by=by, at=at, due_at=due, late_after=late_after, name=str(hours))


def _call_off(found: Appointment) -> None:
    for kind in KINDS:
        messages.call_off(about_ids=[found.pk], kind=kind)


def _announce(found: Appointment, kind: str, method: str, *, by: Caller, at: datetime) -> None:
    if found.starts_at <= at or not slots.booking_of(found.clinic_id).invite:
        return
    patient, clinic = _people(found)
    calendar = _calendar([found], method, patient, clinic, at)
    _owe(found, kind, by=by, at=at, due_at=at, late_after=LATE, calendar=calendar)


def _people(found: Appointment) -> tuple[Patient, Clinic]:
    patient = Patient.objects.select_related("clinic").get(pk=found.patient_id)
    return patient, patient.clinic


def _calendar(found: list[Appointment], method: str, patient: Patient, clinic: Clinic, at: datetime) -> str:
    sender = engine.sending_of(clinic.pk).reply_to or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    rows = Appointment.objects.filter(pk__in=[one.pk for one in found]).select_related("room__site").in_order()
    with translation.override(language_of(patient.language, clinic.locale)):
        return ics.invitation(
            rows, clinic, method=method, organizer=sender, attendee=patient.email or sender, at=at
        )  # fmt: skip


def link_of(found: Appointment) -> Link:
    """The patient's link to this appointment: one, however often it is moved."""
    link = Link.objects.filter(about_id=found.pk, purpose="appointment", revoked_at=None).first()
    if link is None:
        return links.make(
            purpose="appointment", patient_id=found.patient_id, about_id=found.pk, clinic_id=found.clinic_id,
            expires_at=found.starts_at,
        )  # fmt: skip
    if link.expires_at != found.starts_at:
        link.expires_at = found.starts_at
        link.save(update_fields=["expires_at"])
    return link


def _owe(
    found: Appointment, kind: str, *, by: Caller, at: datetime, due_at: datetime, late_after: timedelta,
    calendar: str = "", name: str = "",
) -> None:  # fmt: skip
    channels = addresses.usable_channels(Patient.objects.get(pk=found.patient_id))
    if not channels:
        return
    linked = kind in ("appointment_booked", "appointment_moved", "appointment_reminder") and found.starts_at > at
    messages.owe(
        kind=kind, channel=channels[0], patient_id=found.patient_id, about_id=found.pk, about_at=found.starts_at,
        link=link_of(found) if linked else None, due_at=due_at, late_after=late_after, by=by,
        calendar=calendar if channels[0] == EMAIL else "",
        dedupe_key=f"{kind}:{found.pk}:{found.revision}:{name}",
    )  # fmt: skip
