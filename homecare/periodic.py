"""What beat starts."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from accounts.models import Clinic
from database import tenancy
from homecare import maintenance, tasks
from homecare.reminders import planning
from identity.actor import Actor


@shared_task(expires=10)
def tick() -> int:
    """Hand each clinic with something due to a worker; returns how many clinics."""
    found = planning.due_clinics()
    for clinic_id in found:
        tasks.promote.delay(str(clinic_id))
    return len(found)


@shared_task(expires=1200)
def look_after(clinic_id: str) -> int:
    """Plan a clinic's running programmes ahead, end what is over, see who is silent; returns how many were planned."""
    clinic = Clinic.objects.get(pk=UUID(clinic_id))
    with tenancy.scope(clinic.pk):
        return maintenance.look_after(clinic, by=Actor.system(clinic.pk, "reminders"), at=timezone.now())


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
