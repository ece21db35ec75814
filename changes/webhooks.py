"""Everything that changes a webhook. What it is told is in `delivery`."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Collection
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts.models import Clinic
from audit import actions as audit
from changes import egress, queries, rules
from changes.models import WebhookDelivery, WebhookSubscription
from database import tenancy
from database.encryption import encrypt, rotate
from database.expressions import new_id
from database.revisions import check_revision
from errors.exceptions import Conflict, NotFound, Problems
from identity.actor import Actor


class WebhookEnded(Conflict):
    reason = "webhook_ended"


class TooManyWebhooks(Conflict):
    reason = "too_many_webhooks"


@transaction.atomic
def subscribe(
    *, url: str, kinds: Collection[str], description: str = "", by: Actor, at: datetime
) -> tuple[WebhookSubscription, str]:
    """
    Tell an address what changes from now on.

    :returns: the subscription, and its secret, which is shown this once
    :raises Invalid: an address that may not be called; a kind that the actor cannot read
    :raises TooManyWebhooks:
    """
    _check(url=url, kinds=kinds, by=by)
    here = WebhookSubscription.objects.filter(clinic_id=by.clinic_id).exclude(state=rules.ENDED)
    if here.count() >= rules.MOST_SUBSCRIPTIONS:
        raise TooManyWebhooks(params={"most": rules.MOST_SUBSCRIPTIONS})
    secret = new_secret()
    subscription = WebhookSubscription.objects.create(
        id=new_id(),
        clinic_id=by.clinic_id,
        url=url,
        description=description.strip(),
        kinds=[kind for kind in rules.KINDS if kind in kinds],
        secret=encrypt(secret),
        position=queries.head(by.clinic_id),
        next_at=at,
        made_by_id=by.user_id,
    )
    audit.log("webhook.subscribe", by=by, target_id=subscription.pk)
    return subscription, secret


@transaction.atomic
def change(
    *, subscription_id: UUID, changes: dict[str, Any], revision: int | None, by: Actor, at: datetime
) -> WebhookSubscription:
    """
    Change address, kinds or description; another address is tried at once.

    :param revision: the one that was read
    :raises NotFound, RevisionChanged, Invalid:
    """
    subscription = _locked(subscription_id, revision, by)
    _check(url=changes.get("url", subscription.url), kinds=changes.get("kinds", subscription.kinds), by=by)
    for name, value in changes.items():
        setattr(subscription, name, value)
    if "url" in changes:
        subscription.next_at, subscription.failures = at, 0
    return _save(subscription, "webhook.change", by)


@transaction.atomic
def rotate_secret(
    *, subscription_id: UUID, revision: int | None, by: Actor, at: datetime
) -> tuple[WebhookSubscription, str]:
    """
    Make a new secret. Messages carry the signatures of both for a day.

    :raises NotFound, RevisionChanged:
    """
    subscription = _locked(subscription_id, revision, by)
    secret = new_secret()
    subscription.old_secret, subscription.old_secret_until = subscription.secret, at + rules.OLD_SECRET_VALID
    subscription.secret = encrypt(secret)
    return _save(subscription, "webhook.rotate_secret", by), secret


@transaction.atomic
def pause(*, subscription_id: UUID, revision: int | None, by: Actor) -> WebhookSubscription:
    """
    Send nothing until it is resumed; what changes meanwhile is sent then.

    :raises NotFound, RevisionChanged, WebhookEnded:
    """
    subscription = _locked(subscription_id, revision, by)
    if subscription.state == rules.ENDED:
        raise WebhookEnded
    subscription.state, subscription.reason = rules.PAUSED, rules.BY_HAND
    return _save(subscription, "webhook.pause", by)


@transaction.atomic
def resume(*, subscription_id: UUID, revision: int | None, by: Actor, at: datetime) -> WebhookSubscription:
    """
    Go on at once, from where it stopped. One that ended may go on as well: its address may be there again.

    :raises NotFound, RevisionChanged:
    """
    subscription = _locked(subscription_id, revision, by)
    _check(url=subscription.url, kinds=subscription.kinds, by=by)
    subscription.state, subscription.reason, subscription.failures, subscription.next_at = rules.ACTIVE, "", 0, at
    return _save(subscription, "webhook.resume", by)


@transaction.atomic
def replay(
    *, subscription_id: UUID, from_sequence: int, revision: int | None, by: Actor, at: datetime
) -> WebhookSubscription:
    """
    Send again everything from a sequence number on.

    :raises NotFound, RevisionChanged:
    :raises Invalid: there is no such number yet
    """
    subscription = _locked(subscription_id, revision, by)
    head = queries.head(by.clinic_id)
    problems = Problems()
    if not 1 <= from_sequence <= max(head, 1):
        problems.add("/from_sequence", "invalid.whole_number_from_to", low=1, high=max(head, 1))
    problems.raise_if_any()
    subscription.position, subscription.pending_to, subscription.next_at = from_sequence - 1, None, at
    subscription.fence += 1  # the worker that is sending now must not set the position again
    return _save(subscription, "webhook.replay", by)


@transaction.atomic
def request_test(*, subscription_id: UUID, by: Actor, at: datetime) -> WebhookSubscription:
    """
    Send a message that says nothing but that it arrived, also while the subscription is paused.

    :raises NotFound:
    """
    subscription = _locked(subscription_id, None, by)
    subscription.test_requested, subscription.next_at = True, at
    return _save(subscription, "webhook.test", by)


@transaction.atomic
def unsubscribe(*, subscription_id: UUID, revision: int | None, by: Actor) -> None:
    """
    Remove it, with its log.

    :raises NotFound, RevisionChanged:
    """
    subscription = _locked(subscription_id, revision, by)
    WebhookDelivery.objects.filter(clinic_id=by.clinic_id, subscription=subscription).delete()
    subscription.delete()
    audit.log("webhook.unsubscribe", by=by, target_id=subscription_id)


def rotate_encryption() -> int:
    """Encrypt each clinic's secrets with the first of ENCRYPTION_KEYS; returns how many subscriptions have one."""
    count = 0
    for clinic_id in Clinic.objects.order_by("pk").values_list("pk", flat=True):
        with tenancy.scope(clinic_id):
            for subscription in WebhookSubscription.objects.filter(clinic_id=clinic_id).select_for_update():
                subscription.secret = rotate(subscription.secret)
                subscription.old_secret = rotate(subscription.old_secret) if subscription.old_secret else ""
                subscription.save(update_fields=["secret", "old_secret"])
                count += 1
    return count


def new_secret() -> str:
    """32 random bytes, as Standard Webhooks writes them."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def find(*, subscription_id: UUID, by: Actor) -> WebhookSubscription:
    """
    Return one of the actor's clinic.

    :raises NotFound: also another clinic's
    """
    subscription = WebhookSubscription.objects.filter(clinic_id=by.clinic_id, pk=subscription_id).first()
    if subscription is None:
        raise NotFound
    return subscription


def _locked(subscription_id: UUID, revision: int | None, by: Actor) -> WebhookSubscription:
    here = WebhookSubscription.objects.select_for_update().filter(clinic_id=by.clinic_id, pk=subscription_id)
    subscription = here.first()
    if subscription is None:
        raise NotFound
    check_revision(subscription, revision)
    return subscription


def _save(subscription: WebhookSubscription, action: str, by: Actor) -> WebhookSubscription:
    subscription.revision += 1
    subscription.save()
    audit.log(action, by=by, target_id=subscription.pk)
    return subscription


def _check(*, url: str, kinds: Collection[str], by: Actor) -> None:
    problems = Problems()
    if not egress.is_allowed(url) or len(url) > rules.URL_MAX:
        problems.add("/url", "invalid.webhook_url", most=rules.URL_MAX)
    visible = rules.visible_kinds(frozenset(by.scopes))
    if not kinds:
        problems.add("/kinds", "required.kinds")
    elif any(kind not in visible for kind in kinds):
        problems.add("/kinds", "invalid.webhook_kinds", choices=visible)
    problems.raise_if_any()
