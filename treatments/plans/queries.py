"""How a plan stands: its goals, and the sessions that were given since it began."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from accounts.queries import clinic_zone
from clock.wall_clock import begin_of
from treatments.models import Session
from treatments.plans import rules
from treatments.plans.models import TreatmentPlan

STANDING = Q(signed_at__isnull=False, record__mark=None)  # signed, not replaced, not entered in error


def list_sessions(plan: TreatmentPlan, patient_ids: Sequence[UUID]) -> list[Session]:
    """The signed sessions since the plan began, until it ended; oldest first. What was entered in error is left out."""
    after = begin_of(plan.starts_on, clinic_zone(plan.clinic_id))
    sessions = Session.objects.with_parts().filter(
        patient_id__in=patient_ids, signed_at__isnull=False, record__mark=None, performed_at__gte=after
    )
    if plan.ended_at is not None:
        sessions = sessions.filter(performed_at__lte=plan.ended_at)
    return list(sessions.order_by("performed_at", "id"))


def progress_of(plan: TreatmentPlan, patient_ids: Sequence[UUID], *, at: datetime) -> rules.Progress:
    """What was given of a plan, and whether that keeps up with it."""
    zone = clinic_zone(plan.clinic_id)
    after = begin_of(plan.starts_on, zone)
    sessions = Session.objects.filter(
        patient_id__in=patient_ids, signed_at__isnull=False, record__mark=None, performed_at__gte=after
    )
    if plan.ended_at is not None:
        sessions = sessions.filter(performed_at__lte=plan.ended_at)
    today: date = (plan.ended_at or at).astimezone(zone).date()
    return rules.judge_progress(
        given=sessions.count(), sessions=plan.sessions, weeks=plan.weeks, starts_on=plan.starts_on, today=today
    )
