"""
Which clinic a transaction works for.

Row-level security in PostgreSQL shows and takes only rows of the clinic named in `palpate.clinic_id`, which is
set for one transaction at a time: a pooled connection can never carry it into somebody else's request.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction

from database.sql import run_prepared

# SQL, because every transaction runs them, and the ORM sets no configuration.
ENTER = "SELECT set_config('palpate.clinic_id', %s, true), set_config('palpate.user_id', %s, true)"
ENTER_READ_ONLY = ENTER + ", set_config('transaction_read_only', 'on', true)"
CURRENT = "SELECT current_setting('palpate.clinic_id', true), current_setting('palpate.user_id', true)"

SEES = "SELECT current_setting('palpate.sees_restricted', true)"
SEE = "SELECT set_config('palpate.sees_restricted', %s, true)"

T = TypeVar("T")

# What was looked up of the clinic of the current scope; it ends with the scope.
_looked_up: ContextVar[dict[str, Any] | None] = ContextVar("looked_up", default=None)


@contextmanager
def scope(clinic_id: UUID | None, *, user_id: UUID | None = None, read_only: bool = False) -> Iterator[None]:
    """
    Open a transaction that sees one clinic's rows (none, if `clinic_id` is None).

    :param user_id: also lets this person's own memberships be seen, in whichever clinic
    :param read_only: PostgreSQL itself refuses every write until the transaction ends
    """
    nested = connection.in_atomic_block
    with transaction.atomic():
        before = run_prepared(CURRENT, [])[0] if nested else ("", "")
        run_prepared(ENTER_READ_ONLY if read_only else ENTER, [str(clinic_id or ""), str(user_id or "")])
        token = _looked_up.set({})
        try:
            yield
        finally:
            _looked_up.reset(token)
        if nested:
            # An inner scope must not widen what the outer one sees. (After an error the savepoint undoes it.)
            run_prepared(ENTER, [value or "" for value in before])


@contextmanager
def seeing_restricted() -> Iterator[None]:
    """
    Let this transaction see patients whose record is restricted or is being erased, which row-level security hides.

    For owners who answer for the restriction, for the export, and for what verifies the chain; for nothing else.
    """
    before = run_prepared(SEES, [])[0][0] or ""
    run_prepared(SEE, ["on"])
    # Not in a `finally`: after an error the savepoint or the transaction undoes it.
    yield
    run_prepared(SEE, [before])


def remember(name: str, fact: object) -> None:
    """Keep a fact of the scope's clinic that was read already, so that `look_up` need not ask."""
    facts = _looked_up.get()
    if facts is not None:
        facts[name] = fact


def look_up(name: str, load: Callable[[], T]) -> T:
    """Return a fact of the scope's clinic, loaded at most once while the scope lasts; outside one, each time."""
    facts = _looked_up.get()
    if facts is None:
        return load()
    if name not in facts:
        facts[name] = load()
    return facts[name]
