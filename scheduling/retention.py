"""
What is over is let go after the time that the operator says: messages, their links and plans, closed worklist rows.

The record, its changes and the audit trail are kept whatever is said here, and so is what they point at: a message
that a provider reported on, that carried a consent or advice; a link through which somebody answered.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet

from audit import actions as audit
from database import tenancy
from homecare.models import CheckIn, Occurrence
from identity.actor import Actor
from messaging.models import DeliveryEvent, Link, Message
from messaging.rules import WAITING
from patient_forms.models import FormRequest
from scheduling.models import Offer, Told
from treatments.aftercare.models import Aftercare
from treatments.consents.models import ConsentCopy
from worklist.models import Item

BATCH = 1_000


def let_go(*, by: Actor, before: datetime) -> int:
    """
    Delete what was over before a moment, in the actor's clinic; returns how many rows. Outside any transaction: each
    batch has one of its own, so that nobody waits for long.
    """
    removed = 0
    for remove in (_remove_messages, _remove_occurrences, _remove_links, _remove_items):
        while True:
            with tenancy.scope(by.clinic_id):
                count = remove(before)
                if count:
                    audit.log("retention.let_go", by=by, code=remove.__name__.removeprefix("_remove_"), times=count)
            removed += count
            if count < BATCH:
                break
    return removed


def _batch(rows: QuerySet[Message] | QuerySet[Link] | QuerySet[Occurrence] | QuerySet[Item]) -> list[UUID]:
    return list(rows.values_list("pk", flat=True)[:BATCH])


def _remove_messages(before: datetime) -> int:
    kept = [Exists(of.objects.filter(message=OuterRef("pk"))) for of in (DeliveryEvent, ConsentCopy, Aftercare)]
    again = Exists(Message.objects.filter(again_of=OuterRef("pk")))
    over = Message.objects.filter(due_at__lt=before).exclude(state__in=WAITING)
    ids = _batch(over.filter(*(~one for one in [*kept, again])).order_by("due_at"))
    Told.objects.filter(message__in=ids).delete()
    Occurrence.objects.filter(message__in=ids).delete()
    Message.objects.filter(pk__in=ids).delete()
    return len(ids)


def _remove_occurrences(before: datetime) -> int:
    """Reminders that became no message."""
    over = Occurrence.objects.filter(due_at__lt=before, message=None).exclude(status=Occurrence.Status.PLANNED)
    ids = _batch(over)
    Occurrence.objects.filter(pk__in=ids).delete()
    return len(ids)


def _remove_links(before: datetime) -> int:
    used = [Exists(of.objects.filter(link=OuterRef("pk"))) for of in (Message, CheckIn, Offer, FormRequest)]
    ids = _batch(Link.objects.filter(expires_at__lt=before).filter(*(~one for one in used)))
    Link.objects.filter(pk__in=ids).delete()
    return len(ids)


def _remove_items(before: datetime) -> int:
    """Rows that were closed. What somebody closed by hand and is still so comes back once its row is gone."""
    ids = _batch(Item.objects.filter(done_at__lt=before).order_by("done_at"))
    Item.objects.filter(pk__in=ids).delete()
    return len(ids)
