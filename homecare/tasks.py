"""What workers do. Each is harmless twice."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from database import tenancy
from homecare.reminders import planning
from identity.actor import Actor


@shared_task(expires=60)
def promote(clinic_id: str) -> int:
    """Turn what is due in a clinic into messages."""
    looked_at = 0
    clinic = UUID(clinic_id)
    while True:
        with tenancy.scope(clinic):
            batch = planning.promote_due(by=Actor.system(clinic, "reminders"), at=timezone.now())
        looked_at += batch
        if batch < planning.BATCH:
            return looked_at
