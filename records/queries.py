"""
Reading signed records. A page is one statement whose rows are JSON already: PostgreSQL puts the stored bytes into
their envelopes, and nothing is parsed or assembled on the way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from database.sql import run_prepared
from records.models import Record

MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

# Every value here is an id, a number, a moment, a hash or one of our own codes: nothing that needs escaping in JSON.
ENVELOPE = f"""
    '{{"id":"' || r.id || '","sequence":' || r.sequence || ',"kind":"' || r.kind || '","entry":"' || r.entry
    || '","subject_id":"' || r.subject_id || '","patient_id":"' || r.patient_id || '","version":' || r.version
    || ',"status":"' || CASE r.entry WHEN 'entered_in_error' THEN r.entry ELSE coalesce(m.status, 'current') END
    || '","occurred_at":"' || {MOMENT.format("r.occurred_at")} || '","signed_at":"' || {MOMENT.format("r.signed_at")}
    || '","signed_by":"' || r.signed_by_id || '","sha256":"' || encode(r.sha256, 'hex')
    || '","previous_sha256":"' || encode(r.previous_sha256, 'hex')
    || '","document":' || convert_from(r.document, 'UTF8')
"""
ADDENDA = """
    || ',"addenda":[' || coalesce((
        SELECT string_agg(convert_from(a.document, 'UTF8'), ',' ORDER BY a.sequence) FROM records_record a
        WHERE a.clinic_id = r.clinic_id AND a.subject_id = r.subject_id AND a.version = r.version
        AND a.entry = 'addendum'), '') || ']'
"""
FROM = "FROM records_record r LEFT JOIN records_mark m ON m.record_id = r.id"


class Row(NamedTuple):
    """One record as JSON text, and the values that pages are keyed by; all but the last row's stay unread text."""

    json: str
    sequence: int
    occurred_at: str
    patient_id: str


def history(
    *,
    clinic_id: UUID,
    patient_ids: Sequence[UUID],
    kind: str | None,
    since: datetime | None,
    until: datetime | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> list[Row]:
    """Signed documents of a patient, newest first, each with its addenda; up to `limit` rows after `after`."""
    where = ["r.clinic_id = %s", "r.entry = 'signed'"]
    values: list[Any] = [clinic_id]
    if len(patient_ids) == 1:
        _add(where, values, "r.patient_id = %s", patient_ids[0])
    else:
        _add(where, values, "r.patient_id = ANY(%s)", list(patient_ids))
    _add_filters(where, values, kind, since, until)
    if after is not None:
        where.append("(r.occurred_at, r.sequence) < (%s, %s)")
        values += list(after)
    return _rows(ADDENDA, where, values, "r.occurred_at DESC, r.sequence DESC", limit)


def changes(
    *,
    clinic_id: UUID,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int = 0,
    limit: int,
) -> list[Row]:
    """Everything that was signed, in the order of its commits: documents, addenda, marks of error."""
    where = ["r.clinic_id = %s", "r.sequence > %s"]
    values: list[Any] = [clinic_id, after]
    _add_filters(where, values, kind, since, until, moment="signed_at")
    return _rows("", where, values, "r.sequence", limit)


def one(*, clinic_id: UUID, record_id: UUID) -> Row | None:
    rows = _rows(ADDENDA, ["r.clinic_id = %s", "r.id = %s"], [clinic_id, record_id], "r.sequence", 1)
    return rows[0] if rows else None


def all_changes(*, clinic_id: UUID, batch: int, **filters: Any) -> Iterator[list[Row]]:
    """The whole feed in batches, each a statement of its own, so that an export of hours holds no snapshot."""
    after = 0
    while rows := changes(clinic_id=clinic_id, after=after, limit=batch, **filters):
        yield rows
        after = rows[-1].sequence


def _add(where: list[str], values: list[Any], condition: str, value: Any) -> None:
    where.append(condition)
    values.append(value)


def _add_filters(
    where: list[str],
    values: list[Any],
    kind: str | None,
    since: datetime | None,
    until: datetime | None,
    moment: str = "occurred_at",
) -> None:
    if kind is not None:
        _add(where, values, "r.kind = %s", kind)
    if since is not None:
        _add(where, values, f"r.{moment} >= %s", since)
    if until is not None:
        _add(where, values, f"r.{moment} < %s", until)


def _rows(addenda: str, where: list[str], values: list[Any], order: str, limit: int) -> list[Row]:
    statement = (
        f"SELECT {ENVELOPE} {addenda} || '}}', r.sequence, r.occurred_at::text, r.patient_id::text "
        f"{FROM} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT %s"
    )
    return [Row(*row) for row in run_prepared(statement, [*values, limit])]


# --- Verification ---------------------------------------------------------------------------------------------

# Each record is held against its own bytes and against the record before it. The first that fails is named.
# SQL here and below: PostgreSQL reads each document where it lies; the ORM would carry the whole chain to Python.
FIRST_BROKEN = """
    WITH linked AS (
        SELECT r.*, lag(r.sha256) OVER in_order AS before, row_number() OVER in_order AS place
        FROM records_record r WHERE r.clinic_id = %(clinic)s WINDOW in_order AS (ORDER BY r.sequence)
    ), judged AS (
        SELECT id, sequence, place, CASE
            WHEN sequence <> place THEN 'missing_before'
            WHEN sha256(document) <> sha256 THEN 'document_changed'
            WHEN previous_sha256 <> coalesce(before, %(genesis)s) THEN 'link_broken'
            WHEN (convert_from(document, 'UTF8')::jsonb) @> jsonb_build_object(
                'clinic_id', clinic_id, 'sequence', sequence, 'kind', kind, 'entry', entry, 'subject_id', subject_id,
                'patient_id', patient_id, 'version', version, 'previous_sha256', encode(previous_sha256, 'hex'),
                'occurred_at', to_char(occurred_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                'signed_at', to_char(signed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
                'signed_by', jsonb_build_object('id', signed_by_id)
            ) IS NOT TRUE THEN 'columns_changed'
        END AS reason FROM linked
    )
    SELECT id, sequence, place, reason FROM judged WHERE reason IS NOT NULL ORDER BY sequence LIMIT 1
"""
# Marks are not in the chain; that each of them, and no other, follows from a signed document is checked here.
WRONG_MARK = """
    WITH told AS (
        SELECT (convert_from(document, 'UTF8')::jsonb #>> '{replaces,record_id}')::uuid AS record_id,
            id AS marked_by_id,
            CASE entry WHEN 'entered_in_error' THEN 'entered_in_error' ELSE 'superseded' END AS status
        FROM records_record WHERE clinic_id = %(clinic)s AND convert_from(document, 'UTF8')::jsonb ? 'replaces'
    )
    SELECT coalesce(t.record_id, m.record_id) FROM told t
    FULL JOIN (SELECT * FROM records_mark WHERE clinic_id = %(clinic)s) m
        ON m.record_id = t.record_id AND m.marked_by_id = t.marked_by_id AND m.status = t.status
    WHERE t.record_id IS NULL OR m.record_id IS NULL LIMIT 1
"""
CANNOT_SEE = (
    "A chain cannot show that its newest records were cut off together with their counter. Keep the head "
    "(sequence and sha256) outside this database from time to time, and verify against it."
)


def first_broken(clinic_id: UUID, genesis: bytes) -> dict[str, Any] | None:
    """The first record that does not hold, with the reason; None if all hold."""
    with connection.cursor() as cursor:
        cursor.execute(FIRST_BROKEN, {"clinic": clinic_id, "genesis": genesis})
        row = cursor.fetchone()
        if row:
            record_id, sequence, place, reason = row
            if reason == "missing_before":
                return {"sequence": place, "record_id": None, "reason": "missing"}
            return {"sequence": sequence, "record_id": str(record_id), "reason": reason}
        cursor.execute(WRONG_MARK, {"clinic": clinic_id})
        row = cursor.fetchone()
    if row is None:
        return None
    sequence = Record.objects.filter(pk=row[0]).values_list("sequence", flat=True).first()
    return {"sequence": sequence, "record_id": str(row[0]), "reason": "status_changed"}


def head(clinic_id: UUID) -> tuple[int, int, str]:
    """Return how many records there are, the highest sequence, and its SHA-256 in hex."""
    records = Record.objects.filter(clinic_id=clinic_id)
    newest = records.order_by("-sequence").values_list("sequence", "sha256").first()
    if newest is None:
        return 0, 0, "0" * 64
    sequence, sha256 = newest
    # Up to the newest that was read: another may have been signed since.
    return records.filter(sequence__lte=sequence).count(), sequence, bytes(sha256).hex()


def sha256_at(clinic_id: UUID, sequence: int) -> str | None:
    sha256 = Record.objects.filter(clinic_id=clinic_id, sequence=sequence).values_list("sha256", flat=True).first()
    return None if sha256 is None else bytes(sha256).hex()
