"""What workers do. Harmless twice."""

from uuid import UUID

from celery import shared_task

from changes import delivery


@shared_task(expires=10)
def deliver(clinic_id: str) -> int:
    """Tell one clinic's subscribers what they do not know yet; returns how many messages arrived."""
    return delivery.deliver(UUID(clinic_id))
