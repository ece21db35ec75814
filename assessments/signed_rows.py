"""
Are the rows of signed documents what was signed?

Rows are rendered as the document's own version says and compared with its bytes. What a version did not have yet must
be empty in the rows, or a screen would show what nobody signed. A changed shape of documents is a new version here,
with a document of it in `tests/data/documents`.

Not compared, because it is laid over a document and belongs to no signature: marks (superseded, in error), merged
patients, alerts, and what the record knew before the exam (`known_before`), which has no rows of its own. Who recorded
a draft, and when, was not signed either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from assessments import rules
from assessments.documents import CLASSIFICATION, assessment_content
from assessments.models import Assessment
from database.sql import run_prepared
from records.models import Document
from records.rules import canonical_bytes
from records.verification import RowsOfKind, SignedDocument

KIND = "assessment"
# Version 1: red flags with code, answer and note. 2: with source, regions and side. 3: with `known_before`. 4: points
# with the version of the chart.
NEW_IN_2: dict[str, Any] = {"source": None, "regions": [], "side": None}
NEW_IN_4: dict[str, Any] = {"chart": 1}


def differing_assessments(documents: Sequence[SignedDocument]) -> Iterator[tuple[SignedDocument, str]]:
    """Name the signed assessments whose rows are missing or are not what was signed."""
    records = [document.record_id for document in documents]
    rows = Assessment.objects.filter(record_id__in=records).prefetch_related(
        "findings__referrals", "movements", "red_flag_answers", "pain_marks"
    )
    yield from differing(documents, {row.record_id: row for row in rows if row.record_id}, rendered_assessment)


def differing(
    documents: Sequence[SignedDocument],
    rows: Mapping[Any, Any],
    render: Callable[[Any, Mapping[str, Any]], Mapping[str, Any] | None],
) -> Iterator[tuple[SignedDocument, str]]:
    """
    Compare documents with their rows.

    :param render: what a row says, in the version of the signed content beside it; None if it can't be so
    """
    for document in documents:
        row = rows.get(document.record_id)
        if row is None:
            yield document, "row_missing"
            continue
        content = document.document["content"]
        rendered = render(row, content)
        same = rendered is not None and canonical_bytes(rendered) == canonical_bytes(content)
        if not same or not _same_head(row, document.document):
            yield document, "row_changed"


def _same_head(row: Document, document: Mapping[str, Any]) -> bool:
    own = {
        "clinic_id": row.clinic_id,
        "subject_id": row.subject_id,
        "patient_id": row.patient_id,
        "version": row.version,
        "occurred_at": row.performed_at,
        "signed_at": row.signed_at,
    }
    signed = {name: document[name] for name in own}
    by = row.signed_by_id is not None and document["signed_by"]["id"] == str(row.signed_by_id)
    return by and row.signed_at is not None and canonical_bytes(own) == canonical_bytes(signed)


def rendered_assessment(row: Assessment, content: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what an assessment's rows say, in the version of the signed content."""
    classified = all("class" in finding for finding in content["findings"])
    if not classified and not _classified_by_rules(row):
        return None
    rendered = assessment_content(row, classified=classified)
    for finding, signed in zip(rendered["findings"], content["findings"], strict=False):
        if finding["point"] and signed["point"] and "chart" not in signed["point"]:
            without(finding["point"], NEW_IN_4)
    if "known_before" in content:
        return {**rendered, "known_before": content["known_before"]}
    for answer, signed in zip(rendered["red_flags"], content["red_flags"], strict=False):
        if "source" not in signed:
            without(answer, NEW_IN_2)
    return rendered


def without(rendered: dict[str, Any], empty: Mapping[str, Any]) -> None:
    """Leave out the fields that a version did not have, where they are empty; what is not empty stays, and differs."""
    for name, value in empty.items():
        if rendered[name] == value:
            del rendered[name]


def _classified_by_rules(row: Assessment) -> bool:
    """
    Whether each finding has the class that the rules give it: a document of a clinic that shows none has none.

    A class by an earlier version of a rule set cannot be computed again, and is not judged.
    """
    for finding in row.findings.all():
        match = rules.classify(
            finding.signs, recognised=finding.recognised, current_symptom=row.current_symptom, rule_set=row.rule_set
        )
        own = (match.criteria, match.class_, match.rule_set, match.rule_set_version, list(match.missing_tests))
        columns = tuple(getattr(finding, "class_code" if name == "class" else name) for name in CLASSIFICATION)
        if finding.rule_set_version == match.rule_set_version and columns != own:
            return False
    return True


def row_without_record(table: str, kind: str) -> Callable[[UUID], UUID | None]:
    """
    Return the search for a signed row whose record does not exist or is about something else.

    SQL, because it joins a whole table in the one snapshot that a statement has.
    """
    # The table's name is ours.
    statement = f"""
        SELECT d.id FROM {table} d LEFT JOIN records_record r
            ON r.id = d.record_id AND r.clinic_id = d.clinic_id AND r.entry = 'signed' AND r.kind = %s
            AND r.subject_id = d.subject_id AND r.version = d.version
        WHERE d.clinic_id = %s AND d.signed_at IS NOT NULL AND r.id IS NULL LIMIT 1
    """  # noqa: S608

    def search(clinic_id: UUID) -> UUID | None:
        rows = run_prepared(statement, [kind, clinic_id])
        return rows[0][0] if rows else None

    return search


ROWS = RowsOfKind(differing_assessments, row_without_record("assessments_assessment", KIND))
