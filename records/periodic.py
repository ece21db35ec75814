"""What beat starts."""

import logging
from uuid import UUID

from celery import shared_task
from django.core.mail import send_mail
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Clinic, Membership
from audit import actions as audit
from database import tenancy
from identity.actor import Actor
from records import actions, keys, queries
from records.background import verify_one_chain

__all__ = ["verify_one_chain"]  # Celery finds the tasks of this module

logger = logging.getLogger(__name__)

# Chains up to here are read as a whole every night, longer ones on Sundays; the rest of the nights from the last
# verified head.
READ_WHOLE_EACH_NIGHT = 10_000
SUNDAY, MONDAY = 6, 0


@shared_task
def verify_all_chains() -> int:
    """Verify every clinic's chain; a break is logged, kept and in the audit trail. Returns how many are broken."""
    return sum(
        not _verify_nightly(clinic_id) for clinic_id in Clinic.objects.order_by("pk").values_list("pk", flat=True)
    )


def _verify_nightly(clinic_id: UUID) -> bool:
    weekday = timezone.now().weekday()
    try:
        with tenancy.scope(clinic_id):
            whole = weekday == SUNDAY or queries.head(clinic_id)[0] <= READ_WHOLE_EACH_NIGHT
            by = Actor.system(clinic_id, "verify_all_chains")
            chain = actions.check_chain(clinic_id=clinic_id, by=by, complete=whole)
    except Exception:  # one clinic that cannot be verified leaves the others verified
        logger.exception("signed records of clinic %s could not be verified", clinic_id)
        return False
    if not chain["ok"]:
        first = chain["first_broken"]
        logger.critical(
            "signed records of clinic %s are broken at sequence %s: %s", clinic_id, first["sequence"], first["reason"]
        )
    elif weekday == MONDAY and keys.signing_key() is not None:
        mail_checkpoint.delay(str(clinic_id))
    return bool(chain["ok"])


@shared_task(autoretry_for=(OSError,), retry_backoff=60, max_retries=8)
def mail_checkpoint(clinic_id: str) -> int:
    """Send a checkpoint to a clinic's owners, each in the clinic's language. Returns to how many."""
    with tenancy.scope(UUID(clinic_id)):
        clinic = Clinic.objects.get(pk=clinic_id)
        owners = Membership.objects.active().filter(clinic_id=clinic_id, role="owner")
        addresses = list(owners.values_list("user__email", flat=True))
        checkpoint, note = actions.make_checkpoint(clinic_id=clinic.pk)
        audit.log("records.mail_checkpoint", by=Actor.system(clinic.pk, "mail_checkpoint"), code=str(len(addresses)))
    with translation.override(clinic.locale):
        subject = _("Checkpoint of your signed records: {sequence}").format(sequence=checkpoint.sequence)
        text = _(
            "Keep this message outside Palpate. The lines below show later that no signed record up to number "
            "{sequence} was changed, removed or added in between. To check, give them to verify_chain --anchor or to "
            "records/verifications/."
        ).format(sequence=checkpoint.sequence)
    for address in addresses:  # one by one: owners need not see each other's address
        send_mail(subject, f"{text}\n\n{note}", None, [address])
    return len(addresses)
