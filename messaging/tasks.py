"""What workers do. Each is harmless twice."""

from uuid import UUID

from celery import shared_task

from messaging import engine


@shared_task(expires=60)
def hand_over(clinic_id: str) -> int:
    """One slice for a clinic; if more is due, another one joins the end of the queue."""
    run = engine.hand_over(UUID(clinic_id))
    if run.more and run.settled:
        hand_over.delay(clinic_id)
    return run.sent
