"""What beat starts."""

from celery import shared_task

from messaging import engine, tasks

WORKERS_A_CLINIC = 4


@shared_task(expires=10)
def tick() -> int:
    """
    Put a slice of work into the queue for each clinic with something due; returns how many clinics.

    Two ticks at once, or a tick that gets lost, do no harm: what is owed is a row, and rows are claimed once.
    """

    def dispatch(clinic_id: object, count: int) -> None:
        for _slice in range(min(WORKERS_A_CLINIC, -(-count // engine.SLICE_MESSAGES))):
            tasks.hand_over.delay(str(clinic_id))

    return engine.for_each_due(dispatch)
