"""Plain SQL, prepared once a connection, in Django's connection and before Django's eyes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connection, connections
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper


class LoggedCursor(CursorDebugWrapper):
    """Django's logging cursor; the log gets the text with its placeholders, as psycopg does not keep what it sent."""

    def execute(self, sql: Any, params: Any = None) -> Any:
        """Run a statement through `execute_wrappers` and write it to the connection's query log."""
        with self.debug_sql(sql, params):
            return CursorWrapper.execute(self, sql, params)


def run_prepared(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """
    Run a statement in Django's connection and transaction, and return its rows (none, if it returns none).

    Django writes values into the text, so PostgreSQL parses and plans each statement again; for a statement of many
    lines over few rows that is most of the time. Here the text stays the same and is prepared (unless
    DATABASE_PREPARED is off, for a PgBouncer before 1.21).

    The statement passes Django's `execute_wrappers` and its query log, as the ORM's statements do; and Django's check,
    once a request, that the kept connection is still alive.
    """
    connections[DEFAULT_DB_ALIAS].close_if_health_check_failed()
    return _run(statement, values)


def _run(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    database = connections[DEFAULT_DB_ALIAS]  # looked up once; `connection` looks it up with each attribute
    database.ensure_connection()
    link: Any = database.connection
    wrapper = LoggedCursor if database.queries_logged else CursorWrapper
    with database.wrap_database_errors, psycopg.Cursor(link) as cursor:
        wrapper(cursor, database).execute(statement, values)
        # Not through the wrapper: it would build a function for each attribute that is asked for.
        return cursor.fetchall() if cursor.description else []


def first(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> list[tuple[Any, ...]]:
    """
    As `run_prepared`, for the first statement of a request. If the kept connection is dead (PostgreSQL was restarted, a
    firewall forgot it), nothing has happened on it yet, so a new one is taken once.
    """
    fresh = connection.connection is None
    try:
        rows = _run(statement, values)
    except (OperationalError, InterfaceError):
        if fresh or connection.in_atomic_block:
            raise
        connection.close()
        rows = _run(statement, values)
    connection.health_check_done = True  # type: ignore[attr-defined] # this was one; Django need not ask again
    return rows
