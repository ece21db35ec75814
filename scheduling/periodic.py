"""What beat starts."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from accounts.models import Clinic
from database import tenancy
from database.sql import run_prepared
from identity.actor import Actor
from scheduling import retention, worklist_sync
from scheduling.waitlist import actions as waitlist


@shared_task(expires=60)
def desk(clinic_id: str) -> int:
    """Offer what came free, and give up what was only proposed or offered; returns how many offers were made."""
    clinic = UUID(clinic_id)
    with tenancy.scope(clinic):
        return waitlist.run(by=Actor.system(clinic, "waitlist"), at=timezone.now())


@shared_task(expires=15)
def tick() -> int:
    """Hand each clinic with something to offer or to give up to a worker; returns how many clinics."""
    # SQL: a function of the database, which alone looks at all clinics.
    clinic_ids = run_prepared("SELECT clinic_id FROM scheduling_clinics_due()", [])
    for (clinic_id,) in clinic_ids:
        desk.delay(str(clinic_id))
    return len(clinic_ids)


@shared_task(expires=1200)
def sweep(clinic_id: str) -> int:
    """See what waits for one clinic's desk; returns how many rows there should be."""
    clinic, at = UUID(clinic_id), timezone.now()
    by = Actor.system(clinic, "desk")
    with tenancy.scope(clinic):  # of its own: what is locked on the waitlist does not wait for the sweep
        waitlist.tidy(by=by, at=at)
    with tenancy.scope(clinic):
        return worklist_sync.sweep(by=by, at=at)


@shared_task(expires=1200)
def sweep_all() -> int:
    """Hand each clinic to a worker, so that one in trouble keeps no other waiting; returns how many clinics."""
    clinics = list(Clinic.objects.order_by("pk").values_list("pk", flat=True))
    for clinic_id in clinics:
        sweep.delay(str(clinic_id))
    return len(clinics)


@shared_task(expires=3600)
def let_go(clinic_id: str) -> int:
    """Delete what was over in one clinic `KEEP_DAYS` ago; returns how many rows."""
    before = timezone.now() - timedelta(days=settings.KEEP_DAYS)
    return retention.let_go(by=Actor.system(UUID(clinic_id), "retention"), before=before)


@shared_task(expires=3600)
def let_go_all() -> int:
    """Hand each clinic to a worker, where the operator has said that anything goes; returns how many clinics."""
    if not settings.KEEP_DAYS:
        return 0
    clinics = list(Clinic.objects.order_by("pk").values_list("pk", flat=True))
    for clinic_id in clinics:
        let_go.delay(str(clinic_id))
    return len(clinics)
