"""
Which state of a row somebody has seen: an act that cannot be undone names it, and is refused once it is stale.

The action compares, under the row's lock, so that pages, API and admin site cannot do it differently.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import orjson
from django.db.models import Model

from errors.exceptions import Conflict


class RevisionChanged(Conflict):
    """The row is not in the state that was read."""

    reason = "precondition_failed.revision"


def check_revision(row: Any, revision: int | None) -> None:
    """
    Compare a locked row with the revision that was read.

    :param revision: None: nobody read it first (a task, the demo)
    :raises RevisionChanged:
    """
    if revision is not None and row.revision != revision:
        raise RevisionChanged


def content_revision(row: Model) -> int:
    """Return a number that stands for the row's content: the revision of a model that counts no changes."""
    values = [field.value_from_object(row) for field in row._meta.concrete_fields]
    return crc32(orjson.dumps(values, default=_plain, option=orjson.OPT_NON_STR_KEYS))


def _plain(value: object) -> str:
    return bytes(value).hex() if isinstance(value, bytes | memoryview) else str(value)
