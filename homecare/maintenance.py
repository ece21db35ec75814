"""What is done for running programmes without anybody asking: safety, planning ahead, ending, reviews, silence."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet

from accounts.queries import clinic_zone
from database import tenancy
from homecare import queries
from homecare.checkins import actions as check_in_actions
from homecare.models import Programme, ReminderPlan
from homecare.programmes import actions, safety_stops
from homecare.reminders import planning, schedule
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses
from patients.queries import zone_of
from treatments.queries import safety_list
from worklist import actions as worklist

logger = logging.getLogger(__name__)
SAID_UNTIL = timedelta(hours=24)
# How often what a patient has is compared with what is known, although no action wrote anything.
CHECKED_EVERY = timedelta(hours=20)


def look_after(*, by: Actor, at: datetime) -> int:
    """
    All of it for the actor's clinic, outside any transaction; returns how many programmes were planned ahead.

    Each programme is looked after in a transaction of its own: in one for all, whoever wants to pause a programme would
    wait until the last is done; with 5,000 that was a minute.
    """
    check_safety(by=by, at=at)
    planned = plan_days(by=by, at=at)
    with tenancy.scope(by.clinic_id):
        planning.plan_soreness(by=by, at=at)
    close_and_review(by, at)
    with tenancy.scope(by.clinic_id):
        check_in_actions.note_silence(by=by, at=at)
    return planned


def each(ids: Iterable[UUID], do: Callable[[Programme], object], *, by: Actor, waits: bool = False) -> int:
    """
    Do it for each of these programmes of the actor's clinic, as it is now and locked, in a transaction of its own; one
    that fails is logged and left for the next time.

    :param waits: for one that somebody else has in hand; without it, that one is left for the next time too
    :returns: for how many it was done
    """
    count = 0
    for programme_id in ids:
        try:
            with tenancy.scope(by.clinic_id):
                rows = Programme.objects.select_for_update(of=("self",), skip_locked=not waits, no_key=True)
                programme = rows.active().filter(pk=programme_id).select_related("patient__clinic").first()
                if programme is not None:
                    do(programme)
                    count += 1
        except Exception:  # whatever it is, the other programmes are looked after all the same
            logger.exception("programme %s could not be looked after", programme_id)
    return count


def check_safety(*, by: Actor, at: datetime) -> int:
    """
    Pause the running programmes that the safety check stops, of those that were not checked for a day: an alert that
    no action wrote, or a step from before a rule. Returns how many were checked.
    """
    running = Programme.objects.active()
    stale = running.filter(Q(safety_checked_at=None) | Q(safety_checked_at__lt=at - CHECKED_EVERY))
    return _check(stale, by=by, at=at)


def check_all_safety(*, by: Actor, at: datetime) -> int:
    """The same for every running programme, after the clinic's safety list has changed."""
    return _check(Programme.objects.active(), by=by, at=at, waits=True)


def _check(programmes: QuerySet[Programme], *, by: Actor, at: datetime, waits: bool = False) -> int:
    with tenancy.scope(by.clinic_id):
        ids = list(programmes.order_by("pk").values_list("pk", flat=True))
        in_force = safety_list(by.clinic_id) if ids else None
    return each(
        ids,
        lambda programme: safety_stops.pause_if_stopped(programme=programme, by=by, at=at, in_force=in_force),
        by=by,
        waits=waits,
    )


def plan_days(*, by: Actor, at: datetime) -> int:
    """
    Plan ahead every running programme that was not planned on its patient's today; returns how many.

    One that the safety check stops is paused instead.
    """
    with tenancy.scope(by.clinic_id):
        stale = _find_unplanned(by.clinic_id, at)
    return each(stale, lambda programme: _plan(programme, at), by=by)


def _find_unplanned(clinic_id: UUID, at: datetime) -> list[UUID]:
    """The running programmes that were not planned on their patient's today. Values, not models: it runs often."""
    own_zone = clinic_zone(clinic_id).key
    # Each zone's today and edition, worked out once.
    current: dict[str, tuple[date, str]] = {}
    stale = []
    plans = ReminderPlan.objects.filter(programme__status=Programme.Status.ACTIVE).annotate(
        zone=F("programme__patient__time_zone"),
        merged_into=F("programme__patient__merged_into"),
        zone_in_use=F("programme__patient__merged_into__time_zone"),
    )
    for programme_id, planned_on, planned_zone, merged_into, zone, zone_in_use in plans.order_by("pk").values_list(
        "programme_id", "planned_on", "planned_zone", "merged_into", "zone", "zone_in_use"
    ):
        key = (zone_in_use if merged_into else zone) or own_zone
        if key not in current:
            zone_info = ZoneInfo(key)
            current[key] = at.astimezone(zone_info).date(), planning.edition(zone_info)
        if (planned_on, planned_zone) != current[key]:
            stale.append(programme_id)
    return stale


def _plan(programme: Programme, at: datetime) -> None:
    by = Actor.system(programme.clinic_id, "reminders")
    if not safety_stops.pause_if_stopped(programme=programme, by=by, at=at):
        planning.plan_ahead(programme, at=at)


def close_and_review(by: Actor, at: datetime) -> None:
    """End programmes whose last day is over where the patient is, and list the reviews that are due."""
    today = at.date() + timedelta(days=1)  # somewhere it is tomorrow already; each is looked at by its own clock
    running = Programme.objects.active()
    with tenancy.scope(by.clinic_id):
        over = list(running.filter(ends_on__lt=today).values_list("pk", flat=True))
    each(over, lambda programme: _end(programme, by, at), by=by)
    with tenancy.scope(by.clinic_id):
        due = list(running.filter(review_on__lte=today).values_list("pk", flat=True))
    each(due, lambda programme: _review(programme, by, at), by=by)


def _end(programme: Programme, by: Actor, at: datetime) -> None:
    zone = zone_of(programme.patient)
    today = at.astimezone(zone).date()
    if programme.ends_on is None or programme.ends_on >= today:
        return
    plan = ReminderPlan.objects.filter(programme=programme).first()
    actions.end_programme(programme=programme, revision=None, by=by, at=at)
    facts = {"ends_on": programme.ends_on.isoformat()}
    worklist.raise_item(
        kind="programme_ended", patient_id=programme.patient_id, about_id=programme.pk, facts=facts, by=by, at=at
    )
    usable = [channel for channel in addresses.usable_channels(programme.patient) if plan and channel in plan.channels]
    if usable:
        morning, _clock = schedule.moment(today, planning.NOTICE_AT, zone)
        messages.enqueue(
            kind="programme_ended",
            channel=usable[0],
            patient_id=programme.patient_id,
            about_id=programme.pk,
            dedupe_key=f"ended:{programme.pk}",
            due_at=max(at, morning),
            late_after=SAID_UNTIL,
            by=by,
        )


def _review(programme: Programme, by: Actor, at: datetime) -> None:
    today = at.astimezone(zone_of(programme.patient)).date()
    if programme.review_on is None or programme.review_on > today:
        return
    if not queries.is_listed("review_due", programme, at=at):
        worklist.raise_item(
            kind="review_due",
            patient_id=programme.patient_id,
            about_id=programme.pk,
            facts={"review_on": programme.review_on.isoformat()},
            by=by,
            at=at,
        )
