"""Occurrences: made ahead from the plan, and turned into messages when they are due."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, time, timedelta
from functools import cache
from importlib.metadata import version
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Exists, OuterRef

from accounts.models import Clinic
from database.expressions import new_id
from database.sql import run_prepared
from errors.exceptions import Problems
from homecare import queries, rules
from homecare.models import CheckIn, Occurrence, Programme, ReminderPlan
from homecare.programmes import safety_stops
from homecare.reminders import schedule
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses, engine, links
from messaging import rules as sending
from messaging import tasks as send
from messaging.models import Link
from patients.models import Patient
from patients.queries import zone_of
from treatments.models import Intervention, Session
from treatments.queries import safety_list
from treatments.rules import TECHNIQUES
from worklist import actions as worklist

logger = logging.getLogger(__name__)
AHEAD_DAYS = 14
BATCH = 200
LINK_LIVES = timedelta(days=3)
# A question about the soreness may come later than a reminder; after half a day it is about another hour.
SORENESS_LATE = timedelta(hours=12)
NOTICE_AT = time(10, 0)


def edition(zone: ZoneInfo) -> str:
    """The zone and the edition of its rules: when either changes, what was planned is planned anew."""
    return f"{zone.key} {_edition_of_rules()}"


@cache
def _edition_of_rules() -> str:
    """A file says it, and a process keeps the rules that it has read anyway."""
    return version("tzdata")


def check_channels(problems: Problems, patient: Patient, channels: Sequence[str]) -> None:
    if channels and not links.can_be_opened(patient):
        problems.add("/channels", "no_birth_date")
    country = Clinic.objects.values_list("country", flat=True).get(pk=patient.clinic_id)
    for channel in channels:
        obstacle = addresses.obstacle(patient, channel, country)
        if obstacle:
            problems.add("/channels", obstacle, channel=channel)


def check_quiet(problems: Problems, patient: Patient, times: Iterable[time]) -> None:
    quiet = engine.sending_of(patient.clinic_id)
    for number, at in enumerate(times):
        if sending.is_quiet(at, quiet_from=quiet.quiet_from, quiet_until=quiet.quiet_until):
            begins, ends = f"{quiet.quiet_from:%H:%M}", f"{quiet.quiet_until:%H:%M}"
            problems.add(f"/times/{number}", "quiet", begins=begins, ends=ends)


def may_send_now(patient: Patient, at: datetime) -> bool:
    """Whether the patient's quiet hours let a message through."""
    quiet = engine.sending_of(patient.clinic_id)
    local = at.astimezone(zone_of(patient)).time()
    return not sending.is_quiet(local, quiet_from=quiet.quiet_from, quiet_until=quiet.quiet_until)


# --- Ahead ----------------------------------------------------------------------------------------------------


def plan_ahead(programme: Programme, *, at: datetime) -> None:
    """
    Make the planned occurrences of the next days what the plan says: add what is missing, cancel what is no longer so.

    Doing it twice, or in two places at once, changes nothing more.
    """
    patient = programme.patient
    zone = zone_of(patient)
    due_by_key: dict[tuple[Any, ...], schedule.Due] = {}
    plan = ReminderPlan.objects.filter(programme=programme).first()
    if programme.status == Programme.Status.ACTIVE:
        due_by_key = {**_reminders(programme, plan, zone, at), **_notices(programme, plan, zone, at)}
    # What is due already is the tick's to turn into a message.
    planned = Occurrence.objects.filter(programme=programme, status=Occurrence.Status.PLANNED, due_at__gt=at)
    occurrences_by_key = {(o.kind, o.channel, o.local_date, o.local_time): o for o in planned}
    gone = [o.pk for key, o in occurrences_by_key.items() if key not in due_by_key or due_by_key[key].at != o.due_at]
    Occurrence.objects.filter(pk__in=gone, status=Occurrence.Status.PLANNED).delete()
    fresh = [
        Occurrence(
            id=new_id(),
            clinic_id=programme.clinic_id,
            patient=patient,
            programme=programme,
            kind=key[0],
            channel=key[1],
            local_date=due.local_date,
            local_time=due.local_time,
            clock=due.clock,
            due_at=due.at,
        )
        for key, due in due_by_key.items()
        if key not in occurrences_by_key or occurrences_by_key[key].pk in gone
    ]
    Occurrence.objects.bulk_create(fresh, ignore_conflicts=True)
    if plan is not None:
        plan.planned_on, plan.planned_zone = at.astimezone(zone).date(), edition(zone)
        plan.save(update_fields=["planned_on", "planned_zone"])


def _reminders(
    programme: Programme, plan: ReminderPlan | None, zone: ZoneInfo, at: datetime
) -> dict[tuple[Any, ...], schedule.Due]:
    if plan is None or programme.started_on is None:
        return {}
    times = plan.as_plan(programme)
    today = at.astimezone(zone).date()
    dues = [d for d in schedule.occurrences(times, zone, today, today + timedelta(days=AHEAD_DAYS)) if d.at > at]
    # A channel that the patient has ended, or whose address came back, is not planned on.
    usable = [
        channel_row for channel_row in addresses.usable_channels(programme.patient) if channel_row in plan.channels
    ]
    return {("check_in", channel, d.local_date, d.local_time): d for channel in usable for d in dues}


def _notices(
    programme: Programme, plan: ReminderPlan | None, zone: ZoneInfo, at: datetime
) -> dict[tuple[Any, ...], schedule.Due]:
    """The review, by the first channel that the patient uses."""
    day = programme.review_on
    usable = [channel for channel in addresses.usable_channels(programme.patient) if plan and channel in plan.channels]
    if day is None or not usable:
        return {}
    due_at, clock = schedule.moment(day, NOTICE_AT, zone)
    if not at < due_at < at + timedelta(days=AHEAD_DAYS):
        return {}
    return {("review_due", usable[0], day, NOTICE_AT): schedule.Due(day, NOTICE_AT, due_at, clock)}


@transaction.atomic
def plan_soreness(*, by: Actor, at: datetime) -> int:
    """
    Plan the questions 24, 48 and 72 hours after needling, for sessions signed lately. Running it again adds nothing.

    Returns how many were added.
    """
    piercing = [code for code, technique in TECHNIQUES.items() if technique.breaks_skin]
    needled = Intervention.objects.filter(session=OuterRef("pk"), technique__in=piercing)
    planned = Occurrence.objects.filter(session=OuterRef("pk"), kind="soreness")
    sessions = (
        Session.objects.exclude(signed_at=None)
        .filter(performed_at__gt=at - timedelta(hours=72), revises=None, record__mark=None)
        .filter(Exists(needled), ~Exists(planned))
        .select_related("patient__clinic")
    )
    fresh = []
    for session in sessions:
        patient = session.patient
        if not links.can_be_opened(patient):
            continue
        zone = zone_of(patient)
        for hours in rules.SORENESS_AFTER_H:
            due_at = session.performed_at + timedelta(hours=hours)
            local = due_at.astimezone(zone)
            for channel in addresses.usable_channels(patient)[:1] if due_at > at else []:
                fresh.append(
                    Occurrence(
                        id=new_id(),
                        clinic_id=by.clinic_id,
                        patient=patient,
                        session=session,
                        kind="soreness",
                        channel=channel,
                        local_date=local.date(),
                        local_time=local.time().replace(microsecond=0),
                        due_at=due_at,
                    )
                )
    Occurrence.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


# --- Due ------------------------------------------------------------------------------------------------------


@transaction.atomic
def promote_due(*, by: Actor, at: datetime) -> int:
    """
    Turn what is due into messages, a batch at a time; returns how many were turned. What a fault of the database left
    waits for the next tick.

    An occurrence is locked while it is turned, and its message has a key, so two at once make one message.
    """
    due = list(
        Occurrence.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(status=Occurrence.Status.PLANNED, due_at__lte=at)
        .select_related("patient", "programme__patient")
        .order_by("due_at")[:BATCH]
    )
    turned = []
    stopped = _Stopped([occurrence.programme for occurrence in due if occurrence.programme], by, at)
    for occurrence in due:
        try:
            with transaction.atomic():
                is_owed = _enqueue(occurrence, stopped, by, at)
                occurrence.status = Occurrence.Status.OWED if is_owed else Occurrence.Status.SKIPPED
        except (OperationalError, InterfaceError):
            logger.warning("occurrence %s waits for the next tick: the database would not", occurrence.pk)
            continue
        except Exception:  # one that nobody foresaw must not stand in the way of all the others
            logger.exception("occurrence %s could not be turned into a message", occurrence.pk)
            _give_up(occurrence, by=by, at=at)
        turned.append(occurrence)
    Occurrence.objects.bulk_update(turned, ["status", "message"])
    if turned:
        send.hand_over.delay_on_commit(str(by.clinic_id))
    return len(turned)


def _give_up(occurrence: Occurrence, *, by: Actor, at: datetime) -> None:
    occurrence.status, occurrence.message = Occurrence.Status.SKIPPED, None
    facts = {"channel": occurrence.channel, "message": occurrence.kind, "reason": "broken"}
    worklist.raise_item(
        kind="message_failed", patient_id=occurrence.patient_id, about_id=occurrence.pk, facts=facts, by=by, at=at
    )


class _Stopped:
    """
    Which programmes of a batch the safety check stops; each is checked once, and paused when it is.

    Actions pause a programme as soon as they write what stops it. What no action wrote is found here, before anybody is
    reminded of an exercise.
    """

    def __init__(self, programmes: Sequence[Programme], by: Actor, at: datetime) -> None:
        self.by, self.at = by, at
        self.known: dict[UUID, bool] = {}
        # What is the same for all, or can be read for all at once.
        self.in_force = safety_list(by.clinic_id) if programmes else None
        self.versions = queries.current_versions(programmes) if programmes else {}

    def is_stopped(self, programme: Programme) -> bool:
        if programme.pk not in self.known:
            self.known[programme.pk] = self._check(programme)
        return self.known[programme.pk]

    def _check(self, programme: Programme) -> bool:
        current = self.versions.get(programme.pk, (None, []))
        if not safety_stops.find_stops(programme, at=self.at, in_force=self.in_force, current=current):
            return False
        # Whoever holds the programme now sees to it; the reminder does not go out in any case.
        free = Programme.objects.select_for_update(of=("self",), no_key=True, skip_locked=True)
        locked = free.active().filter(pk=programme.pk).select_related("patient").first()
        if locked is not None:
            safety_stops.pause_if_stopped(programme=locked, by=self.by, at=self.at, in_force=self.in_force, waits=False)
        return True


def _enqueue(occurrence: Occurrence, stopped: _Stopped, by: Actor, at: datetime) -> bool:
    """One occurrence's message; False if there is nothing to remind of any more."""
    programme = occurrence.programme
    if programme is not None:
        if programme.status != Programme.Status.ACTIVE:
            return False
        if occurrence.kind == "check_in" and has_answered(programme, occurrence):
            return False
        if stopped.is_stopped(programme):
            return False
    about_id = occurrence.programme_id or occurrence.session_id
    assert about_id is not None
    purpose = sending.KINDS[occurrence.kind].link
    link = None
    if purpose:
        link = links.make(
            purpose=purpose,
            patient_id=occurrence.patient_id,
            about_id=about_id,
            clinic_id=by.clinic_id,
            expires_at=occurrence.due_at + LINK_LIVES,
        )
    occurrence.message = messages.enqueue(
        kind=occurrence.kind,
        channel=occurrence.channel,
        patient_id=occurrence.patient_id,
        about_id=about_id,
        link=link,
        dedupe_key=f"occurrence:{occurrence.pk}",
        due_at=occurrence.due_at,
        late_after=SORENESS_LATE if occurrence.kind == "soreness" else None,
        wake=False,
        by=by,
    )
    return True


def check_in_link(programme: Programme, at: datetime) -> Link:
    """A link to the programme's page of today."""
    return links.make(
        purpose="check_in",
        patient_id=programme.patient_id,
        about_id=programme.pk,
        clinic_id=programme.clinic_id,
        expires_at=at + LINK_LIVES,
    )


def has_answered(programme: Programme, occurrence: Occurrence) -> bool:
    """Whether the day's check-in is there already: then there is nothing to remind of."""
    return CheckIn.objects.filter(programme=programme, local_date=occurrence.local_date).exists()


def due_clinics() -> list[UUID]:
    """Clinics with occurrences that are due."""
    # SQL: a function of the database, which alone looks at all clinics.
    return [row[0] for row in run_prepared("SELECT * FROM homecare_clinics_due()", [])]
