"""What beat starts."""

from celery import shared_task

from accounts.models import Clinic
from api.models import IdempotencyKey
from database import tenancy


@shared_task
def forget_old_keys() -> int:
    """Delete idempotency keys past their lifetime, with the answers that they hold."""
    forgotten = 0
    for clinic_id in Clinic.objects.order_by("pk").values_list("pk", flat=True):
        with tenancy.scope(clinic_id):
            forgotten += IdempotencyKey.objects.expired().delete()[0]
    return forgotten
