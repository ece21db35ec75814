"""What beat starts."""

from celery import shared_task
from django.utils import timezone

from accounts.models import Clinic
from changes import delivery, rules, tasks
from database.sql import run_prepared


@shared_task(expires=2)
def tick() -> int:
    """Hand each clinic whose subscribers are behind to workers; returns how many subscriptions are due."""
    # SQL: a function of the database, which alone looks at all clinics.
    due = run_prepared("SELECT * FROM changes_clinics_due()", [])
    for clinic_id, count in due:
        for _subscription in range(count):  # one that stalls keeps no other waiting
            tasks.deliver.delay(str(clinic_id))
    return sum(count for _clinic_id, count in due)


@shared_task
def forget_old_deliveries() -> int:
    """Delete lines of the delivery log after a month; returns how many."""
    before = timezone.now() - rules.LOG_KEPT
    clinics = list(Clinic.objects.order_by("pk").values_list("pk", flat=True))
    return sum(delivery.forget_log(clinic_id, before=before) for clinic_id in clinics)
