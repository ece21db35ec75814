"""
The waitlist. Time that comes free is offered to those who wait, one after the other; an offer holds nothing, and
whoever takes it first has it.
"""

from __future__ import annotations

from contextlib import suppress
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from accounts.queries import clinic_zone
from audit import actions as audit
from database.expressions import new_id
from database.revisions import RevisionChanged, check_revision
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, NotFound, Problems
from identity.actor import Actor
from messaging import actions as messages
from messaging import addresses, engine, links
from messaging.models import Sending
from messaging.rules import is_quiet
from patients.models import Patient
from patients.queries import zone_of
from scheduling import rules
from scheduling.availability import slots
from scheduling.booking import actions, locks
from scheduling.booking.locks import Time
from scheduling.models import Appointment, Offer, Opening, Waiting
from worklist import actions as worklist


class OfferGone(Conflict):
    reason = "offer_gone"


class WaitsAlready(Conflict):
    reason = "waits_already"


# --- Who waits ------------------------------------------------------------------------------------------------


@transaction.atomic
def join(
    *,
    patient_id: UUID,
    type_id: UUID,
    length_min: int | None = None,
    therapist_id: UUID | None = None,
    weekdays: list[int] | None = None,
    from_time: time | None = None,
    until_time: time | None = None,
    from_date: date | None = None,
    until_date: date | None = None,
    instead_of_id: UUID | None = None,
    note: str = "",
    by: Actor,
    at: datetime,
) -> Waiting:
    """
    Put a patient on the waitlist.

    :param length_min: minutes; None: as usual
    :param instead_of_id: the later appointment that would be moved; it keeps its length
    :raises Invalid, WaitsAlready:
    """
    problems = Problems()
    type_ = locks.find_type(type_id, length_min=length_min)
    locks.check_patient(patient_id)
    if therapist_id and therapist_id not in slots.therapists_for(type_, on=at.date()):
        problems.add("/therapist_id", "unknown.therapist_for_type")
    if from_time and until_time and from_time >= until_time:
        problems.add("/until_time", "invalid.until_time")
    if from_date and until_date and from_date > until_date:
        problems.add("/until_date", "invalid.until_date")
    if any(not 0 <= day <= 6 for day in weekdays or []):
        problems.add("/weekdays", "invalid.weekday")
    own = Appointment.objects.filter(patient_id=patient_id, status__in=rules.UPCOMING, type=type_)
    if instead_of_id and not own.filter(pk=instead_of_id).exists():
        problems.add("/instead_of_id", "unknown.upcoming_appointment")
    problems.raise_if_any()
    waiting = Waiting(
        id=new_id(),
        clinic_id=by.clinic_id,
        patient_id=patient_id,
        type=type_,
        length_min=type_.length_min,
        therapist_id=therapist_id,
        weekdays=sorted(set(weekdays or [])),
        from_time=from_time,
        until_time=until_time,
        from_date=from_date,
        until_date=until_date,
        instead_of_id=instead_of_id,
        note=note,
        since=at,
    )
    with violations_as({"waiting_once": WaitsAlready}):
        waiting.save(force_insert=True)
    audit.log("waitlist.join", by=by, target_id=waiting.pk, patient_ids=[patient_id])
    return waiting


@transaction.atomic
def leave(*, waiting_id: UUID, revision: int | None, by: Actor, at: datetime) -> Waiting:
    """
    Take somebody off the waitlist; what was offered is void.

    :param revision: the one that was read
    :raises RevisionChanged:
    """
    waiting = _get_for_update(waiting_id)
    check_revision(waiting, revision)
    if waiting.status == rules.WAITING:
        _close(waiting, rules.WITHDRAWN, by=by, at=at)
        audit.log("waitlist.leave", by=by, target_id=waiting.pk, patient_ids=[waiting.patient_id])
    return waiting


def _get_for_update(waiting_id: UUID) -> Waiting:
    """
    The place on the waitlist, with everything locked in the order of every booking: people and rooms, then the place,
    then its offers.

    :raises NotFound:
    """
    seen = Waiting.objects.select_related("instead_of").filter(pk=waiting_id).first()
    if seen is None:
        raise NotFound
    held = Offer.objects.filter(waiting_id=waiting_id, status=rules.OPEN).values_list("therapist_id", "room_id")
    keys: set[UUID | None] = {key for pair in held for key in pair}
    if seen.instead_of is not None:
        keys |= {seen.instead_of.therapist_id, seen.instead_of.room_id}
    locks.lock(seen.patient_id, *keys)
    locked = Waiting.objects.select_for_update(of=("self",), no_key=True).select_related("type", "instead_of__type")
    return locked.get(pk=waiting_id)


def _close(waiting: Waiting, status: str, *, by: Actor, at: datetime, placed: Appointment | None = None) -> None:
    waiting.status, waiting.placed = status, placed
    waiting.save(update_fields=["status", "placed"])
    for offer in Offer.objects.filter(waiting=waiting, status=rules.OPEN):
        _close_offer(offer, rules.GONE, at)
    worklist.resolve(kinds=["slot_free"], about_ids=[waiting.pk], by=by, at=at)


def _close_offer(offer: Offer, status: str, at: datetime) -> None:
    offer.status, offer.settled_at = status, at
    offer.save(update_fields=["status", "settled_at"])
    messages.call_off(about_ids=[offer.pk], kinds=["slot_offered"])
    if not Offer.objects.filter(waiting_id=offer.waiting_id, status=rules.OPEN, link=None).exists():
        by = Actor.system(offer.clinic_id, "waitlist")
        worklist.resolve(kinds=["slot_free"], about_ids=[offer.waiting_id], by=by, at=at)


# --- What came free -------------------------------------------------------------------------------------------


@transaction.atomic
def run(*, by: Actor, at: datetime) -> int:
    """Give up what has run out, and offer what is free; returns how many offers were made. Harmless twice."""
    _give_up_proposed(by=by, at=at)
    tidy(by=by, at=at)
    # Whoever holds one of these rows is about to settle it: it is looked at again with the next tick.
    over = Offer.objects.filter(status=rules.OPEN, expires_at__lte=at)
    for offer in over.select_for_update(of=("self",), skip_locked=True, no_key=True):
        _close_offer(offer, rules.EXPIRED, at)
        audit.log("waitlist.expire", by=by, target_id=offer.pk, patient_ids=[offer.patient_id])
    zone, booking = clinic_zone(by.clinic_id), slots.booking_of(by.clinic_id)
    offers_made, sending = 0, engine.sending_of(by.clinic_id)
    for opening in Opening.objects.filter(closed_at=None).order_by("made_at").select_for_update(skip_locked=True):
        newest = opening.offers.filter(status=rules.OPEN).order_by("-made_at").first()
        if newest is not None and at - newest.made_at < timedelta(minutes=booking.offer_every_min):
            continue
        offers_made += _offer_next(opening, zone, timedelta(minutes=booking.offer_minutes), sending, by=by, at=at)
    return offers_made


@transaction.atomic
def tidy(*, by: Actor, at: datetime) -> None:
    """Close what waits for nothing any more: the last day is over, or they have such an appointment now."""
    today = at.astimezone(clinic_zone(by.clinic_id)).date()
    has_one = Appointment.objects.holding().filter(
        patient_id=OuterRef("patient_id"),
        type_id=OuterRef("type_id"),
        booked_at__gt=OuterRef("since"),
        starts_at__gt=at,
    )
    # Only what may have to be closed is locked; nobody who leaves or accepts waits for the others.
    moot = Q(until_date__lt=today) | Q(instead_of__isnull=False) & (
        ~Q(instead_of__status__in=rules.UPCOMING) | Q(instead_of__starts_at__lte=at)
    )
    rows = Waiting.objects.filter(Exists(has_one) | moot, status=rules.WAITING).select_related("instead_of")
    for waiting in rows.select_for_update(of=("self",), skip_locked=True, no_key=True):
        booked = Appointment.objects.holding().filter(
            patient_id=waiting.patient_id, type_id=waiting.type_id, booked_at__gt=waiting.since, starts_at__gt=at
        )
        placed = booked.exclude(pk__in=[waiting.instead_of_id] if waiting.instead_of_id else []).in_order().first()
        later = waiting.instead_of
        over = waiting.until_date is not None and waiting.until_date < today
        if placed is not None:
            _close(waiting, rules.PLACED, by=by, at=at, placed=placed)
        elif over or (later is not None and (later.status not in rules.UPCOMING or later.starts_at <= at)):
            _close(waiting, rules.OUTDATED, by=by, at=at)
        else:
            continue
        audit.log(f"waitlist.{waiting.status}", by=by, target_id=waiting.pk, patient_ids=[waiting.patient_id])


def _give_up_proposed(*, by: Actor, at: datetime) -> None:
    rows = list(Appointment.objects.filter(status=rules.PROPOSED, held_until__lte=at))
    locks.lock(*(key for row in rows for key in (row.patient_id, row.therapist_id, row.room_id)))
    for row in rows:
        with suppress(locks.ChangedMeanwhile, NotFound):  # booked meanwhile: then it stays
            actions.set_status(
                appointment_id=row.pk,
                status=rules.CANCELLED,
                cancelled_by=rules.BY_CLINIC,
                reason="expired",
                revision=row.revision,
                by=by,
                at=at,
            )


def _offer_next(
    opening: Opening, zone: ZoneInfo, good_for: timedelta, sending: Sending, *, by: Actor, at: datetime
) -> int:
    """
    Ask the next who waits for such a time; with nobody left, or the time over or taken, close it.

    Nobody is asked in their quiet hours; in the morning the time is still there, or it is not.
    """
    waiting_ones = Waiting.objects.filter(
        status=rules.WAITING, patient__status="in_care", patient__merged_into=None, type__is_active=True
    )
    asked = Offer.objects.filter(opening=opening).values("waiting_id")
    # One offer at a time for each, so that what comes free together is shared out.
    considering = Offer.objects.filter(status=rules.OPEN).values("waiting_id")
    waiting_ones = waiting_ones.exclude(pk__in=asked).exclude(pk__in=considering)
    asleep = False
    for waiting in waiting_ones.select_related("type", "instead_of__type", "patient").order_by("since", "id"):
        local = at.astimezone(zone_of(waiting.patient))
        if is_quiet(local.time(), quiet_from=sending.quiet_from, quiet_until=sending.quiet_until):
            asleep = asleep or _could_suit(opening, waiting, zone)
            continue
        slot = fitting(opening, waiting, zone, at)
        if slot is None:
            continue
        _offer(opening, waiting, slot, good_for, by=by, at=at)
        return 1
    if asleep:
        return 0
    if opening.starts_at <= at or not opening.offers.filter(status=rules.OPEN).exists():
        opening.closed_at = at
        opening.save(update_fields=["closed_at"])
    return 0


def fitting(opening: Opening, waiting: Waiting, zone: ZoneInfo, at: datetime) -> rules.Slot | None:
    """The first slot of the opening that is still free and that this one would take."""
    type_ = waiting.kind
    if waiting.instead_of is not None and waiting.instead_of.starts_at <= opening.starts_at:
        return None
    if not _could_suit(opening, waiting, zone):
        return None
    search = slots.Search(
        max(opening.starts_at, at + timedelta(minutes=30)),
        opening.ends_at + type_.buffer,
        therapists=[opening.therapist_id],
        rooms=[opening.room_id] if opening.room_id and not type_.online else [],
        patient_id=waiting.patient_id,
        but=[waiting.instead_of_id] if waiting.instead_of_id else [],
    )
    if search.after >= search.until:
        return None
    for slot in slots.free(type_, search, limit=12):
        ends_at = slot.starts_at + type_.length
        if rules.fits(
            waiting.wish, starts_at=slot.starts_at, ends_at=ends_at, therapist_id=slot.therapist_id, zone=zone
        ):
            return slot
    return None


def _could_suit(opening: Opening, waiting: Waiting, zone: ZoneInfo) -> bool:
    """What is seen without asking the database: whom and when they would come to at all."""
    first, last = opening.starts_at.astimezone(zone), opening.ends_at.astimezone(zone)
    wish = waiting.wish
    return (
        wish.therapist_id in (None, opening.therapist_id)
        and (not wish.weekdays or first.weekday() in wish.weekdays or last.date() > first.date())
        and (wish.from_date is None or last.date() >= wish.from_date)
        and (wish.until_date is None or first.date() <= wish.until_date)
    )


def _offer(
    opening: Opening, waiting: Waiting, slot: rules.Slot, good_for: timedelta, *, by: Actor, at: datetime
) -> None:
    expires_at = min(at + good_for, slot.starts_at)
    offer = Offer(
        id=new_id(),
        clinic_id=by.clinic_id,
        patient_id=waiting.patient_id,
        waiting=waiting,
        opening=opening,
        therapist_id=slot.therapist_id,
        room_id=slot.room_id,
        starts_at=slot.starts_at,
        made_at=at,
        expires_at=expires_at,
    )
    patient = Patient.objects.get(pk=waiting.patient_id)
    channels = addresses.usable_channels(patient) if links.can_be_opened(patient) else []
    if channels:
        offer.link = links.make(
            purpose="offer", patient_id=patient.pk, about_id=offer.pk, expires_at=expires_at, clinic_id=by.clinic_id
        )
    offer.save(force_insert=True)
    audit.log("waitlist.offer", by=by, target_id=offer.pk, patient_ids=[patient.pk])
    if channels:
        messages.enqueue(
            kind="slot_offered",
            channel=channels[0],
            patient_id=patient.pk,
            about_id=offer.pk,
            link=offer.link,
            about_at=slot.starts_at,
            dedupe_key=f"offer:{offer.pk}",
            due_at=at,
            late_after=expires_at - at,
            by=by,
        )
    else:
        facts: dict[str, Any] = {"at": slot.starts_at.isoformat()}
        worklist.raise_item(kind="slot_free", patient_id=patient.pk, about_id=waiting.pk, facts=facts, by=by, at=at)


# --- Taken or not ---------------------------------------------------------------------------------------------


def accept(*, offer_id: UUID, revision: int | None, by: Actor, at: datetime) -> Appointment:
    """
    Take an offered time; the first who does has it. It replaces the later appointment, if there is one to replace.

    :param revision: the one that was read
    :raises OfferGone: somebody was faster, or it has run out; the offer is closed then
    :raises RevisionChanged: the offer is still open, but not as it was read
    """
    try:
        return _accept(offer_id=offer_id, revision=revision, by=by, at=at)
    except RevisionChanged:
        raise
    except (Conflict, Invalid) as refusal:
        with transaction.atomic():
            open_ = Offer.objects.filter(pk=offer_id, status=rules.OPEN)
            offer = open_.select_for_update(of=("self",), no_key=True).first()
            if offer is not None:
                _close_offer(offer, rules.EXPIRED if offer.expires_at <= at else rules.GONE, at)
        raise OfferGone from refusal


@transaction.atomic
def _accept(*, offer_id: UUID, revision: int | None, by: Actor, at: datetime) -> Appointment:
    seen = Offer.objects.filter(pk=offer_id).first()
    if seen is None:
        raise NotFound
    waiting = _get_for_update(seen.waiting_id)
    offer = Offer.objects.select_for_update(of=("self",), no_key=True).select_related("opening").get(pk=offer_id)
    if offer.status == rules.ACCEPTED and waiting.placed_id:
        return Appointment.objects.get(pk=waiting.placed_id)  # the second click
    if offer.status != rules.OPEN or offer.expires_at <= at or waiting.status != rules.WAITING:
        raise OfferGone
    check_revision(offer, revision)
    time_ = Time(offer.starts_at, offer.therapist_id, offer.room_id)
    later = waiting.instead_of
    if later is not None and later.status in rules.UPCOMING and later.starts_at > offer.starts_at:
        appointment = actions.move(appointment_id=later.pk, time=time_, by=by, at=at, why="waitlist")
    else:
        appointment = actions.book(
            patient_id=waiting.patient_id,
            type_id=waiting.type_id,
            time=time_,
            length_min=waiting.kind.length_min,
            by=by,
            at=at,
        )
    _close_offer(offer, rules.ACCEPTED, at)
    _close(waiting, rules.PLACED, by=by, at=at, placed=appointment)
    others = Offer.objects.filter(opening=offer.opening, status=rules.OPEN)
    for other_offer in others.order_by("pk").select_for_update(of=("self",), skip_locked=True, no_key=True):
        if other_offer.starts_at < appointment.blocked_until:
            _close_offer(other_offer, rules.GONE, at)
    audit.log("waitlist.accept", by=by, target_id=offer.pk, patient_ids=[waiting.patient_id])
    return appointment


@transaction.atomic
def decline(*, offer_id: UUID, revision: int | None, by: Actor, at: datetime) -> Offer:
    """
    Say no to an offered time; the next person is asked with the next tick. The place on the waitlist stays.

    :param revision: the one that was read
    :raises RevisionChanged:
    """
    offer = Offer.objects.select_for_update(of=("self",), no_key=True).filter(pk=offer_id).first()
    if offer is None:
        raise NotFound
    check_revision(offer, revision)
    if offer.status == rules.OPEN:
        _close_offer(offer, rules.DECLINED, at)
        worklist.resolve(kinds=["slot_free"], about_ids=[offer.waiting_id], by=by, at=at)
        audit.log("waitlist.decline", by=by, target_id=offer.pk, patient_ids=[offer.patient_id])
    return offer
