"""What beat starts."""

import logging

from celery import shared_task

from accounts.models import Clinic
from database import tenancy
from identity.actor import Actor
from records import actions

logger = logging.getLogger(__name__)


@shared_task
def verify_all_chains() -> int:
    """Verify every clinic's chain; a break is logged, kept and in the audit trail. Returns how many are broken."""
    broken = 0
    for clinic_id in Clinic.objects.order_by("pk").values_list("pk", flat=True):
        with tenancy.scope(clinic_id):
            found = actions.check_chain(clinic_id=clinic_id, by=Actor.system(clinic_id, "verify_all_chains"))
        if not found["ok"]:
            broken += 1
            first = found["first_broken"]
            logger.critical(
                "signed records of clinic %s are broken at sequence %s: %s",
                clinic_id,
                first["sequence"],
                first["reason"],
            )
    return broken
