"""What is signed: canonical bytes, their hash, and the link to the record before. Plain Python."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import rfc8785

KINDS = ["assessment", "session"]
ENTRIES = ["signed", "addendum", "entered_in_error", "erased"]
STATUSES = ["current", "superseded", "entered_in_error"]
# Of what a patient's erasure leaves in the chain (`append_erasure`), there is no other document.
RECORD_KINDS = [*KINDS, "patient"]
# As records are given out: `erased` and `restricted` ones without their document.
RECORD_STATUSES = [*STATUSES, "erased", "restricted"]
FORMAT = 1
GENESIS = bytes(32)  # stands before a clinic's first record


def canonical_bytes(document: Mapping[str, Any]) -> bytes:
    """
    The one way to write this document: JSON by RFC 8785 (sorted keys, no blanks, ECMAScript numbers), UTF-8.

    :param document: str, int, bool, None, float, Decimal, UUID, datetime (aware), date, lists and mappings of them
    :raises ValueError: a value has no such form (NaN, an integer beyond 2^53, a naive datetime)
    """
    return rfc8785.dumps(plain_json(document))


def plain_json(value: object) -> Any:
    """The same value in JSON's own types, with the API's notation: UTC moments with `Z`, ids as text."""
    if isinstance(value, Mapping):
        return {str(key): plain_json(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_json(inner) for inner in value]
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, datetime):
        return moment(value)
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value


def moment(value: datetime) -> str:
    """
    RFC 3339 in UTC with microseconds and `Z`.

    :raises ValueError: the datetime is naive
    """
    if value.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
