"""JSON that can be read in one way only."""

from __future__ import annotations

import json
from typing import Any

import orjson

from errors.exceptions import Invalid

MOST_DEPTH = 32  # our deepest shape has 7


class UnreadableJson(Invalid):
    """The body is not JSON, or JSON that programs read in different ways."""

    reason = "parse_error"


def read_json(raw: bytes) -> Any:
    """
    Return the value of a JSON text in UTF-8.

    :raises UnreadableJson: it is not JSON, deeper than any of our shapes, or has a key twice: one value would be lost
    """
    try:
        value = orjson.loads(raw)
    except orjson.JSONDecodeError as refusal:
        # Its position helps, its text may quote the body.
        raise UnreadableJson(params={"line": refusal.lineno, "column": refusal.colno}) from None
    if _is_too_deep(value):
        raise UnreadableJson("parse_error.too_deep", params={"most": MOST_DEPTH})
    if isinstance(value, dict | list):
        json.loads(raw, object_pairs_hook=_refuse_duplicates, parse_int=str, parse_float=str)
    return value


def _is_too_deep(value: object) -> bool:
    level = [value]
    for _depth in range(MOST_DEPTH + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return True


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _value in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UnreadableJson("parse_error.duplicate_key", params={"name": twice[:60]})
