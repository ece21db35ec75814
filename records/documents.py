"""What documents of every kind have in common as JSON, and a record in few words, for whoever just made it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from records.models import ChainCheck, Document, Part, Record

R = TypeVar("R", bound=Part)


def in_order(rows: Iterable[R]) -> list[R]:
    return sorted(rows, key=lambda row: row.ordinal)


def document_head(document: Document) -> dict[str, Any]:
    """What stands around the content of an assessment or a session in the API."""
    return {
        "id": document.pk,
        "patient_id": document.patient_id,
        "subject_id": document.subject_id,
        "version": document.version,
        "revises": document.revises_id,
        "status": document.status,
        "recorded_by": document.recorded_by_id,
        "recorded_at": document.recorded_at,
        "signed_by": document.signed_by_id,
        "signed_at": document.signed_at,
        "record_id": document.record_id,
        "revision": document.revision,
    }


def signature_json(record: Record) -> dict[str, Any]:
    """The record that a signature made, without the document."""
    return {
        "record_id": record.pk,
        "sequence": record.sequence,
        "sha256": bytes(record.sha256).hex(),
        "previous_sha256": bytes(record.previous_sha256).hex(),
        "subject_id": record.subject_id,
        "version": record.version,
        "signed_at": record.signed_at,
        "signed_by": record.signed_by_id,
    }


def check_json(check: ChainCheck) -> dict[str, Any]:
    """A verification as it was kept."""
    return {
        "checked_at": check.checked_at,
        "records": check.records,
        "complete": check.verified_from == 1,
        "verified_from": check.verified_from,
        "ok": check.ok,
        "first_broken": check.first_broken,
        "head": {"sequence": check.head_sequence, "sha256": check.head_sha256},
        "cannot_see": check.cannot_see,
    }
