"""What the patient is told of an appointment, through the same engine as every other message."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.utils import parseaddr
from uuid import UUID

from django.conf import settings
from django.utils import translation

from accounts.models import Clinic
from accounts.queries import clinic_zone
from database import bulk
from database.expressions import new_id
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses, engine, links
from messaging import rules as message_rules
from messaging.models import Link, Message
from messaging.rules import EMAIL
from messaging.texts import language_of
from patients.models import Patient
from scheduling import ics, rules
from scheduling.availability import slots
from scheduling.models import Appointment, Told

LATE = timedelta(days=2)  # word of a change is of use for so long
BEFORE = timedelta(minutes=15)  # no reminder comes later than that before the visit
SECOND_THOUGHTS = timedelta(minutes=1)  # a change that is taken back so soon is never told
KINDS = [code for code, kind in message_rules.KINDS.items() if kind.dated and code != "slot_offered"]
TIMES = ["appointment_booked", "appointment_moved", "series_booked", "series_moved"]
ENDS = ["appointment_cancelled", "series_cancelled"]
OF_SERIES = ["series_booked", "series_moved", "series_cancelled"]


def notify_booking(found: Appointment, *, by: Actor, at: datetime) -> None:
    _call_off([found], at=at)
    if not _knows(found):
        _announce([found], "appointment_booked", ics.REQUEST, by=by, at=at)
    remind(found, by=by, at=at)


def notify_move(found: Appointment, *, by: Actor, at: datetime) -> None:
    _call_off([found], at=at)
    if found.status == rules.PROPOSED:
        return
    if not _knows(found):
        _announce([found], "appointment_moved", ics.REQUEST, by=by, at=at, wait=SECOND_THOUGHTS)
    remind(found, by=by, at=at)


def status_changed(found: Appointment, before: str, *, by: Actor, at: datetime) -> None:
    """Word of a cancellation or a missed visit; a corrected one is announced anew."""
    after = found.status
    if after == rules.CANCELLED:
        _call_off([found], at=at)
        if before != rules.PROPOSED:
            _announce([found], "appointment_cancelled", ics.CANCEL, by=by, at=at, wait=SECOND_THOUGHTS)
    elif after == rules.NOSHOW:
        _call_off([found], at=at)
        if at - found.starts_at < LATE:
            _enqueue(found, "appointment_missed", by=by, at=at, due_at=at, late_after=LATE)
    elif rules.STATUSES[after].begun or after == rules.PROPOSED:
        _call_off([found], at=at)
    elif before in (rules.PROPOSED, rules.CANCELLED, rules.NOSHOW):
        notify_booking(found, by=by, at=at)
    elif rules.STATUSES[before].begun:
        remind(found, by=by, at=at)


# One message for all of a series, with every time in its calendar file; reminders for each.


def series_booked(made: Sequence[Appointment], *, by: Actor, at: datetime) -> None:
    _announce(made, "series_booked", ics.PUBLISH, by=by, at=at)
    for appointment in made:
        remind(appointment, by=by, at=at)


def series_moved(rows: Sequence[Appointment], *, by: Actor, at: datetime) -> None:
    _call_off(rows, at=at)
    recipients = [appointment for appointment in rows if appointment.status != rules.PROPOSED]
    if recipients and not all(map(_knows, recipients)):
        _announce(recipients, "series_moved", ics.PUBLISH, by=by, at=at, wait=SECOND_THOUGHTS)
    for appointment in recipients:
        remind(appointment, by=by, at=at)


def series_cancelled(rows: Sequence[Appointment], *, by: Actor, at: datetime) -> None:
    _call_off(rows, at=at)
    if rows:
        _announce(rows, "series_cancelled", ics.PUBLISH, by=by, at=at, wait=SECOND_THOUGHTS)


def _knows(found: Appointment) -> bool:
    """Whether the last word that went out to the patient is this very time, with the same end."""
    notices = Told.objects.filter(appointment=found, message__kind__in=[*TIMES, *ENDS], message__sent_at__isnull=False)
    last = notices.select_related("message").order_by("-message__sent_at", "-id").first()
    return (
        last is not None
        and last.message.kind in TIMES
        and (last.starts_at, last.ends_at) == (found.starts_at, found.ends_at)
    )


def follow_again(*, old_id: UUID, again_id: UUID) -> None:
    """A message that is sent again tells what the old one told."""
    bulk.insert(
        [
            Told(
                id=new_id(),
                clinic_id=notice.clinic_id,
                message_id=again_id,
                appointment_id=notice.appointment_id,
                starts_at=notice.starts_at,
                ends_at=notice.ends_at,
            )
            for notice in Told.objects.filter(message_id=old_id)
        ]
    )


def remind(found: Appointment, *, by: Actor, at: datetime) -> None:
    """Owe the reminders that lie ahead: so many hours before, by the wall clock (24 hours: the same time, the day
    before, also when the clock changes in between)."""
    zone = clinic_zone(found.clinic_id)
    for hours in slots.booking_of(found.clinic_id).remind_hours:
        due = rules.move_by(found.starts_at, by=-timedelta(hours=hours), zone=zone)
        late_after = found.starts_at - BEFORE - due
        if due > at and late_after > timedelta():
            _enqueue(found, "appointment_reminder", by=by, at=at, due_at=due, late_after=late_after, name=str(hours))


def _call_off(rows: Sequence[Appointment], *, at: datetime) -> None:
    """What has not gone out about these is out of date. Word of a whole series still goes out about the others."""
    ids = [notice.pk for notice in rows]
    messages.call_off(about_ids=ids, kinds=[type_ for type_ in KINDS if type_ not in OF_SERIES], for_good=True)
    waiting = Told.objects.filter(message__kind__in=OF_SERIES, message__state__in=message_rules.NOT_GONE)
    hit = waiting.filter(appointment_id__in=ids).values("message_id")
    rest: dict[Message, list[Appointment]] = defaultdict(list)
    for notices in waiting.filter(message_id__in=hit).select_related("message", "appointment"):
        rest[notices.message] += [notices.appointment] if notices.appointment_id not in ids else []
    for message, others in rest.items():
        if not others:
            messages.call_off(about_ids=[message.about_id], kinds=[message.kind], for_good=True)
            continue
        first = min(others, key=lambda one: one.starts_at)
        calendar = _calendar(others, ics.PUBLISH, *_people(first), at)
        if messages.replace_message(
            message_id=message.pk, about_id=first.pk, about_at=first.starts_at, calendar=calendar
        ):
            Told.objects.filter(message=message, appointment_id__in=ids).delete()


def _announce(
    rows: Sequence[Appointment], kind: str, method: str, *, by: Actor, at: datetime, wait: timedelta = timedelta()
) -> None:
    """Tell the patient of these, with a calendar file; the message names the first."""
    first = min(rows, key=lambda one: one.starts_at)
    is_wanted = kind in ENDS or slots.booking_of(first.clinic_id).invite
    if first.starts_at <= at or not is_wanted:
        return
    patient, clinic = _people(first)
    calendar = _calendar(rows, method, patient, clinic, at)
    _enqueue(first, kind, by=by, at=at, due_at=at + wait, late_after=LATE, calendar=calendar, tells=rows)


def _people(found: Appointment) -> tuple[Patient, Clinic]:
    patient = Patient.objects.select_related("clinic").get(pk=found.patient_id)
    return patient, patient.clinic


def _calendar(found: Sequence[Appointment], method: str, patient: Patient, clinic: Clinic, at: datetime) -> str:
    sender = engine.sending_of(clinic.pk).reply_to or parseaddr(settings.DEFAULT_FROM_EMAIL)[1]
    rows = (
        Appointment.objects.filter(pk__in=[appointment.pk for appointment in found])
        .select_related("room__site")
        .in_order()
    )
    with translation.override(language_of(patient.language, clinic.locale)):
        return ics.invitation(rows, clinic, method=method, organizer=sender, attendee=patient.email or sender, at=at)


def link_of(found: Appointment) -> Link:
    """The patient's link to this appointment: one, however often it is moved."""
    link = Link.objects.filter(about_id=found.pk, purpose="appointment", revoked_at=None).first()
    if link is None:
        return links.make(
            purpose="appointment",
            patient_id=found.patient_id,
            about_id=found.pk,
            clinic_id=found.clinic_id,
            expires_at=found.starts_at,
        )
    if link.expires_at != found.starts_at:
        link.expires_at = found.starts_at
        link.save(update_fields=["expires_at"])
    return link


def _enqueue(
    found: Appointment,
    kind: str,
    *,
    by: Actor,
    at: datetime,
    due_at: datetime,
    late_after: timedelta,
    calendar: str = "",
    name: str = "",
    tells: Sequence[Appointment] = (),
) -> None:
    patient = Patient.objects.get(pk=found.patient_id)
    channels = addresses.usable_channels(patient)
    if not channels:
        return
    linked = message_rules.KINDS[kind].link and found.starts_at > at and links.can_be_opened(patient)
    message = messages.enqueue(
        kind=kind,
        channel=channels[0],
        patient_id=found.patient_id,
        about_id=found.pk,
        about_at=found.starts_at,
        link=link_of(found) if linked else None,
        due_at=due_at,
        late_after=late_after,
        by=by,
        calendar=calendar if channels[0] == EMAIL else "",
        dedupe_key=f"{kind}:{found.pk}:{found.revision}:{name}",
    )
    if message is not None:
        bulk.insert(
            [
                Told(
                    id=new_id(),
                    clinic_id=found.clinic_id,
                    message=message,
                    appointment=tell,
                    starts_at=tell.starts_at,
                    ends_at=tell.ends_at,
                )
                for tell in tells
            ]
        )
