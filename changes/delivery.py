"""
Tells subscribers what changed. See docs/adr/0039.

A subscription is claimed (`FOR UPDATE SKIP LOCKED`, a lease, a fencing token) and the claim committed; the message is
sent outside any transaction; then the result is written, if the claim still holds. What is owed is what stands behind
its position, so a killed worker costs time and perhaps a second delivery under the same id, never a change.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from standardwebhooks import Webhook

from accounts.models import Clinic, Membership
from audit import actions as audit
from changes import egress, queries, rules
from changes.models import ClinicChange, WebhookDelivery, WebhookSubscription
from database import tenancy
from database.encryption import decrypt
from database.sql import run_prepared
from identity.actor import Actor

SLICE_S = 20.0  # so long one clinic keeps a worker; then the others have their turn
# SQL: claiming is one statement, even if others claim too; the ORM has no UPDATE … FROM … RETURNING.
CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT s.id FROM changes_webhooksubscription s
        WHERE s.clinic_id = %(clinic)s AND s.next_at <= clock_timestamp() AND (
            s.test_requested OR (s.state = 'active' AND s.position < (
                SELECT c.sequence FROM changes_changecounter c WHERE c.clinic_id = %(clinic)s))
        )
        ORDER BY s.next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE changes_webhooksubscription AS s SET fence = fence + 1, next_at = clock_timestamp() + %(lease)s
    FROM due WHERE s.id = due.id RETURNING s.id
"""


@dataclass(frozen=True)
class Claim:
    """A subscription that is ours until its lease ends, and the message that it gets."""

    subscription: WebhookSubscription
    message_id: str
    body: dict[str, Any]
    changes: list[ClinicChange]
    is_test: bool


def deliver(clinic_id: UUID, *, seconds: float = SLICE_S) -> int:
    """Tell a clinic's subscribers what they do not know yet, for one slice. Returns how many messages arrived."""
    ends, arrived = time.monotonic() + seconds, 0
    while time.monotonic() < ends:
        with tenancy.scope(clinic_id):
            claim = next_claim(clinic_id)
        if claim is None:
            return arrived
        if claim.is_test or claim.changes:
            reply = send(claim)
            with tenancy.scope(clinic_id):
                has_stopped = record_result(claim, reply)
            arrived += reply.outcome == rules.DELIVERED
            if has_stopped:
                notify_owners(claim.subscription)
    return arrived


def next_claim(clinic_id: UUID) -> Claim | None:
    """The subscription that is due, claimed, with its message; one that is owed nothing of its kinds goes ahead."""
    rows = run_prepared(CLAIM, {"clinic": clinic_id, "lease": rules.LEASE})
    if not rows:
        return None
    subscription = WebhookSubscription.objects.get(pk=rows[0][0])
    now = timezone.now()
    if subscription.test_requested:
        key = f"test_{subscription.pk.hex}_{subscription.fence}"
        body = {"type": "webhook.test", "timestamp": now, "data": {"subscription_id": subscription.pk}}
        return Claim(subscription, key, body, [], is_test=True)
    head = queries.head(clinic_id)
    changes = queries.changes_after(
        clinic_id=clinic_id,
        sequence=subscription.position,
        kinds=subscription.kinds,
        limit=rules.CHANGES_A_MESSAGE,
        until=subscription.pending_to,
    )
    if not changes:
        values = {"position": subscription.pending_to or head, "pending_to": None, "next_at": now}
        WebhookSubscription.objects.filter(pk=subscription.pk, fence=subscription.fence).update(**values)
        return Claim(subscription, "", {}, [], is_test=False)
    subscription.pending_to = changes[-1].sequence
    subscription.save(update_fields=["pending_to"])
    first, last = changes[0].sequence, changes[-1].sequence
    body = {
        "type": "changes",
        "timestamp": changes[-1].at,
        "data": {"first": first, "last": last, "changes": [thin(change) for change in changes]},
    }
    return Claim(subscription, f"chg_{subscription.pk.hex}_{first}_{last}", body, changes, is_test=False)


def thin(change: ClinicChange) -> dict[str, Any]:
    """What a receiver needs to know where to look: ids and codes, and nothing of anybody."""
    return {
        "sequence": change.sequence,
        "kind": change.kind,
        "action": change.action,
        "id": change.subject_id,
        "revision": change.revision,
    }


def send(claim: Claim) -> egress.Reply:
    """Sign the message as of now, with both secrets while a rotation lasts, and send it."""
    subscription, now = claim.subscription, datetime.now(UTC)
    body = orjson.dumps(claim.body, option=orjson.OPT_UTC_Z)
    secrets = [decrypt(subscription.secret)]
    if subscription.old_secret_until and subscription.old_secret_until > now:
        secrets.append(decrypt(subscription.old_secret))
    signatures = [Webhook(secret).sign(claim.message_id, now, body.decode()) for secret in secrets]
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "Palpate-Webhooks/1",
        "webhook-id": claim.message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": " ".join(signatures),
    }
    return egress.call(subscription.url, body, headers)


def record_result(claim: Claim, reply: egress.Reply) -> bool:
    """
    Write what came of an attempt, if the claim still holds, and when the next one is due.

    :returns: whether the subscription has stopped by this
    """
    held = WebhookSubscription.objects.select_for_update().filter(
        pk=claim.subscription.pk, fence=claim.subscription.fence
    )
    subscription = held.first()
    if subscription is None:
        return False
    now, was_active = timezone.now(), subscription.state == rules.ACTIVE
    WebhookDelivery.objects.create(
        clinic_id=subscription.clinic_id,
        subscription=subscription,
        message_id=claim.message_id,
        first=claim.changes[0].sequence if claim.changes else None,
        last=claim.changes[-1].sequence if claim.changes else None,
        attempt=1 if claim.is_test else subscription.failures + 1,
        outcome=reply.outcome,
        status=reply.status,
        duration_ms=reply.duration_ms,
    )
    audit.log(
        "webhook.deliver",
        by=Actor.system(subscription.clinic_id, "webhooks"),
        target_id=subscription.pk,
        patient_ids={change.patient_id for change in claim.changes},
        outcome=audit.Outcome.OK if reply.outcome == rules.DELIVERED else audit.Outcome.FAILED,
        code="" if reply.outcome == rules.DELIVERED else reply.outcome,
    )
    if claim.is_test:
        # What has failed before waits again as long as after its last attempt.
        wait = rules.retry_after(subscription.failures) if subscription.failures else None
        subscription.test_requested, subscription.next_at = False, now + (wait or timedelta())
    elif reply.outcome == rules.DELIVERED:
        subscription.position = claim.changes[-1].sequence
        subscription.pending_to, subscription.failures, subscription.next_at = None, 0, now
    else:
        _fail(subscription, reply, now)
    subscription.save()
    return was_active and subscription.state != rules.ACTIVE


def _fail(subscription: WebhookSubscription, reply: egress.Reply, now: datetime) -> None:
    subscription.failures += 1
    wait = rules.retry_after(subscription.failures)
    if reply.status == 410:
        subscription.state, subscription.reason = rules.ENDED, rules.GONE
    elif wait is None:
        subscription.state, subscription.reason = rules.PAUSED, rules.FAILED
    subscription.next_at = now + (wait or timedelta())
    if subscription.state != rules.ACTIVE:
        subscription.revision += 1


def notify_owners(subscription: WebhookSubscription) -> int:
    """Mail the owners that a subscription has stopped, each in the clinic's language. Returns to how many."""
    with tenancy.scope(subscription.clinic_id):
        clinic = Clinic.objects.get(pk=subscription.clinic_id)
        owners = Membership.objects.active().filter(clinic_id=clinic.pk, role="owner")
        addresses = list(owners.values_list("user__email", flat=True))
        by = Actor.system(clinic.pk, "webhooks")
        audit.log("webhook.stopped", by=by, target_id=subscription.pk, code=str(len(addresses)))
    with translation.override(clinic.locale):
        subject = _("A webhook of your clinic has stopped")
        text = _(
            "Another program is no longer told what changes in Palpate, because its address did not answer for three "
            "days or no longer exists. Nothing is lost: check the address and resume the webhook under Settings, "
            "Webhooks: {url}"
        ).format(url=f"{settings.PUBLIC_URL}/settings/webhooks/{subscription.pk}/")
    for address in addresses:  # one by one: owners need not see each other's address
        send_mail(subject, text, None, [address])
    return len(addresses)


def forget_log(clinic_id: UUID, *, before: datetime) -> int:
    """Delete the log's lines of before a moment."""
    with tenancy.scope(clinic_id):
        return WebhookDelivery.objects.filter(clinic_id=clinic_id, at__lt=before).delete()[0]
