"""
Merging edits into a draft, field by field. Plain functions over plain values; documents of every kind share them.

A draft is seen as a flat map of paths to values: `pain_now`, `findings/<id>/taut_band`, `red_flags/neuro_new/answer`.
What is not recorded has no path. Two people who change different fields never meet; on the same field the second is
told who was first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

Flat = dict[str, Any]
Errors = list[tuple[str, str]]


@dataclass(frozen=True)
class Edit:
    """
    One change as a screen sends it.

    :ivar id: the screen's own number for it, returned with the outcome
    :ivar path: a field, or a row (`findings/<id>`) to make from a map of its fields
    :ivar value: None removes the field, or the row with all that is below it
    :ivar base: what the screen believed to be there
    """

    id: str
    path: str
    value: Any = None
    base: Any = None


@dataclass(frozen=True)
class LastEdit:
    """Who changed a path last, through which open screen (`tab`)."""

    tab: str
    by: str
    at: datetime


@dataclass
class Merge:
    """
    What came of edits.

    :ivar conflicts: edits of a field that somebody else changed meanwhile, each with what stands there now
    :ivar refused: edits whose value cannot be, each with why
    """

    flat: Flat
    applied: list[Edit] = field(default_factory=list)
    conflicts: list[tuple[Edit, Any]] = field(default_factory=list)
    refused: list[tuple[Edit, str]] = field(default_factory=list)


def merge(
    flat: Flat,
    edits: Iterable[Edit],
    *,
    rows: Sequence[str],
    tab: str,
    last_edits: Mapping[str, LastEdit],
    errors_of: Callable[[Flat], Errors],
    tidy: Callable[[Flat], Flat],
) -> Merge:
    """
    Apply edits in their order, each on its own: one that cannot be does not keep the others out.

    :param rows: the lists whose rows have ids (`findings`)
    :param errors_of: every value of a flat draft that cannot be, as (path, why)
    :param tidy: the draft without what a changed value takes along
    """
    result = Merge(dict(flat))
    for edit in edits:
        current = result.flat.get(edit.path)
        last = last_edits.get(edit.path)
        if last is not None and last.tab != tab and current not in (edit.base, edit.value):
            result.conflicts.append((edit, current))
            continue
        if _row_is_gone(result.flat, edit, rows):
            result.refused.append((edit, "removed"))
            continue
        changed = tidy(with_edit(result.flat, edit, rows))
        errors = errors_of(changed)
        if errors:
            before = set(errors_of(result.flat))
            new_errors = [why for path, why in errors if (path, why) not in before]
            if new_errors:
                result.refused.append((edit, " ".join(dict.fromkeys(new_errors))))
                continue
        result.flat = changed
        result.applied.append(edit)
    return result


def _row_is_gone(flat: Flat, edit: Edit, rows: Sequence[str]) -> bool:
    parts = edit.path.split("/")
    if parts[0] not in rows or len(parts) < 3:
        return False
    row = f"{parts[0]}/{parts[1]}/"
    return not any(path.startswith(row) for path in flat)


def with_edit(flat: Flat, edit: Edit, rows: Sequence[str]) -> Flat:
    """The draft with one edit made."""
    below = edit.path + "/"
    kept = {path: value for path, value in flat.items() if path != edit.path and not path.startswith(below)}
    list_name, _, rest = edit.path.partition("/")
    if list_name in rows and rest and "/" not in rest:
        fields = edit.value if isinstance(edit.value, Mapping) else {}
        kept |= {below + name: value for name, value in fields.items() if value is not None}
    elif edit.value is not None:
        kept[edit.path] = edit.value
    return kept


def rows_of(flat: Flat, name: str) -> dict[str, Flat]:
    """
    The rows of a list: id to its fields (`dose/hold_s` stays one name), in the order in which they were made.
    """
    rows: dict[str, Flat] = {}
    start = name + "/"
    for path, value in flat.items():
        if path.startswith(start):
            key, _, rest = path[len(start) :].partition("/")
            rows.setdefault(key, {})[rest] = value
    return dict(sorted(rows.items(), key=lambda item: (item[1].get("ordinal", 0), item[0])))


def below(fields: Mapping[str, Any], name: str) -> Flat:
    """The part of a row's fields under a name: `limit_reasons/hold_s` as `hold_s`."""
    start = name + "/"
    return {path[len(start) :]: value for path, value in fields.items() if path.startswith(start)}


def path_of(pointer: str, rows: Mapping[str, Sequence[str]]) -> str:
    """
    A JSON Pointer into a document as a path of the flat draft.

    :param rows: list name to the paths of its rows in the document's order
    """
    parts = pointer.strip("/").split("/")
    if len(parts) > 1 and parts[0] in rows and parts[1].isdigit() and int(parts[1]) < len(rows[parts[0]]):
        return "/".join([rows[parts[0]][int(parts[1])], *parts[2:]])
    return "/".join(parts)
