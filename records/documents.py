"""A record in few words, for whoever just made it."""

from __future__ import annotations

from typing import Any

from records.models import Record


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
