"""Undo an import: remove what it made, and put back what it changed and nobody has edited since."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import DatabaseError, transaction
from django.db.models import F, ProtectedError

from audit import actions as audit
from database.revisions import check_revision
from errors.exceptions import Conflict, DomainError, NotFound
from identity.actor import Actor
from patients import actions, rules
from patients.importing.completing import KINDS
from patients.indexing import index_patient
from patients.models import Alert, ImportEntry, ImportRun, Patient, ReviewItem, SearchKey

BATCH = 500


class ImportUndone(Conflict):
    reason = "import_undone"


class TooLateToUndo(Conflict):
    reason = "too_late_to_undo"


@dataclass
class Undone:
    """
    How many patients an undoing removed, restored, and kept because somebody has changed or used them since.

    :ivar kept_ids: their ids
    """

    removed: int = 0
    restored: int = 0
    kept_ids: tuple[str, ...] = ()

    @property
    def kept(self) -> int:
        return len(self.kept_ids)


@transaction.atomic
def undo_import(*, run_id: UUID, revision: int | None, by: Actor, at: datetime) -> Undone:
    """
    :param revision: of the import, as it was read; None for the command
    :raises NotFound: the clinic has no such import
    :raises ImportUndone, TooLateToUndo:
    :raises RevisionChanged: somebody has changed it since
    """
    run = ImportRun.objects.select_for_update().filter(clinic_id=by.clinic_id, pk=run_id).first()
    if run is None:
        raise NotFound
    if revision is not None:
        check_revision(run, revision)
    if run.undone_at is not None:
        raise ImportUndone
    if at > run.started_at + timedelta(days=rules.UNDO_DAYS):
        raise TooLateToUndo
    outcome = Undone()
    kept: list[str] = []
    ReviewItem.objects.filter(run=run, decision="").delete()
    new = list(run.entries.filter(is_new=True).values_list("patient_id", flat=True))
    for entry in run.entries.filter(is_new=False).exclude(patient_id__in=new).order_by("-id"):
        if _restore(entry, by=by, at=at):
            outcome.restored += 1
        else:
            kept.append(str(entry.patient_id))
    for start in range(0, len(new), BATCH):
        removed = _remove(run, new[start : start + BATCH], by=by)
        outcome.removed += len(removed)
        kept += [str(pk) for pk in new[start : start + BATCH] if pk not in removed]
    outcome.kept_ids = tuple(dict.fromkeys(kept))
    run.undone_at, run.undone_by_user_id, run.revision = at, by.user_id, run.revision + 1
    run.save(update_fields=["undone_at", "undone_by_user_id", "revision"])
    counts = f"removed={outcome.removed} restored={outcome.restored} kept={outcome.kept}"
    audit.log("patient.import_undo", by=by, target_id=run.pk, code=counts)
    return outcome


def _remove(run: ImportRun, ids: Sequence[UUID], *, by: Actor) -> set[UUID]:
    """The patients of these that could be removed; first all at once, then one by one."""
    last = dict(run.entries.filter(patient_id__in=ids).order_by("id").values_list("patient_id", "revision_after"))
    now = dict(Patient.objects.filter(pk__in=ids, merged_into=None).values_list("pk", "revision"))
    others = set(ImportEntry.objects.filter(patient_id__in=ids).exclude(run=run).values_list("patient_id", flat=True))
    unedited = [pk for pk in ids if now.get(pk) == last.get(pk) and pk not in others]
    if _delete(unedited, by=by):
        return set(unedited)
    return {pk for pk in unedited if _delete([pk], by=by)}


def _delete(ids: Sequence[UUID], *, by: Actor) -> bool:
    """Delete patients and what an import gives them; False if anything else of the record is about one of them."""
    try:
        with transaction.atomic():
            ReviewItem.objects.filter(patient_id__in=ids).delete()
            ImportEntry.objects.filter(patient_id__in=ids).delete()
            models: list[Any] = [*KINDS.values(), SearchKey]
            for model in models:
                model._default_manager.filter(patient_id__in=ids).delete()
            Patient.objects.filter(pk__in=ids).delete()
            audit.log_each([("patient.import_undo", pk, pk) for pk in ids], by=by)
    except (ProtectedError, DatabaseError):
        return False
    return True


def _restore(entry: ImportEntry, *, by: Actor, at: datetime) -> bool:
    """Put back one patient's values and facts; False if something of it was edited since, which stays."""
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).filter(pk=entry.patient_id).first()
    if patient is None:
        return False
    is_whole = _restore_values(entry, patient, by=by, at=at)
    for kind, ids in entry.added.items():
        rows = KINDS[kind]._default_manager.filter(pk__in=ids, patient=patient)
        if kind == "alert":
            rows = rows.filter(ended_at=None)
        is_whole &= rows.count() == len(ids)
        rows.delete()
    for kind, ids in entry.ended.items():
        rows = KINDS[kind]._default_manager.filter(pk__in=ids, patient=patient)
        back = {"ended_at": None, "ended_by_user_id": None} | ({"ended_reason": ""} if KINDS[kind] is Alert else {})
        rows.update(**back)
    Patient.objects.filter(pk=patient.pk).update(revision=F("revision") + 1)
    index_patient(patient)
    audit.log("patient.import_undo", by=by, target_id=patient.pk, patient_ids=[patient.pk])
    return is_whole


def _restore_values(entry: ImportEntry, patient: Patient, *, by: Actor, at: datetime) -> bool:
    unedited = {}
    for name, after in entry.after.items():
        have = getattr(patient, name)
        if (None if have is None else str(have)) == after:
            field = Patient._meta.get_field(name)
            unedited[name] = field.to_python(entry.before[name])  # type: ignore[union-attr] # no relation is among them
    if unedited and not patient.is_merged:
        try:
            actions.change_patient(patient=patient, changes=unedited, by=by, at=at)
        except DomainError:
            return False
    return len(unedited) == len(entry.after)
