"""What beat starts."""

from celery import shared_task
from django.contrib.sessions.models import Session
from django.utils import timezone
from oauth2_provider.models import clear_expired

from accounts import sessions
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


@shared_task
def forget_what_expired() -> int:
    """Delete sessions that are over, tokens and grants that have expired. Returns how many sessions."""
    clear_expired()
    Session.objects.filter(expire_date__lt=timezone.now()).delete()  # of the release before
    return sessions.forget_expired()
