"""What beat starts."""

from __future__ import annotations

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from accounts.models import Clinic
from identity.actor import Actor
from privacy import actions


@shared_task(expires=3600)
def erase_due(clinic_id: str) -> int:
    """Erase the patients of one clinic whose 14 days are over; return how many."""
    return actions.erase_due(by=Actor.system(UUID(clinic_id), "erasure"), at=timezone.now())


@shared_task(expires=3600)
def erase_due_all() -> int:
    """Hand each clinic to a worker; return how many clinics."""
    clinics = list(Clinic.objects.order_by("pk").values_list("pk", flat=True))
    for clinic_id in clinics:
        erase_due.delay(str(clinic_id))
    return len(clinics)
