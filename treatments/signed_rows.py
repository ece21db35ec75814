"""Are the rows of signed sessions what was signed? As `assessments.signed_rows`; the versions of sessions are here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from assessments.signed_rows import differing, row_without_record, without
from records.rules import plain_json
from records.verification import RowsOfKind, SignedDocument
from treatments.documents import aftercare_content, aftercare_row, session_content
from treatments.models import Aftercare, Session

KIND = "session"
# Version 1: measures without ids. 2: with them. 3: with a weight, what was acknowledged, and overrides by name.
# `adverse_events_asked`, `safety` and `aftercare` are there only if there is something in them.
NEW_IN_3: dict[str, Any] = {"weight_kg": None, "acknowledged": []}
NEW_IN_3_OF_OVERRIDES: dict[str, Any] = {"by": None, "at": None, "seen_by": "", "seen_at": None}


def differing_sessions(documents: Sequence[SignedDocument]) -> Iterator[tuple[SignedDocument, str]]:
    """Name the signed sessions whose rows are missing or are not what was signed."""
    records = [document.record_id for document in documents]
    rows = Session.objects.filter(record_id__in=records).prefetch_related(
        "interventions", "measures", "overrides", "adverse_events_asked"
    )
    sessions = {row.record_id: row for row in rows}
    provided = _aftercare({row.subject_id for row in sessions.values()})

    def render(row: Session, content: Mapping[str, Any]) -> Mapping[str, Any]:
        return rendered_session(row, content, provided.get(row.subject_id, []))

    yield from differing(documents, sessions, render)


def rendered_session(row: Session, content: Mapping[str, Any], given: Sequence[Aftercare]) -> Mapping[str, Any]:
    """Return what a session's rows say, in the version of the signed content."""
    rendered = session_content(row)
    if "weight_kg" not in content:
        without(rendered, NEW_IN_3)
        for override in rendered["overrides"]:
            without(override, NEW_IN_3_OF_OVERRIDES)
        for measure, signed in zip(rendered["measures"], content["measures"], strict=False):
            if "id" not in signed:
                del measure["id"]
    # Advice that was given later, or at the same moment, is a row of its own and no part of this document.
    signed = content.get("aftercare", [])
    rows = aftercare_content([advice for advice in given if plain_json(aftercare_row(advice)) in signed])
    return rendered | rows


def _aftercare(subject_ids: set[UUID]) -> dict[UUID, list[Aftercare]]:
    """The advice that was given, by session in any version, in the order in which documents have it."""
    by_subject: dict[UUID, list[Aftercare]] = {}
    rows = Aftercare.objects.filter(session__subject_id__in=subject_ids).select_related("session")
    for row in rows.order_by("given_at", "id"):
        by_subject.setdefault(row.session.subject_id, []).append(row)
    return by_subject


ROWS = RowsOfKind(differing_sessions, row_without_record("treatments_session", KIND))
