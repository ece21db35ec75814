"""What can be booked, by whom, where and when: the clinic's own set-up."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, time
from itertools import pairwise
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from accounts import policies
from accounts.models import Competency, Membership
from accounts.queries import clinic_zone, hidden_techniques
from accounts.rules import ADVANCED_TRAININGS, COMPETENCIES
from audit import actions as audit
from clock.wall_clock import is_in_reach
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, NotFound, Problems
from identity.actor import Actor
from messaging import links
from scheduling import rules, worklist_sync
from scheduling.availability import slots
from scheduling.models import (
    AppointmentType,
    Booking,
    Closure,
    ExtraHours,
    Feed,
    Hours,
    Room,
    Site,
)
from treatments.rules import TECHNIQUES


class NameTaken(Conflict):
    reason = "name_taken"


NAMES: Mapping[str, type[Conflict]] = {
    "site_once": NameTaken, "room_once": NameTaken, "appointmenttype_once": NameTaken, "competency_once": NameTaken,
}  # fmt: skip
KINDS: dict[str, type[models.Model]] = {
    "sites": Site, "rooms": Room, "appointment-types": AppointmentType, "competencies": Competency, "hours": Hours,
    "extra-hours": ExtraHours, "closures": Closure,
}  # fmt: skip
# What says when and where visits can be; with it may go the ground under those that are booked.
OPENING = ["hours", "extra-hours", "closures", "rooms", "sites"]


@transaction.atomic
def save(*, kind: str, values: Mapping[str, Any], pk: UUID | None = None, by: Actor, at: datetime | None = None) -> Any:
    """
    Add one (`pk` is None) or change one of `KINDS`.

    :param values: column names to values; on a change, those that change
    :raises Invalid, NotFound, NameTaken:
    """
    model = KINDS[kind]
    entry: Any = _find_inactive(model, values) if pk is None else find(kind, pk)
    is_new = entry is None
    was_advanced = isinstance(entry, Competency) and entry.technique in ADVANCED_TRAININGS
    entry = entry or model(id=new_id(), clinic_id=by.clinic_id)
    moved = [name for name, value in values.items() if name != "note" and getattr(entry, name) != value]
    for name, value in values.items():
        setattr(entry, name, value)
    if isinstance(entry, Closure) and (is_new or moved):
        entry.made_at = at or timezone.now()  # whatever was booked until now may be hit by it
    if isinstance(entry, Competency):
        _note_proof(entry, values, was_advanced=was_advanced, by=by, at=at or timezone.now())
    check(entry)
    with violations_as(NAMES):
        entry.save(force_insert=is_new)
    audit.log(f"scheduling.{'add' if pk is None else 'change'}", by=by, target_id=entry.pk, code=kind)
    if kind in OPENING:
        worklist_sync.look_at_opening(by=by, at=at or timezone.now())
    return entry


def _find_inactive(model: type[models.Model], values: Mapping[str, Any]) -> Any:
    """One of the same name that was made inactive: it comes back as a new one, instead of standing in the way."""
    if not hasattr(model, "is_active"):
        return None
    same = {name: values[name] for name in ("name", "site_id") if name in values}
    entry: Any = model._default_manager.filter(is_active=False, **same).first()
    if entry is not None:
        kept = {"id", "clinic_id", *same}
        for field in model._meta.concrete_fields:
            if field.attname not in kept:
                setattr(entry, field.attname, field.get_default())
        entry.is_active = True
    return entry


@transaction.atomic
def remove(*, kind: str, pk: UUID, by: Actor, at: datetime | None = None) -> None:
    """
    Take away hours, a closure or a competency. What appointments point at is made inactive instead.

    :raises NotFound:
    """
    entry = find(kind, pk)
    if isinstance(entry, Competency) and entry.technique in ADVANCED_TRAININGS:
        _require_owner(by)
    if hasattr(entry, "is_active"):
        entry.is_active = False
        entry.save(update_fields=["is_active"])
    else:
        entry.delete()
    audit.log("scheduling.remove", by=by, target_id=pk, code=kind)
    if kind in OPENING:
        worklist_sync.look_at_opening(by=by, at=at or timezone.now())


def _note_proof(
    competency: Competency, values: Mapping[str, Any], *, was_advanced: bool, by: Actor, at: datetime
) -> None:
    """
    Keep who has seen a proof and when. What opens the way to needling at risky places is for the owner to record.

    :raises accounts.policies.OwnersOnly:
    """
    if was_advanced or competency.technique in ADVANCED_TRAININGS:
        _require_owner(by)
    competency.proof = competency.proof.strip()
    if not competency.proof:
        competency.proof_seen_on = competency.proof_seen_by_id = None
        return
    if competency.proof_seen_on is None:
        competency.proof_seen_on = at.astimezone(clinic_zone(by.clinic_id)).date()
    if {"proof", "proof_seen_on"} & set(values):
        competency.proof_seen_by_id = by.author_id


def _require_owner(by: Actor) -> None:
    # A program on its own was registered by the owner, with the scopes that it needs.
    if by.user_id is not None:
        policies.require_owner(by)


def find(kind: str, pk: UUID, *, lock: bool = False) -> Any:
    """:raises NotFound:"""
    rows = KINDS[kind]._default_manager.filter(pk=pk)
    entry = (rows.select_for_update() if lock else rows).first()
    if entry is None:
        raise NotFound
    return entry


def check(found: Any) -> None:
    """:raises Invalid: each wrong field is named"""
    problems = Problems()
    for name in ("first_day", "last_day", "from_date", "until_date", "day", "valid_until", "proof_seen_on"):
        if not is_in_reach(getattr(found, name, None)):
            problems.add(f"/{name}", "out_of_range.day")
    problems.raise_if_any()
    if isinstance(found, AppointmentType):
        _check_type(found, problems)
    if hasattr(found, "name") and not found.name.strip():
        problems.add("/name", "required.name")
    if isinstance(found, Room):
        _check_exists(problems, "site_id", found.site_id, Site)
    if isinstance(found, Hours | ExtraHours):
        _check_exists(problems, "room_id", found.room_id, Room)
    if isinstance(found, Closure):
        _check_exists(problems, "site_id", found.site_id, Site)
        _check_order(problems, "last_day", found.first_day, found.last_day)
        if (found.from_time is None) != (found.until_time is None):
            problems.add("/until_time", "required.both_times")
    if isinstance(found, Hours):
        if not 0 <= found.weekday <= 6:
            problems.add("/weekday", "out_of_range.weekday")
        _check_order(problems, "until_date", found.from_date, found.until_date)
    if hasattr(found, "until_time") and found.from_time and found.until_time and found.from_time >= found.until_time:
        problems.add("/until_time", "invalid.until_time")
    if hasattr(found, "user_id") and (found.user_id or not isinstance(found, Closure)):
        _therapist(problems, "user_id", found.user_id, found.clinic_id)
    if isinstance(found, Competency) and found.technique not in COMPETENCIES:
        problems.add("/technique", "unknown.competency", choices=list(COMPETENCIES))
    problems.raise_if_any()


def _check_type(found: AppointmentType, problems: Problems) -> None:
    shortest, longest = rules.LENGTH_MIN
    if not shortest <= found.length_min <= longest:
        problems.add("/length_min", "out_of_range.minutes", low=shortest, high=longest)
    if not 0 <= found.buffer_min <= 120:
        problems.add("/buffer_min", "out_of_range.minutes", low=0, high=120)
    if found.technique and found.technique not in TECHNIQUES:
        problems.add("/technique", "unknown.technique", choices=list(TECHNIQUES))
    elif (
        found.technique in hidden_techniques(found.clinic_id)
        # A type that has it already keeps it.
        and not AppointmentType.objects.filter(pk=found.pk, technique=found.technique).exists()
    ):
        problems.add("/technique", "technique_hidden", technique=found.technique)
    slots.find_unknown(problems, therapists=found.therapists, rooms=found.rooms, clinic_id=found.clinic_id)


def _check_exists(problems: Problems, name: str, pk: UUID | None, model: type[models.Model]) -> None:
    if pk is not None and not model._default_manager.filter(pk=pk).exists():
        problems.add(f"/{name}", "unknown.setup")


def _therapist(problems: Problems, name: str, pk: UUID | None, clinic_id: UUID) -> None:
    members = Membership.objects.active().filter(clinic_id=clinic_id, role="therapist")
    if pk is None or not members.filter(user_id=pk).exists():
        problems.add(f"/{name}", "unknown.therapist")


def _check_order(problems: Problems, name: str, first: date | time | None, last: date | time | None) -> None:
    if first is not None and last is not None and last < first:  # type: ignore[operator] # both are of one kind
        problems.add(f"/{name}", "invalid.last_day")


# --- A therapist's week ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stretch:
    """
    When a therapist works on one day of every week.

    :ivar weekday: 0 is Monday
    :ivar room_id: None: online
    """

    weekday: int
    from_time: time
    until_time: time
    room_id: UUID | None


def week_of(user_id: UUID) -> list[Hours]:
    """Return the weekly hours of a therapist that have no first or last day, in order."""
    rows = Hours.objects.filter(user_id=user_id, from_date=None, until_date=None)
    return list(rows.order_by("weekday", "from_time", "id"))


@transaction.atomic
def set_week(*, user_id: UUID, stretches: Sequence[Stretch], by: Actor, at: datetime) -> None:
    """
    Make these the weekly hours of a therapist; hours with a first or last day stay as they are.

    :raises Invalid: no therapist of this clinic, an end before its start, or two of one day overlap
    """
    known = {Stretch(row.weekday, row.from_time, row.until_time, row.room_id): row for row in week_of(user_id)}
    problems = Problems()
    for day in range(7):
        of_day = sorted((one for one in stretches if one.weekday == day), key=lambda one: one.from_time)
        if any(later.from_time < earlier.until_time for earlier, later in pairwise(of_day)):
            problems.add(f"/{day}", "overlap.hours")
    problems.raise_if_any()
    for stretch in stretches:
        if stretch not in known:
            row = Hours(id=new_id(), clinic_id=by.clinic_id, user_id=user_id, **asdict(stretch))
            check(row)
            row.save(force_insert=True)
    Hours.objects.filter(pk__in=[row.pk for stretch, row in known.items() if stretch not in set(stretches)]).delete()
    audit.log("scheduling.change", by=by, target_id=user_id, code="week")
    worklist_sync.look_at_opening(by=by, at=at)


# --- How the clinic books -------------------------------------------------------------------------------------


def lock_booking(clinic_id: UUID) -> Booking:
    """The clinic's way of booking, locked, so that two who change it at once do so one after the other."""
    Booking.objects.bulk_create([slots.booking_of(clinic_id)], ignore_conflicts=True)
    return Booking.objects.select_for_update().get(pk=clinic_id)


@transaction.atomic
def set_booking(*, values: Mapping[str, Any], by: Actor) -> Booking:
    """
    Change how the clinic books.

    :raises Invalid:
    """
    entry = lock_booking(by.clinic_id)
    for name, value in values.items():
        setattr(entry, name, value)
    problems = Problems()
    if entry.step_min not in rules.STEPS_MIN:
        problems.add("/step_min", "invalid.one_of_minutes", choices=list(rules.STEPS_MIN))
    if len(entry.remind_hours) > 4 or any(not 1 <= hours <= 336 for hours in entry.remind_hours):
        problems.add("/remind_hours", "out_of_range.reminder_hours", most=4, low=1, high=336)
    for name, low, high in (
        ("cancel_until_hours", 0, 336),
        ("offer_minutes", 10, 2880),
        ("offer_every_min", 1, 1440),
        ("hold_hours", 1, 720),
        ("draft_hours", 1, 720),
    ):
        if not low <= getattr(entry, name) <= high:
            problems.add(f"/{name}", "out_of_range", low=low, high=high)
    problems.raise_if_any()
    entry.remind_hours = sorted(set(entry.remind_hours), reverse=True)
    entry.save()
    audit.log("scheduling.settings", by=by)
    return entry


# --- Feeds ----------------------------------------------------------------------------------------------------


@transaction.atomic
def make_feed(*, user_id: UUID, by: Actor, at: datetime) -> str:
    """
    A new secret address for a therapist's calendar program; an old one is closed.

    Returns the address. It is shown once: only its SHA-256 is kept.

    :raises Invalid: there is no such therapist
    """
    problems = Problems()
    _therapist(problems, "user_id", user_id, by.clinic_id)
    problems.raise_if_any()
    close_feed(user_id=user_id, by=by, at=at)
    token = secrets.token_urlsafe(24)
    feed = Feed(clinic_id=by.clinic_id, user_id=user_id, token_sha256=links.digest(token))
    feed.save(force_insert=True)
    audit.log("calendar.feed.make", by=by, target_id=user_id)
    return f"{settings.PUBLIC_URL}/c/feeds/{token}.ics"


@transaction.atomic
def close_feed(*, user_id: UUID, by: Actor, at: datetime) -> int:
    """Close a therapist's secret address, if there is one."""
    closed = Feed.objects.filter(user_id=user_id, revoked_at=None).update(revoked_at=at)
    if closed:
        audit.log("calendar.feed.close", by=by, target_id=user_id)
    return closed
