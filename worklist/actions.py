"""Everything that changes what waits for the clinic."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction

from accounts.queries import clinic_zone
from audit import actions as audit
from clinic.caller import Caller
from clinic.errors import Conflict, FieldError, Invalid
from clinic.sql import prepared
from worklist import rules
from worklist.models import Item


class AlreadyDone(Conflict):
    code = "already_done"
    detail = "Somebody has done this meanwhile."


class NobodyTakesIt(Conflict):
    code = "nobody_takes_it"
    detail = "Only a person can see to it; this program acts for none."


class OutcomeUnknown(Invalid):
    code = "outcome_unknown"
    detail = f"The outcome is one of: {', '.join(rules.OUTCOMES)}."


# Which days of the month after a day a clinic works. The app that keeps its hours stands above, and adds itself.
WORKING_DAYS: list[Callable[[UUID, date], Callable[[date], bool]]] = []

# A record that was merged is spoken of by its survivor. What led to it a first time is kept beside the second.
RAISE = """
    INSERT INTO worklist_item (clinic_id, patient_id, kind, about_id, facts, since, due_at, times, outcome, note)
    VALUES (
        %(clinic)s, coalesce((SELECT merged_into_id FROM patients_patient WHERE id = %(patient)s), %(patient)s),
        %(kind)s, %(about)s, %(facts)s::jsonb, %(since)s, %(due)s, 1, '', ''
    )
    ON CONFLICT (clinic_id, patient_id, kind, about_id) WHERE done_at IS NULL
    DO UPDATE SET times = worklist_item.times + 1, snoozed_until = NULL,
        due_at = least(worklist_item.due_at, excluded.due_at),
        facts = excluded.facts || CASE WHEN worklist_item.facts ? 'answers' AND excluded.facts ? 'answers' THEN
            jsonb_build_object('answers', (
                SELECT jsonb_agg(DISTINCT said)
                FROM jsonb_array_elements(worklist_item.facts->'answers' || (excluded.facts->'answers')) AS said
            )) ELSE '{}' END
    RETURNING id, times
"""


@transaction.atomic
def raise_item(
    *,
    kind: str,
    patient_id: UUID,
    about_id: UUID,
    facts: dict[str, Any],
    by: Caller,
    at: datetime,
    since: datetime | None = None,
    urgency: str | None = None,
    due_at: datetime | None = None,
) -> tuple[UUID, bool]:
    """
    Put a patient on the worklist, or count up if the same thing waits already.

    :param facts: codes and numbers; never free text
    :param since: since when it is so, if not just now
    :param urgency: if not as the kind's
    :param due_at: if not as the urgency says
    :returns: the row's id, and whether it is new
    """
    since = since or at
    due = due_at or work_out_due_at(urgency or rules.KINDS[kind].urgency, since=since, clinic_id=by.clinic_id)
    values = {
        "clinic": by.clinic_id, "patient": patient_id, "kind": kind, "about": about_id, "since": since, "due": due,
    }  # fmt: skip
    item_id, times = prepared(RAISE, {**values, "facts": orjson.dumps(facts).decode()})[0]
    audit.log(f"worklist.{kind}", by=by, target_id=item_id, patient_ids=[patient_id])
    return item_id, times == 1


def work_out_due_at(urgency: str, *, since: datetime, clinic_id: UUID) -> datetime:
    """When somebody should have looked at what is so urgent."""
    if urgency == rules.AT_ONCE:
        return since
    zone = clinic_zone(clinic_id)
    works = next((days(clinic_id, since.astimezone(zone).date()) for days in WORKING_DAYS), rules.on_weekdays)
    return rules.due_at(urgency, since=since, zone=zone, works=works)


@transaction.atomic
def follow_merge(*, source_id: UUID, target_id: UUID, by: Caller, at: datetime) -> None:
    """What waits for a record that was merged waits for the survivor, once."""
    had = set(Item.objects.open().filter(patient_id=target_id).values_list("kind", "about_id"))
    for item in Item.objects.open().filter(patient_id=source_id):
        if (item.kind, item.about_id) in had:
            settle(kinds=[item.kind], about_ids=[item.about_id], patient_id=source_id, by=by, at=at)
        else:
            Item.objects.filter(pk=item.pk).update(patient_id=target_id)


@transaction.atomic
def take(*, item_id: UUID, by: Caller, at: datetime) -> Item:
    """
    Say that one sees to it, so that no second person calls.

    :raises AlreadyDone, NobodyTakesIt:
    """
    if by.author_id is None:
        raise NobodyTakesIt
    item = _open(item_id)
    item.taken_by_id, item.taken_at = by.author_id, at
    item.save(update_fields=["taken_by", "taken_at"])
    audit.log("worklist.take", by=by, target_id=item.pk, patient_ids=[item.patient_id])
    return item


@transaction.atomic
def finish(*, item_id: UUID, outcome: str, note: str = "", by: Caller, at: datetime) -> Item:
    """
    Close it with what came of it.

    :raises AlreadyDone, OutcomeUnknown:
    """
    if outcome not in rules.OUTCOMES:
        raise OutcomeUnknown
    item = _open(item_id)
    item.done_by_id, item.done_at, item.outcome, item.note = by.author_id, at, outcome, note
    item.save(update_fields=["done_by", "done_at", "outcome", "note"])
    audit.log("worklist.finish", by=by, target_id=item.pk, patient_ids=[item.patient_id], code=outcome)
    return item


@transaction.atomic
def snooze(*, item_id: UUID, until: datetime, by: Caller, at: datetime) -> Item:
    """
    Put it aside until then; it comes back by itself.

    :raises AlreadyDone, Invalid: the time is over, or more than a year away
    """
    if not at < until <= at + timedelta(days=366):
        raise Invalid(errors=[FieldError("/until", "invalid", "From now on, and within a year.")])
    item = _open(item_id)
    item.snoozed_until = until
    item.save(update_fields=["snoozed_until"])
    audit.log("worklist.snooze", by=by, target_id=item.pk, patient_ids=[item.patient_id])
    return item


@transaction.atomic
def settle(
    *, kinds: list[str], about_ids: list[UUID], patient_id: UUID | None = None, by: Caller, at: datetime
) -> int:  # fmt: skip
    """Close what is true no more: somebody booked, came or signed meanwhile. Returns how many."""
    items = Item.objects.open().filter(kind__in=kinds, about_id__in=about_ids)
    if patient_id is not None:
        items = items.filter(patient_id=patient_id)
    found = list(items.select_for_update(of=("self",)))
    for item in found:
        item.done_at, item.outcome = at, rules.ITSELF
        item.save(update_fields=["done_at", "outcome"])
        audit.log("worklist.settle", by=by, target_id=item.pk, patient_ids=[item.patient_id])
    return len(found)


@transaction.atomic
def reopen(*, item_id: UUID, by: Caller) -> Item:
    """Undo `finish`; if the same thing came up anew meanwhile, that row stands for it."""
    item = Item.objects.select_for_update(of=("self",)).get(pk=item_id)
    again = Item.objects.open().filter(patient_id=item.patient_id, kind=item.kind, about_id=item.about_id)
    if item.done_at is not None and not again.exists():
        item.done_by_id, item.done_at, item.outcome = None, None, ""
        item.save(update_fields=["done_by", "done_at", "outcome"])
    audit.log("worklist.reopen", by=by, target_id=item.pk, patient_ids=[item.patient_id])
    return item


def _open(item_id: UUID) -> Item:
    item = Item.objects.select_for_update(of=("self",)).get(pk=item_id)
    if item.done_at is not None:
        raise AlreadyDone
    return item
