"""Drafts of documents: whom they may be of, their lock, and who changed which field last."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from accounts import policies
from database.revisions import check_revision
from errors.exceptions import Conflict, NotFound
from identity.actor import Actor
from patients.actions import refuse_merged
from patients.models import Patient
from records.editing import Edit, LastEdit
from records.models import D, Document, DocumentQuerySet, DraftEdit


class AlreadySigned(Conflict):
    reason = "already_signed"


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


def lock_draft(documents: DocumentQuerySet[D], document_id: UUID, *, revision: int | None = None) -> D:
    """
    The draft's row, locked, with what the query set brings along.

    :param revision: the one that was read
    :raises NotFound:
    :raises AlreadySigned: it is no draft any more
    :raises RevisionChanged: somebody has changed it since
    """
    document = documents.select_for_update(of=("self",)).filter(pk=document_id).first()
    if document is None:
        raise NotFound
    if document.is_signed:
        raise AlreadySigned
    check_revision(document, revision)
    return document


def last_edits(document_id: UUID) -> dict[str, LastEdit]:
    """Path to who changed it last."""
    rows = DraftEdit.objects.filter(document_id=document_id).values_list("path", "tab", "edited_by_id", "edited_at")
    return {path: LastEdit(tab=str(tab), by=str(by), at=at) for path, tab, by, at in rows}


def note_edits(document: Document, *, edits: Iterable[Edit], tab: UUID, by: Actor, at: datetime) -> None:
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
