"""The few statements that every request runs, prepared once a connection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import InterfaceError, OperationalError, connection


def prepared(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """
    Run a statement in Django's connection and transaction, and give its rows (none, if it returns none).

    Django writes values into the text, so PostgreSQL parses and plans each statement anew; for a statement of many
    lines over few rows that is most of the time. Here the text stays the same and is prepared (unless
    DATABASE_PREPARED is off, for a PgBouncer before 1.21).
    """
    connection.ensure_connection()
    link: Any = connection.connection
    with connection.wrap_database_errors, psycopg.Cursor(link) as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


def first(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """
    As `prepared`, for the first statement of a request: should the kept connection have died meanwhile (PostgreSQL was
    restarted, a firewall forgot it), nothing has happened on it yet, so a new one is taken once.
    """
    fresh = connection.connection is None
    try:
        rows = prepared(statement, values)
    except (OperationalError, InterfaceError):
        if fresh or connection.in_atomic_block:
            raise
        connection.close()
        rows = prepared(statement, values)
    connection.health_check_done = True  # type: ignore[attr-defined] # this was one; Django need not ask again
    return rows
