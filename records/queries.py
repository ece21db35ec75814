"""
Reading signed records. A page is one statement whose rows are JSON already: PostgreSQL puts the stored bytes into
their envelopes, and nothing is parsed or assembled on the way out.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import DataError, transaction

from database.sql import run_prepared
from records.models import Chain, Record
from records.rules import GENESIS

MOMENT = """to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

# An addendum is as current as the version that it was added to.
STATUS_OF_ITS_VERSION = """coalesce((
            SELECT n.status FROM records_record s JOIN records_mark n ON n.record_id = s.id
            WHERE s.clinic_id = r.clinic_id AND s.subject_id = r.subject_id AND s.version = r.version
            AND s.entry = 'signed'), 'current')"""
# Of a patient whose record is restricted, the chain's hashes are given out, and no document. That a record is erased is
# told to everyone.
IS_HIDDEN = "(r.entry <> 'erased' AND r.patient_id = ANY ((SELECT palpate_hidden_patients())::uuid[]))"
# Every value here is an id, a number, a moment, a hash or one of our own codes: nothing that needs escaping in JSON.
ENVELOPE = f"""
    '{{"id":"' || r.id || '","sequence":' || r.sequence || ',"kind":"' || r.kind || '","entry":"' || r.entry
    || '","subject_id":"' || r.subject_id || '","patient_id":"' || r.patient_id || '","version":' || r.version
    || ',"status":"' || CASE WHEN r.document IS NULL THEN 'erased' WHEN {IS_HIDDEN} THEN 'restricted'
        WHEN r.entry = 'entered_in_error' THEN r.entry WHEN r.entry = 'addendum' THEN {STATUS_OF_ITS_VERSION}
        ELSE coalesce(m.status, 'current') END
    || '","occurred_at":"' || {MOMENT.format("r.occurred_at")} || '","signed_at":"' || {MOMENT.format("r.signed_at")}
    || '","signed_by":"' || r.signed_by_id || '","sha256":"' || encode(r.sha256, 'hex')
    || '","previous_sha256":"' || encode(r.previous_sha256, 'hex')
    || '","document":' || coalesce(CASE WHEN NOT {IS_HIDDEN} THEN convert_from(r.document, 'UTF8') END, 'null')
"""
ADDENDA = f"""
    || ',"addenda":[' || coalesce((
        SELECT string_agg(convert_from(a.document, 'UTF8'), ',' ORDER BY a.sequence) FROM records_record a
        WHERE a.clinic_id = r.clinic_id AND a.subject_id = r.subject_id AND a.version = r.version
        AND a.entry = 'addendum' AND NOT {IS_HIDDEN}), '') || ']'
"""  # noqa: S608 - the parts are ours
NEWEST = 1000  # more than a clinic signs in five minutes
FROM = "FROM records_record r LEFT JOIN records_mark m ON m.record_id = r.id"


class Row(NamedTuple):
    """One record as JSON text, and the values that pages are keyed by; all but the last row's stay unread text."""

    json: str
    sequence: int
    occurred_at: str
    patient_id: str
    sha256: str


def first_moment(patient_ids: Sequence[UUID]) -> datetime | None:
    """Return when the earliest signed document of a person happened that was not entered in error."""
    signed = Record.objects.filter(patient_id__in=patient_ids, entry="signed")
    standing = signed.exclude(mark__status="entered_in_error")
    return standing.order_by("occurred_at").values_list("occurred_at", flat=True).first()


def has_signed_since(chain: Chain, person_id: UUID, moment: datetime | None) -> bool:
    """
    Return whether a person has signed something in this clinic since a moment of the last minutes.

    Only the newest records are looked at: their sequence has an index, who signed when has none.
    """
    newest = Record.objects.filter(clinic_id=chain.pk, sequence__gt=chain.head_sequence - NEWEST)
    return newest.filter(signed_by_id=person_id, signed_at__gte=moment).exists()


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
    where = ["r.clinic_id = %s", "r.entry = 'signed'", "r.document IS NOT NULL"]
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


# A page of a history changes with the patient's records only: what marks one, or is added to it, is one of them.
# `+ 0` keeps the planner from walking the clinic's whole chain down to the patient's last record. The hash, because a
# server that was restored may give a sequence twice.
NEWEST_OF = """
    SELECT encode(sha256, 'hex') FROM records_record WHERE clinic_id = %(clinic)s AND sequence = (
        SELECT max(sequence + 0) FROM records_record WHERE clinic_id = %(clinic)s AND patient_id = ANY (%(patients)s))
"""
CHAIN_HEAD = "SELECT encode(head_sha256, 'hex') FROM records_chain WHERE clinic_id = %s"


def newest_of(*, clinic_id: UUID, patient_ids: Sequence[UUID]) -> str:
    """Return the hash of the last record of these patients; empty without one."""
    rows = run_prepared(NEWEST_OF, {"clinic": clinic_id, "patients": list(patient_ids)})
    return str(rows[0][0]) if rows else ""


def chain_head(clinic_id: UUID) -> str:
    """Return the hash of the clinic's last record; empty before the first."""
    rows = run_prepared(CHAIN_HEAD, [clinic_id])
    return str(rows[0][0]) if rows else ""


def changes(
    *,
    clinic_id: UUID,
    kind: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    after: int = 0,
    limit: int,
) -> list[Row]:
    """
    Everything that was signed, in the order of its commits: documents, addenda, marks of error, and erasures, which are
    told to followers of one kind, too.
    """
    where = ["r.clinic_id = %s", "r.sequence > %s"]
    values: list[Any] = [clinic_id, after]
    if kind is not None:
        _add(where, values, "(r.kind = %s OR r.entry = 'erased')", kind)
    _add_filters(where, values, None, since, until, moment="signed_at")
    return _rows("", where, values, "r.sequence", limit)


def one(*, clinic_id: UUID, record_id: UUID) -> Row | None:
    rows = _rows(ADDENDA, ["r.clinic_id = %s", "r.id = %s"], [clinic_id, record_id], "r.sequence", 1)
    return rows[0] if rows else None


def _add(where: list[str], values: list[Any], condition: str, value: object) -> None:
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
        f"SELECT {ENVELOPE} {addenda} || '}}', r.sequence, r.occurred_at::text, r.patient_id::text, "
        f"encode(r.sha256, 'hex') "
        f"{FROM} WHERE {' AND '.join(where)} ORDER BY {order} LIMIT %s"
    )
    return [Row(*row) for row in run_prepared(statement, [*values, limit])]


# --- Verification ---------------------------------------------------------------------------------------------

# Each record is held against its own bytes and against the record before it. The first that fails is named. One that
# was erased has no bytes: a later record must name it with its hash.
# SQL here and below: PostgreSQL reads each document where it lies; the ORM would carry the whole chain to Python.
FIRST_BROKEN = """
    WITH linked AS (
        SELECT r.*, lag(r.sha256) OVER in_order AS before, %(after)s + row_number() OVER in_order AS place
        FROM records_record r WHERE r.clinic_id = %(clinic)s AND r.sequence > %(after)s AND r.sequence <= %(until)s
        WINDOW in_order AS (ORDER BY r.sequence)
    ), judged AS (
        SELECT id, sequence, place, CASE
            WHEN sequence <> place THEN 'missing_before'
            WHEN sha256(document) <> sha256 THEN 'document_changed'
            WHEN previous_sha256 <> coalesce(before, %(sha256)s) THEN 'link_broken'
            WHEN document IS NULL AND NOT EXISTS (
                SELECT FROM records_record e WHERE e.clinic_id = linked.clinic_id AND e.entry = 'erased'
                AND convert_from(e.document, 'UTF8')::jsonb -> 'erased' @> jsonb_build_array(jsonb_build_object(
                    'record_id', linked.id, 'sha256', encode(linked.sha256, 'hex')))
            ) THEN 'erased_without_record'
            WHEN document IS NOT NULL AND (convert_from(document, 'UTF8')::jsonb) @> jsonb_build_object(
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
# Marks are not in the chain; that each of them, and no other, follows from a signed document is checked here: every
# mark that somebody could see, and what the documents after `after` ask for.
WRONG_MARK = """
    WITH telling AS (
        SELECT id, entry, document FROM records_record
        WHERE clinic_id = %(clinic)s AND sequence > %(after)s AND sequence <= %(until)s
        AND position('"replaces"'::bytea IN document) > 0
        UNION
        SELECT r.id, r.entry, r.document FROM records_mark m JOIN records_record r ON r.id = m.marked_by_id
        WHERE m.clinic_id = %(clinic)s AND r.sequence <= %(until)s
    ), told AS (
        SELECT (convert_from(document, 'UTF8')::jsonb #>> '{replaces,record_id}')::uuid AS record_id,
            id AS marked_by_id,
            CASE entry WHEN 'entered_in_error' THEN 'entered_in_error' ELSE 'superseded' END AS status
        FROM telling WHERE convert_from(document, 'UTF8')::jsonb ? 'replaces'
    ), marks AS (
        SELECT m.* FROM records_mark m LEFT JOIN records_record r ON r.id = m.marked_by_id
        WHERE m.clinic_id = %(clinic)s AND (r.sequence IS NULL OR r.sequence <= %(until)s)
    )
    SELECT coalesce(t.record_id, m.record_id) FROM told t
    FULL JOIN marks m ON m.record_id = t.record_id AND m.marked_by_id = t.marked_by_id AND m.status = t.status
    WHERE t.record_id IS NULL OR m.record_id IS NULL LIMIT 1
"""
# One statement, so one snapshot: a signature commits its record and the counter together.
HEAD_AND_COUNTER = """
    SELECT r.sequence, r.sha256, c.head_sequence, c.head_sha256 FROM (SELECT %(clinic)s::uuid AS id) k
    LEFT JOIN LATERAL (
        SELECT sequence, sha256 FROM records_record WHERE clinic_id = k.id ORDER BY sequence DESC LIMIT 1
    ) r ON true
    LEFT JOIN records_chain c ON c.clinic_id = k.id
"""
SIGNED = """
    SELECT id, sequence, kind, document FROM records_record
    WHERE clinic_id = %(clinic)s AND sequence > %(after)s AND sequence <= %(until)s AND entry = 'signed'
    AND document IS NOT NULL ORDER BY sequence
"""
CHANGED_HEAD = """
    SELECT min(c.head_sequence) FROM records_chaincheck c
    LEFT JOIN records_record r ON r.clinic_id = c.clinic_id AND r.sequence = c.head_sequence
    WHERE c.clinic_id = %(clinic)s AND c.ok AND c.head_sequence > 0
    AND encode(r.sha256, 'hex') IS DISTINCT FROM c.head_sha256
"""


def first_broken_link(clinic_id: UUID, start: tuple[int, str], head: int, batch: int) -> dict[str, Any] | None:
    """
    Return the first record up to the head that does not hold, with the reason; None if all hold.

    :param start: sequence and SHA-256 (hex) of the record that the first one links to
    """
    after, sha256 = start[0], bytes.fromhex(start[1])
    while after < head:
        until = min(after + batch, head)
        values = {"clinic": clinic_id, "after": after, "until": until, "sha256": sha256}
        try:
            with transaction.atomic():
                rows = run_prepared(FIRST_BROKEN, values)
        except DataError:  # a document that is no JSON, or not UTF-8: close in on it
            if until == after + 1:
                return _named(clinic_id, until, "document_changed")
            batch = (until - after) // 2
            continue
        if rows:
            record_id, sequence, place, reason = rows[0]
            if reason == "missing_before":
                return {"sequence": place, "record_id": None, "reason": "missing"}
            return {"sequence": sequence, "record_id": str(record_id), "reason": reason}
        last = sha256_at(clinic_id, until)
        if last is None:
            there = Record.objects.filter(clinic_id=clinic_id, sequence__gt=after, sequence__lte=until).count()
            return {"sequence": after + there + 1, "record_id": None, "reason": "missing"}
        after, sha256 = until, bytes.fromhex(last)
    return None


def _named(clinic_id: UUID, sequence: int, reason: str) -> dict[str, Any]:
    record_id = Record.objects.filter(clinic_id=clinic_id, sequence=sequence).values_list("pk", flat=True).first()
    return {"sequence": sequence, "record_id": str(record_id) if record_id else None, "reason": reason}


def first_wrong_mark(clinic_id: UUID, after: int, head: int) -> dict[str, Any] | None:
    """Return a record whose mark does not follow from a signed document, or that lacks the one that does."""
    rows = run_prepared(WRONG_MARK, {"clinic": clinic_id, "after": after, "until": head})
    if not rows:
        return None
    record_id = rows[0][0]
    sequence = Record.objects.filter(pk=record_id).values_list("sequence", flat=True).first()
    return {"sequence": sequence, "record_id": str(record_id), "reason": "status_changed"}


def signed_documents(clinic_id: UUID, after: int, head: int, batch: int) -> Iterator[list[tuple[Any, ...]]]:
    """Read signed documents in batches: id, sequence, kind, bytes."""
    while after < head:
        until = min(after + batch, head)
        yield run_prepared(SIGNED, {"clinic": clinic_id, "after": after, "until": until})
        after = until


def first_changed_head(clinic_id: UUID) -> int | None:
    """Return the lowest sequence whose hash, as an earlier verification kept it, is no longer in the chain."""
    sequence: int | None = run_prepared(CHANGED_HEAD, {"clinic": clinic_id})[0][0]
    return sequence


def head(clinic_id: UUID) -> tuple[int, str]:
    """Return the highest sequence and its SHA-256 in hex, in constant time."""
    return head_and_counter(clinic_id)[0]


def head_and_counter(clinic_id: UUID) -> tuple[tuple[int, str], tuple[int, str]]:
    """Return the newest record and the chain's counter, each as sequence and SHA-256 in hex, of one snapshot."""
    sequence, sha256, counted, counted_sha256 = run_prepared(HEAD_AND_COUNTER, {"clinic": clinic_id})[0]
    none = (0, GENESIS.hex())
    return (
        none if sequence is None else (sequence, bytes(sha256).hex()),
        none if counted is None else (counted, bytes(counted_sha256).hex()),
    )


def sha256_at(clinic_id: UUID, sequence: int) -> str | None:
    """Return the SHA-256 (hex) of the record with this sequence; before the first one, it is all zeros."""
    if sequence == 0:
        return GENESIS.hex()
    sha256 = Record.objects.filter(clinic_id=clinic_id, sequence=sequence).values_list("sha256", flat=True).first()
    return None if sha256 is None else bytes(sha256).hex()
