"""
Is what was signed still there, as it was signed?

A verification is judged up to a head of its own: one statement reads the newest record and the chain's counter, which
are committed together, and everything after looks only at what is not above that head. Those rows are final, so later
statements see the same as one long snapshot would, and people who sign in the meantime raise no alarm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson

from database import tenancy
from records import checkpoints, keys, queries, rules
from records.models import ChainCheck

# So many records are verified while somebody waits for the answer; more are a task's work.
MOST_AT_ONCE = 2_000
BATCH = 1_000


@dataclass(frozen=True)
class SignedDocument:
    """A record of a signed assessment or session, for the comparison with the rows that screens show."""

    record_id: UUID
    sequence: int
    document: dict[str, Any]


@dataclass(frozen=True)
class RowsOfKind:
    """
    How the rows of one kind of document are compared with what was signed.

    :ivar differing: of signed documents, those whose rows are not what was signed, with the reason
    :ivar without_record: the id of a signed row that no record stands for; None if there is not one
    """

    differing: Callable[[Sequence[SignedDocument]], Iterator[tuple[SignedDocument, str]]]
    without_record: Callable[[UUID], UUID | None]


# Filled by the apps whose rows they are, when they are ready: this app knows none of them.
ROWS: dict[str, RowsOfKind] = {}


@dataclass(frozen=True)
class Start:
    """Where a verification begins: after the last head that was found whole, or at the very beginning."""

    sequence: int = 0
    sha256: str = rules.GENESIS.hex()
    verified_at: datetime | None = None


def start_of(clinic_id: UUID, *, complete: bool) -> Start:
    """Return where to begin. A last head that is no longer in the chain is no place to begin at."""
    if complete:
        return Start()
    check = ChainCheck.objects.filter(clinic_id=clinic_id, ok=True).order_by("-checked_at").first()
    if check is None or queries.sha256_at(clinic_id, check.head_sequence) != check.head_sha256:
        return Start()
    return Start(check.head_sequence, check.head_sha256, check.checked_at)


def left_to_verify(clinic_id: UUID, *, complete: bool) -> int:
    """Return how many records a verification would read."""
    return max(queries.head(clinic_id)[0] - start_of(clinic_id, complete=complete).sequence, 0)


def verify(clinic_id: UUID, *, anchor: tuple[int, str] | None, complete: bool) -> dict[str, Any]:
    """
    Verify a clinic's chain, inside a scope of that clinic.

    :param anchor: sequence and SHA-256 (hex) of a head that was kept elsewhere
    :param complete: read every record, and not only those since the last head that was found whole
    """
    # Rows of restricted patients are compared, too: hidden, they would be missing.
    with tenancy.seeing_restricted():
        return _verify(clinic_id, anchor=anchor, complete=complete)


def _verify(clinic_id: UUID, *, anchor: tuple[int, str] | None, complete: bool) -> dict[str, Any]:
    head, counter = queries.head_and_counter(clinic_id)
    start = start_of(clinic_id, complete=complete)
    if start.sequence > head[0]:
        start = Start()
    broken = (
        queries.first_broken_link(clinic_id, (start.sequence, start.sha256), head[0], BATCH)
        or queries.first_wrong_mark(clinic_id, start.sequence, head[0])
        or _first_wrong_row(clinic_id, start.sequence, head[0])
        or _first_changed_head(clinic_id)
        or _wrong_counter(head, counter)
        or (_row_without_record(clinic_id) if start.sequence == 0 else None)
    )
    holds = None
    if anchor is not None:
        holds = queries.sha256_at(clinic_id, anchor[0]) == anchor[1].lower()
        if broken is None and not holds:
            broken = {"sequence": anchor[0], "record_id": None, "reason": "anchor_not_found"}
    return {
        "records": head[0],
        "complete": start.sequence == 0,
        "verified_from": start.sequence + 1,
        "ok": broken is None,
        "first_broken": broken,
        "head": {"sequence": head[0], "sha256": head[1]},
        "anchor_holds": holds,
        "cannot_see": cannot_see(anchor[0] if anchor and holds else None, start),
    }


def cannot_see(anchor: int | None, start: Start) -> str:
    """Say what this verification cannot show."""
    if anchor is None:
        text = (
            "A chain cannot show that its newest records were cut off together with their counter, or that a suffix "
            "was rewritten together with the stored heads. Keep a checkpoint outside this database, and verify "
            "against it."
        )
    else:
        text = (
            f"Up to sequence {anchor} the chain is the one of the checkpoint. Records after it could have been cut "
            "off or rewritten by someone who can change the tables; a newer checkpoint shows that."
        )
    if start.sequence:
        verified = f" on {rules.moment(start.verified_at)}" if start.verified_at else " before"
        text += f" Records up to sequence {start.sequence} were verified{verified} and were not read again."
    return text


def _first_wrong_row(clinic_id: UUID, after: int, head: int) -> dict[str, Any] | None:
    """Compare the rows that screens show with the bytes that were signed."""
    for rows in queries.signed_documents(clinic_id, after, head, BATCH):
        for record_kind, compared in ROWS.items():
            documents = [
                SignedDocument(record_id, sequence, orjson.loads(document))
                for record_id, sequence, kind_of_row, document in rows
                if kind_of_row == record_kind
            ]
            wrong = min(compared.differing(documents), key=lambda found: found[0].sequence, default=None)
            if wrong is not None:
                return {"sequence": wrong[0].sequence, "record_id": str(wrong[0].record_id), "reason": wrong[1]}
    return None


def _row_without_record(clinic_id: UUID) -> dict[str, Any] | None:
    """Look for a row that says it is signed, where nothing was signed: a screen would show it."""
    if all(compared.without_record(clinic_id) is None for compared in ROWS.values()):
        return None
    return {"sequence": None, "record_id": None, "reason": "row_without_record"}


def _first_changed_head(clinic_id: UUID) -> dict[str, Any] | None:
    """Compare the chain with the head of every earlier verification, and each signed head with its signature."""
    changed = queries.first_changed_head(clinic_id)
    if changed is not None:
        return {"sequence": changed, "record_id": None, "reason": "head_changed"}
    existing = keys.known_keys()
    signed = ChainCheck.objects.filter(clinic_id=clinic_id, ok=True).exclude(signature="")
    for sequence, sha256, signature in signed.order_by("head_sequence").values_list(
        "head_sequence", "head_sha256", "signature"
    ):
        try:
            checkpoints.check_signature(checkpoints.Checkpoint(clinic_id, sequence, sha256), signature, existing)
        except checkpoints.WrongSignature:
            return {"sequence": sequence, "record_id": None, "reason": "head_forged"}
    return None


def _wrong_counter(head: tuple[int, str], counter: tuple[int, str]) -> dict[str, Any] | None:
    if head == counter:
        return None
    reason = "tail_missing" if counter[0] > head[0] else "counter_changed"
    return {"sequence": min(head[0], counter[0]) + 1, "record_id": None, "reason": reason}
