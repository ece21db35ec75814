"""Open work of a colleague goes to another: when somebody leaves, is ill or away."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts import policies, queries
from assessments.models import Assessment
from audit import actions as audit
from errors.exceptions import Conflict, Invalid
from identity.actor import Actor
from scheduling import rules as visits
from scheduling.booking import actions as booking
from scheduling.booking.locks import Time
from scheduling.models import Appointment
from scheduling.models.appointments import AppointmentQuerySet
from treatments.models import Session
from worklist import actions as worklist
from worklist.models import Item


@dataclass(frozen=True)
class OpenWork:
    """
    How much waits for a person.

    :ivar appointments: ahead
    :ivar items: of the worklist, assigned to them
    :ivar drafts: exams and sessions that only they can sign
    """

    appointments: int
    items: int
    drafts: int


@dataclass(frozen=True)
class HandedOver:
    """
    What was handed over.

    :ivar kept: appointments at whose time the colleague is booked, away or not competent
    """

    appointments: int
    kept: int
    items: int


def open_work(user_id: UUID, *, at: datetime) -> OpenWork:
    """Count a person's open work. Call inside the clinic's scope."""
    drafts = (model.objects.drafts().filter(recorded_by_id=user_id).count() for model in (Assessment, Session))
    items = Item.objects.open().filter(taken_by_id=user_id).count()
    return OpenWork(_ahead(user_id, at).count(), items, sum(drafts))


def _ahead(user_id: UUID, at: datetime) -> AppointmentQuerySet:
    return Appointment.objects.filter(therapist_id=user_id, status__in=visits.UPCOMING, starts_at__gt=at)


@transaction.atomic
def hand_over(*, from_id: UUID, to_id: UUID, by: Actor, at: datetime) -> HandedOver:
    """
    Give a colleague the appointments and worklist rows of another, at the times and in the rooms that they have.

    Patients are told as of any move. Drafts stay with the person who examined: nobody signs for somebody else.

    :raises OwnersOnly:
    :raises Invalid: the colleague is the same person, or no therapist of this clinic and there are appointments
    """
    policies.require_owner(by)
    roles = queries.roles(clinic_id=by.clinic_id, user_id=to_id)
    ahead = list(_ahead(from_id, at).in_order())
    if to_id == from_id or not roles:
        raise Invalid.at("/to", "unknown.colleague")
    if ahead and "therapist" not in roles:
        raise Invalid.at("/to", "not_a_therapist")
    moved = 0
    for appointment in ahead:
        time = Time(appointment.starts_at, to_id, appointment.room_id, outside_hours=appointment.outside_hours)
        try:
            with transaction.atomic():
                booking.move(appointment_id=appointment.pk, time=time, by=by, at=at)
            moved += 1
        except (Conflict, Invalid):
            continue
    items = worklist.hand_over(from_id=from_id, to_id=to_id, by=by, at=at)
    audit.log("person.hand_over", by=by, target_id=from_id)
    return HandedOver(moved, len(ahead) - moved, items)
