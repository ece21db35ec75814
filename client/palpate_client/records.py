"""Signed records, checked without trusting the server."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import rfc8785

GENESIS = "0" * 64
SIGNED_NAMES = ("sequence", "kind", "entry", "subject_id", "patient_id", "version", "previous_sha256")


class NotWhole(Exception):
    """Something does not have the hash, or not the place in its sequence, that it should. Names numbers only."""


def canonical_text(record: Mapping[str, Any]) -> str:
    """
    Return the bytes that were signed, as text.

    :raises NotWhole: there are none
    """
    try:
        return rfc8785.dumps(record["document"]).decode()
    except (rfc8785.CanonicalizationError, UnicodeError):
        raise NotWhole(f"record {record['sequence']}: not a document") from None  # the cause may quote it


def check_record(record: Mapping[str, Any], text: str) -> dict[str, Any]:
    """
    Compare what was signed with its hash, and with what stands around it. Return the document.

    :raises NotWhole:
    """
    sequence = record["sequence"]
    # A byte that is no Unicode is a changed byte: it must not end as another error.
    if hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest() != record["sha256"]:
        raise NotWhole(f"record {sequence}: document_changed")
    document: dict[str, Any] = json.loads(text)
    for name in SIGNED_NAMES:
        if document.get(name) != record[name]:
            raise NotWhole(f"record {sequence}: {name}_changed")
    return document
