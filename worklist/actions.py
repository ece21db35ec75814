"""Everything that changes what waits for the clinic."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.db.models import QuerySet

from accounts.queries import clinic_zone
from audit import actions as audit
from database.revisions import check_revision
from database.sql import run_prepared
from errors.exceptions import Conflict, Invalid
from identity.actor import Actor
from worklist import rules
from worklist.models import Item
from worklist.rules import ItemRequest


class AlreadyDone(Conflict):
    reason = "already_done"


class NobodyTakesIt(Conflict):
    reason = "nobody_takes_it"


class UnknownOutcome(Invalid):
    reason = "outcome_unknown"


# Which days of the month after a day a clinic works. The app that keeps its hours stands above, and adds itself.
WORKING_DAYS: list[Callable[[UUID, date], Callable[[date], bool]]] = []

# A record that was merged is spoken of by its survivor. What led to it a first time is kept beside the second.
# SQL: one statement inserts or counts up, whoever else does the same; the ORM's upsert cannot compute from the old row.
RAISE = """
    INSERT INTO worklist_item (clinic_id, patient_id, kind, about_id, facts, since, due_at, times, outcome, note)
    SELECT
        %(clinic)s, coalesce((SELECT merged_into_id FROM patients_patient WHERE id = wanted.patient), wanted.patient),
        kind, about, wanted.facts, wanted.since, due, 1, '', ''
    FROM jsonb_to_recordset(%(wanted)s::jsonb) AS
        wanted (patient uuid, kind text, about uuid, facts jsonb, since timestamptz, due timestamptz)
    ON CONFLICT (clinic_id, patient_id, kind, about_id) WHERE done_at IS NULL
    DO UPDATE SET times = worklist_item.times + 1, snoozed_until = NULL,
        due_at = least(worklist_item.due_at, excluded.due_at),
        facts = excluded.facts || CASE WHEN worklist_item.facts ? 'answers' AND excluded.facts ? 'answers' THEN
            jsonb_build_object('answers', (
                SELECT jsonb_agg(DISTINCT said)
                FROM jsonb_array_elements(worklist_item.facts->'answers' || (excluded.facts->'answers')) AS said
            )) ELSE '{}' END
    RETURNING id, kind, about_id, patient_id, times
"""


@transaction.atomic
def raise_item(
    *,
    kind: str,
    patient_id: UUID,
    about_id: UUID,
    facts: dict[str, Any],
    by: Actor,
    at: datetime,
    since: datetime | None = None,
    urgency: str | None = None,
    due_at: datetime | None = None,
) -> tuple[UUID, bool]:
    """
    Put a patient on the worklist, or count up if the same thing waits already.

    The options are those of `Wanted`.

    :returns: the row's id, and whether it is new
    """
    item_request = ItemRequest(kind, patient_id, about_id, facts, since, urgency, due_at)
    return raise_items(wanted=[item_request], by=by, at=at)[item_request.key]


@transaction.atomic
def raise_items(*, wanted: Sequence[ItemRequest], by: Actor, at: datetime) -> dict[tuple[str, UUID], tuple[UUID, bool]]:
    """
    Put each of these on the worklist, or count up what waits already. No two may be of one kind about the same thing.

    :returns: by kind and what it is about: the row's id, and whether it is new
    """
    if not wanted:
        return {}
    due_at = _due_times(wanted, clinic_id=by.clinic_id, at=at)
    # Always in the same order: two that raise the same rows at once wait for each other instead of dying.
    rows = [
        {
            "patient": request.patient_id,
            "kind": request.kind,
            "about": request.about_id,
            "facts": request.facts,
            "since": request.since or at,
            "due": due_at[request.key],
        }
        for request in sorted(wanted, key=lambda one: one.key)
    ]
    raised = run_prepared(RAISE, {"clinic": by.clinic_id, "wanted": orjson.dumps(rows).decode()})
    audit.log_each(
        [(f"worklist.{item_kind}", pk, patient_id) for pk, item_kind, _about, patient_id, _times in raised], by=by
    )
    return {(item_kind, about_id): (pk, times == 1) for pk, item_kind, about_id, _patient_id, times in raised}


def _due_times(wanted: Sequence[ItemRequest], *, clinic_id: UUID, at: datetime) -> dict[tuple[str, UUID], datetime]:
    """When each is due; worked out once for an urgency and a day."""
    zone = clinic_zone(clinic_id)
    of_day: dict[tuple[str, date], datetime] = {}
    matches: dict[tuple[str, UUID], datetime] = {}
    for request in wanted:
        since, urgency = request.since or at, request.urgency or rules.KINDS[request.kind].urgency
        day = (urgency, since.astimezone(zone).date())
        if request.due_at is None and (day not in of_day or urgency == rules.AT_ONCE):
            of_day[day] = work_out_due_at(urgency, since=since, clinic_id=clinic_id)
        matches[request.key] = request.due_at or of_day[day]
    return matches


def work_out_due_at(urgency: str, *, since: datetime, clinic_id: UUID) -> datetime:
    """When somebody should have looked at what is so urgent."""
    if urgency == rules.AT_ONCE:
        return since
    zone = clinic_zone(clinic_id)
    works = next((days(clinic_id, since.astimezone(zone).date()) for days in WORKING_DAYS), rules.on_weekdays)
    return rules.due_at(urgency, since=since, zone=zone, works=works)


@transaction.atomic
def follow_merge(*, source_id: UUID, target_id: UUID, by: Actor, at: datetime) -> None:
    """What waits for a record that was merged waits for the survivor, once."""
    had = set(Item.objects.open().filter(patient_id=target_id).values_list("kind", "about_id"))
    for item in Item.objects.open().filter(patient_id=source_id):
        if (item.kind, item.about_id) in had:
            resolve(kinds=[item.kind], about_ids=[item.about_id], patient_id=source_id, by=by, at=at)
        else:
            Item.objects.filter(pk=item.pk).update(patient_id=target_id)


@transaction.atomic
def take(*, item_id: UUID, revision: int | None, by: Actor, at: datetime) -> Item:
    """
    Say that one sees to it, so that no second person calls.

    :param revision: the one that was read
    :raises AlreadyDone, RevisionChanged, NobodyTakesIt:
    """
    if by.author_id is None:
        raise NobodyTakesIt
    item = _open(item_id, revision)
    item.taken_by_id, item.taken_at = by.author_id, at
    item.save(update_fields=["taken_by", "taken_at"])
    audit.log("worklist.take", by=by, target_id=item.pk, patient_ids=[item.patient_id])
    return item


@transaction.atomic
def hand_over(*, from_id: UUID, to_id: UUID, by: Actor, at: datetime) -> int:
    """Assign to a colleague what is assigned to someone who leaves or is away; return how many rows."""
    items = list(Item.objects.select_for_update(of=("self",)).open().filter(taken_by_id=from_id))
    Item.objects.filter(pk__in=[item.pk for item in items]).update(taken_by_id=to_id, taken_at=at)
    audit.log_each([("worklist.hand_over", item.pk, item.patient_id) for item in items], by=by)
    return len(items)


@transaction.atomic
def give_back(*, item_id: UUID, by: Actor, at: datetime) -> Item:
    """
    Undo `take`: somebody else may see to it.

    :raises AlreadyDone:
    """
    item = _open(item_id)
    mine = item.taken_by_id == by.author_id
    if mine:
        item.taken_by_id, item.taken_at = None, None
        item.save(update_fields=["taken_by", "taken_at"])
    code = "" if mine else "not_taken"
    audit.log("worklist.give_back", by=by, target_id=item.pk, patient_ids=[item.patient_id], code=code)
    return item


@transaction.atomic
def finish(*, item_id: UUID, revision: int | None, outcome: str, note: str = "", by: Actor, at: datetime) -> Item:
    """
    Close it with what came of it.

    :param revision: the one that was read
    :raises AlreadyDone, RevisionChanged, UnknownOutcome:
    """
    if outcome not in rules.OUTCOMES:
        raise UnknownOutcome(params={"choices": rules.OUTCOMES})
    item = _open(item_id, revision)
    item.done_by_id, item.done_at, item.outcome, item.note = by.author_id, at, outcome, note
    item.save(update_fields=["done_by", "done_at", "outcome", "note"])
    audit.log("worklist.finish", by=by, target_id=item.pk, patient_ids=[item.patient_id], code=outcome)
    return item


@transaction.atomic
def snooze(*, item_id: UUID, revision: int | None, until: datetime, by: Actor, at: datetime) -> Item:
    """
    Put it aside until then; it comes back by itself.

    :param revision: the one that was read
    :raises AlreadyDone, RevisionChanged:
    :raises Invalid: the time is over, or more than a year away
    """
    if not at < until <= at + timedelta(days=366):
        raise Invalid.at("/until", "invalid.snooze_until")
    item = _open(item_id, revision)
    item.snoozed_until = until
    item.save(update_fields=["snoozed_until"])
    audit.log("worklist.snooze", by=by, target_id=item.pk, patient_ids=[item.patient_id])
    return item


@transaction.atomic
def resolve(*, kinds: list[str], about_ids: list[UUID], patient_id: UUID | None = None, by: Actor, at: datetime) -> int:
    """Close what is true no more: somebody booked, came or signed meanwhile. Returns how many."""
    items = Item.objects.open().filter(kind__in=kinds, about_id__in=about_ids)
    if patient_id is not None:
        items = items.filter(patient_id=patient_id)
    return _resolve(items, by=by, at=at)


@transaction.atomic
def resolve_items(*, item_ids: list[UUID], by: Actor, at: datetime) -> int:
    """As `settle`, for these very rows, whatever stands beside them by now."""
    return _resolve(Item.objects.open().filter(pk__in=item_ids), by=by, at=at)


def _resolve(items: QuerySet[Item], *, by: Actor, at: datetime) -> int:
    item_ids = list(items.order_by("pk").select_for_update(of=("self",)).values_list("pk", "patient_id"))
    if item_ids:
        Item.objects.filter(pk__in=[pk for pk, _patient_id in item_ids]).update(done_at=at, outcome=rules.ITSELF)
        audit.log_each([("worklist.settle", pk, patient_id) for pk, patient_id in item_ids], by=by)
    return len(item_ids)


@transaction.atomic
def reopen(*, item_id: UUID, revision: int | None, by: Actor) -> Item:
    """
    Undo `finish`; if the same thing came up again, that row stands for it.

    :param revision: the one that was read
    :raises RevisionChanged:
    """
    item = Item.objects.select_for_update(of=("self",)).get(pk=item_id)
    check_revision(item, revision)
    again = Item.objects.open().filter(patient_id=item.patient_id, kind=item.kind, about_id=item.about_id)
    if item.done_at is not None and not again.exists():
        item.done_by_id, item.done_at, item.outcome = None, None, ""
        item.save(update_fields=["done_by", "done_at", "outcome"])
    audit.log("worklist.reopen", by=by, target_id=item.pk, patient_ids=[item.patient_id])
    return item


def _open(item_id: UUID, revision: int | None = None) -> Item:
    item = Item.objects.select_for_update(of=("self",)).get(pk=item_id)
    if item.done_at is not None:
        raise AlreadyDone
    check_revision(item, revision)
    return item
