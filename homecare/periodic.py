"""What beat starts."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from celery import shared_task
from django.utils import timezone

from accounts.models import Clinic
from homecare import maintenance, tasks
from homecare.reminders import planning
from identity.actor import Actor


@shared_task(expires=10)
def tick() -> int:
    """Hand each clinic with something due to a worker; returns how many clinics."""
    clinic_ids = planning.due_clinics()
    for clinic_id in clinic_ids:
        tasks.promote.delay(str(clinic_id))
    return len(clinic_ids)


@shared_task(expires=1200)
def look_after(clinic_id: str) -> int:
    """Plan a clinic's running programmes ahead, end what is over, see who is silent; returns how many were planned."""
    return maintenance.look_after(by=Actor.system(UUID(clinic_id), "reminders"), at=timezone.now())


@shared_task(expires=1200)
def look_after_all() -> int:
    """
    Hand each clinic to a worker, so that one in trouble keeps no other waiting; returns how many clinics.

    It runs often and does each thing once a day, so a run that was lost is made up for by the next.
    """
    clinics = list(Clinic.objects.order_by("pk").values_list("pk", flat=True))
    for clinic_id in clinics:
        look_after.delay(str(clinic_id))
    return len(clinics)


@shared_task(expires=3600)
def check_safety(clinic_id: str) -> int:
    """Pause every running programme of a clinic that the safety check stops now; returns how many were checked."""
    return maintenance.check_all_safety(by=Actor.system(UUID(clinic_id), "reminders"), at=timezone.now())


def check_after_list_change(*, by: Actor, at: datetime) -> None:
    """
    Have the running programmes of a clinic checked by its new safety list.

    A worker does it, because there may be thousands; until it has, the patient's page and the reminders ask by
    themselves.
    """
    check_safety.delay_on_commit(str(by.clinic_id))
