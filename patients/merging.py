"""Two records of one person: which may be, and how they become one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import F

from audit import actions as audit
from database.revisions import check_revision
from errors.exceptions import Conflict, FieldError, NotFound
from identity.actor import Actor
from patients import facts
from patients.checks import check_born_before_first_document
from patients.duplicates import said_to_be_others
from patients.indexing import index_patient
from patients.models import Alert, Condition, Identifier, Medication, Merge, Patient, SearchKey, TwoPeople

# What apps above do when two records become one; each adds itself when Django starts, and may refuse.
AFTER_MERGE: list[Callable[..., None]] = []


class CannotMerge(Conflict):
    reason = "cannot_merge"


@transaction.atomic
def merge_patients(
    *,
    patient_id: UUID,
    into_id: UUID,
    reason: str,
    revision: int | None,
    into_revision: int | None = None,
    by: Actor,
    at: datetime,
) -> Patient:
    """
    Make two records of one person one. The old id stays and answers with where it went.

    Signed documents keep the id they were signed under; the survivor's history shows them too. The survivor gets each
    fact that it has not, and a refusal of messages or calls counts for both (`facts.fill`).

    :param revision: the one of the record that is given up, as it was read
    :param into_revision: the one of the survivor
    :raises CannotMerge: they are the same record, or one was merged before
    :raises Invalid: the survivor would get a birth date that is after a signed exam or session
    :raises RevisionChanged: somebody has changed one of them since
    """
    if patient_id == into_id:
        raise CannotMerge("cannot_merge.same")
    # Always locked in the order of their ids, so that two merges of the same pair cannot wait for each other.
    # No key is changed, so nobody who books for one of them meanwhile has to wait for this.
    both = Patient.objects.select_for_update(no_key=True).filter(pk__in=[patient_id, into_id])
    locked = {p.pk: p for p in both.order_by("pk")}
    source, target = locked.get(patient_id), locked.get(into_id)
    if source is None or target is None:
        unknown = [] if target else [FieldError("/into", "cannot_merge.unknown")]
        raise CannotMerge("cannot_merge.unknown", errors=unknown)
    if source.is_merged or target.is_merged:
        raise CannotMerge("cannot_merge.merged")
    check_revision(source, revision)
    check_revision(target, into_revision)
    moved = _move_rows(source, target)
    moved["facts"] = _fill(source, target)
    moved["two_people"] = _follow_two_people(source, target, by=by, at=at)
    Patient.objects.filter(merged_into=source).update(merged_into=target)
    source.merged_into, source.revision = target, source.revision + 1
    source.save(update_fields=["merged_into", "revision"])
    Patient.objects.filter(pk=target.pk).update(revision=F("revision") + 1)
    target.refresh_from_db()
    Merge.objects.create(
        clinic_id=by.clinic_id,
        from_patient=source,
        into_patient=target,
        reason=reason,
        moved=moved,
        merged_at=at,
        merged_by_user_id=by.user_id,
        merged_by_client_id=by.client_id or "",
    )
    SearchKey.objects.filter(patient=source).delete()
    index_patient(target)
    for follow in AFTER_MERGE:
        follow(source_id=source.pk, target_id=target.pk, by=by, at=at)
    audit.log("patient.merge", by=by, target_id=target.pk, patient_ids=[source.pk, target.pk])
    return target


def say_two_people(*, patient_id: UUID, other_id: UUID, by: Actor, at: datetime) -> None:
    """
    Remember that two patients are two people, so that they are no longer reported as possible duplicates.

    :raises NotFound: the clinic has not both of them
    """
    pair = sorted([patient_id, other_id])
    if Patient.objects.filter(clinic_id=by.clinic_id, pk__in=pair).count() != 2:
        raise NotFound
    _say_two_people(pair, by=by, at=at)
    audit.log("patient.two_people", by=by, target_id=patient_id, patient_ids=pair)


def _say_two_people(pair: Sequence[UUID], *, by: Actor, at: datetime) -> None:
    one, other = sorted(pair)
    row = TwoPeople(
        clinic_id=by.clinic_id,
        one_id=one,
        other_id=other,
        said_at=at,
        said_by_user_id=by.user_id,
        said_by_client_id=by.client_id or "",
    )
    TwoPeople.objects.bulk_create([row], ignore_conflicts=True)


def _follow_two_people(source: Patient, target: Patient, *, by: Actor, at: datetime) -> int:
    """Whoever is another person than the one record's is another than the survivor's."""
    others = said_to_be_others(source.pk) - {target.pk}
    for other in others:
        _say_two_people([target.pk, other], by=by, at=at)
    return len(others)


def _fill(source: Patient, target: Patient) -> int:
    """Give the survivor the facts that it has not, and the more careful answer about messages."""
    of_source, of_target = ({name: getattr(row, name) for name in facts.FACTS} for row in (source, target))
    changes = facts.fill(of_target, of_source)
    if changes.get("birth_date"):
        check_born_before_first_document(target, changes["birth_date"])
    if changes:
        Patient.objects.filter(pk=target.pk).update(**changes)
    return len(changes)


def _move_rows(source: Patient, target: Patient) -> dict[str, int]:
    """Give the survivor what it does not have; what both have stays with the old record."""
    moved = {"identifiers": Identifier.objects.filter(patient=source).update(patient=target)}
    had_alerts = {alert.key for alert in Alert.objects.current().filter(patient=target)}
    alerts = [alert.pk for alert in Alert.objects.current().filter(patient=source) if alert.key not in had_alerts]
    moved["alerts"] = Alert.objects.filter(pk__in=alerts).update(patient=target)
    for name, model in (("conditions", Condition), ("medications", Medication)):
        rows = model._default_manager
        had = {fact.key for fact in rows.filter(patient=target, ended_at=None)}
        fresh = [fact.pk for fact in rows.filter(patient=source, ended_at=None) if fact.key not in had]
        moved[name] = rows.filter(pk__in=fresh).update(patient=target)
    return moved
