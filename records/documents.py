"""A record in few words, for whoever just made it."""

from __future__ import annotations

from typing import Any

from records.models import ChainCheck, Record


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
