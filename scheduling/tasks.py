"""What workers do. Each is harmless twice."""

from uuid import UUID

from celery import shared_task
from django.utils import timezone

from clinic import tenancy
from clinic.caller import Caller


@shared_task(expires=60)
def desk(clinic_id: str) -> int:
    """Offer what came free, and give up what was only proposed or offered; returns how many offers were made."""
    from scheduling import waitlist

    clinic = UUID(clinic_id)
    with tenancy.scope(clinic):
        return waitlist.run(by=Caller.system(clinic, "waitlist"), at=timezone.now())
