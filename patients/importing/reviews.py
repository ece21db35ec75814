"""The review list: records that may be a patient whom the clinic knows, each decided by a person."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from audit import actions as audit
from database.revisions import check_revision
from errors.exceptions import Conflict, Invalid, NotFound
from identity.actor import Actor
from patients import rules
from patients.importing.alerts import remark_on
from patients.importing.completing import complete, end_facts
from patients.importing.known import KnownPeople
from patients.importing.registering import prepare, register
from patients.importing.reports import Line
from patients.models import Patient, ReviewItem
from patients.queries import own_medicines
from patients.reading.incoming import Incoming, from_json


class ReviewDecided(Conflict):
    reason = "review_decided"


@transaction.atomic
def decide(*, item_id: UUID, decision: str, revision: int | None, by: Actor, at: datetime) -> ReviewItem:
    """
    Say who a record is. The next import of it remembers.

    :param decision: one of REVIEW_DECISIONS: the same person, somebody else, or left out
    :raises NotFound: the clinic has no such item
    :raises ReviewDecided: somebody has decided before
    :raises RevisionChanged: somebody has changed it since
    :raises Invalid: a value of the record is impossible, or there is no such decision
    """
    item = ReviewItem.objects.select_for_update(of=("self",)).filter(clinic_id=by.clinic_id, pk=item_id).first()
    if item is None:
        raise NotFound
    if item.decision:
        raise ReviewDecided
    check_revision(item, revision)
    if decision not in rules.REVIEW_DECISIONS:
        raise Invalid.at("/decision", "invalid.choice", choices=rules.REVIEW_DECISIONS)
    incoming = from_json(item.incoming)
    if decision == "same":
        item.result_patient_id = _merge_into(item, incoming, by=by, at=at)
    elif decision == "different":
        item.result_patient_id = _register(item, incoming, by=by, at=at)
    item.decision, item.decided_at, item.decided_by_user_id = decision, at, by.user_id
    item.revision += 1
    item.save(update_fields=["decision", "decided_at", "decided_by_user_id", "result_patient_id", "revision"])
    audit.log(
        "patient.review_import",
        by=by,
        target_id=item.pk,
        patient_ids=[item.result_patient_id or item.patient_id],
        code=decision,
    )
    return item


def _merge_into(item: ReviewItem, incoming: Incoming, *, by: Actor, at: datetime) -> UUID:
    patient = Patient.objects.select_related("merged_into").get(pk=item.patient_id).in_use
    own = own_medicines(by.clinic_id)
    line = Line(place=item.place, outcome="unchanged")
    complete(patient, incoming, line, run=item.run, own=own, by=by, at=at)
    end_facts(patient, [fact for fact in incoming.facts if fact.ended], line, run=item.run, by=by, at=at)
    return patient.pk


def _register(item: ReviewItem, incoming: Incoming, *, by: Actor, at: datetime) -> UUID:
    """Somebody else: numbers that the other one has stay notes."""
    own = own_medicines(by.clinic_id)
    remark_on(incoming, own)
    known = KnownPeople([incoming], by.clinic_id)
    new = prepare(incoming, taken=known.by_pair, own=own, by=by, at=at)
    register([new], run=item.run, by=by, at=at)
    return new.patient.pk
