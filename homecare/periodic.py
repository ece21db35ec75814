"""What beat starts."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from celery import shared_task
from django.utils import timezone

from accounts.models import Clinic
from clinic import tenancy
from clinic.caller import Caller
from homecare import actions, checking_in, planning, queries, tasks
from homecare.models import Programme, ReminderPlan
from patients.queries import zone_of
from worklist import actions as worklist


@shared_task(expires=10)
def tick() -> int:
    """Hand each clinic with something due to a worker; returns how many clinics."""
    found = planning.due_clinics()
    for clinic_id in found:
        tasks.promote.delay(str(clinic_id))
    return len(found)


@shared_task(expires=1200)
def daily() -> int:
    """
    Plan ahead where a day has begun or a zone has changed; end what has run out; see who is silent.

    It runs often and does each thing once a day, so a run that was lost is made up for by the next.
    """
    planned = 0
    for clinic in Clinic.objects.order_by("pk"):
        at = timezone.now()
        by = Caller.system(clinic.pk, "reminders")
        with tenancy.scope(clinic.pk):
            planned += plan_days(at)
            planning.plan_soreness(by=by, at=at)
            close_and_review(clinic, by, at)
            today = at.astimezone(ZoneInfo(clinic.time_zone)).date()
            checking_in.note_silence(by=by, at=at, today=today)
    return planned


def plan_days(at: datetime) -> int:
    """Plan ahead every running programme that was not planned on its patient's today; returns how many."""
    plans = ReminderPlan.objects.filter(programme__status=Programme.Status.ACTIVE)
    count = 0
    for plan in plans.select_related("programme__patient").iterator(chunk_size=500):
        zone = zone_of(plan.programme.patient)
        if plan.planned_on != at.astimezone(zone).date() or plan.planned_zone != planning.edition(zone):
            planning.plan_ahead(plan.programme, at=at)
            count += 1
    return count


def close_and_review(clinic: Clinic, by: Caller, at: datetime) -> None:
    """End programmes whose last day is over, and list the reviews that are due; both wait for a person then."""
    today = at.astimezone(ZoneInfo(clinic.time_zone)).date()
    for programme in Programme.objects.active().filter(ends_on__lt=today).select_related("patient"):
        actions.end_programme(programme=programme, by=by, at=at)
        worklist.raise_item(
            kind="programme_ended", patient_id=programme.patient_id, about_id=programme.pk,
            facts={"ends_on": programme.ends_on.isoformat() if programme.ends_on else None}, by=by, at=at,
        )  # fmt: skip
    for programme in Programme.objects.active().filter(review_on__lte=today):
        if not queries.is_listed("review_due", programme):
            worklist.raise_item(
                kind="review_due", patient_id=programme.patient_id, about_id=programme.pk,
                facts={"review_on": programme.review_on.isoformat() if programme.review_on else None}, by=by, at=at,
            )  # fmt: skip
