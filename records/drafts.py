"""
The life of a signable document, the same for assessments and sessions: draft, signed, added to, revised, in error.

The rows differ; who may do what when, and in which order locks are taken, does not.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Model, QuerySet

from accounts import policies
from database.revisions import check_revision
from errors.constraints import violations_as
from errors.exceptions import Conflict, NotFound
from identity.actor import Actor
from patients.actions import refuse_merged
from patients.models import Patient
from records import actions as records
from records.editing import Edit, LastEdit
from records.models import DraftEdit, Record

D = TypeVar("D", bound=Model)


class AlreadySigned(Conflict):
    reason = "already_signed"


class RevisionExists(Conflict):
    reason = "revision_exists"


class PatientNotInCare(Conflict):
    reason = "patient_not_in_care"


def open_patient(patient_id: UUID) -> Patient:
    """
    The patient, locked so that a discharge or a merge cannot slip in between this check and our insert.

    :raises NotFound, PatientMerged, PatientNotInCare:
    """
    needed = Patient.objects.select_related("clinic").only("clinic__rule_set", "status", "merged_into_id")
    patient = needed.select_for_update(of=("self",), no_key=True).filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    refuse_merged(patient)
    if patient.status != Patient.Status.IN_CARE:
        raise PatientNotInCare
    return patient


def lock_draft(documents: QuerySet[D], document_id: UUID, *, revision: int | None = None) -> D:
    """
    The draft's row, locked, with what the query set brings along.

    :param revision: the one that was read
    :raises AlreadySigned: it is no draft any more
    :raises RevisionChanged: somebody has changed it since
    """
    document = documents.select_for_update(of=("self",)).get(pk=document_id)
    if document.is_signed:  # type: ignore[attr-defined] # of both kinds
        raise AlreadySigned
    check_revision(document, revision)
    return document


def last_edits(document_id: UUID) -> dict[str, LastEdit]:
    """Path to who changed it last."""
    rows = DraftEdit.objects.filter(document_id=document_id).values_list("path", "tab", "edited_by_id", "edited_at")
    return {path: LastEdit(tab=str(tab), by=str(by), at=at) for path, tab, by, at in rows}


def note_edits(document: Any, *, edits: Iterable[Edit], tab: UUID, by: Actor, at: datetime) -> None:
    """Keep who changed which fields of a locked draft, through which screen."""
    author_id = policies.require_author(by)
    own = {"clinic_id": document.clinic_id, "document_id": document.pk, "tab": tab, "edited_by_id": author_id}
    DraftEdit.objects.bulk_create(
        [DraftEdit(**own, path=path, edited_at=at) for path in {edit.path for edit in edits}],
        update_conflicts=True,
        unique_fields=["document_id", "path"],
        update_fields=["tab", "edited_by", "edited_at"],
    )


def forget_edits(document_id: UUID) -> None:
    DraftEdit.objects.filter(document_id=document_id).delete()


def subject_of(document: Any, kind: str) -> records.Subject:
    return records.Subject(
        kind=kind,
        id=document.subject_id,
        version=document.version,
        patient=document.patient,
        occurred_at=document.performed_at,
    )


def freeze(document: Any, *, kind: str, content: dict[str, Any], by: Actor, at: datetime) -> Record:
    """
    Sign a locked draft: append its record, then close its row. From here on the triggers keep it.

    :raises accounts.policies.NoAuthor: nobody whose name could go under it
    """
    replaces = None
    if document.revises_id is not None:
        replaces = Record.objects.get(pk=document.revises.record_id)
    record = records.append_signed(subject=subject_of(document, kind), content=content, replaces=replaces, by=by, at=at)
    document.signed_at, document.signed_by_id, document.record = at, record.signed_by_id, record
    document.revision += 1
    document.save(update_fields=["signed_at", "signed_by", "record", "revision"])
    forget_edits(document.pk)
    return record


def require_record(document: Any, *, revision: int | None) -> Record:
    """
    Lock a signed document and return its record.

    :param revision: the one that was read
    :raises NotSigned: it is a draft
    :raises RevisionChanged: somebody has signed it since
    """
    rows = type(document).objects.select_for_update(of=("self",)).only("revision", "record_id", "signed_at")
    locked = rows.get(pk=document.pk)
    check_revision(locked, revision)
    if not locked.is_signed:
        raise records.NotSigned
    return Record.objects.get(pk=locked.record_id)


def start_revision(document: Any, *, kind: str, revision: int | None, by: Actor, at: datetime) -> Any:
    """
    The head of a new version of a signed document, to be filled with a copy of its parts.

    :param revision: the one that was read
    :raises NotSigned, NoLongerCurrent, RevisionExists, RevisionChanged:
    """
    record = require_record(document, revision=revision)
    records.refuse_marked(record)
    copy = type(document).objects.get(pk=document.pk)
    copy.pk, copy._state.adding = None, True
    copy.record, copy.signed_at, copy.signed_by, copy.revises_id = None, None, None, document.pk
    copy.version, copy.revision = document.version + 1, 1
    copy.recorded_by_id, copy.recorded_at = policies.require_author(by), at
    with violations_as({f"{kind}_version_once": RevisionExists}):
        copy.save(force_insert=True)
    return copy
