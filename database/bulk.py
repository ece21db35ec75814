"""Insert many rows of a model in one statement."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import orjson
from django.db import connection, models

from database.sql import run_prepared


def insert(rows: Sequence[models.Model]) -> None:
    """
    As `bulk_create`, for rows of one model that have their keys and need nothing back.

    The rows travel as one JSON parameter, which PostgreSQL takes apart by the columns' types: for wide rows a fraction
    of the time that building thousands of placeholders takes. Constraints, triggers and row-level security apply.
    """
    if not rows:
        return
    statement, names = _statement(type(rows[0]))
    sent = orjson.dumps([{name: getattr(row, name) for name in names} for row in rows], default=str)
    run_prepared(statement, [sent.decode()])  # SQL: the ORM has no insert from one JSON value


@lru_cache
def _statement(model: type[models.Model]) -> tuple[str, list[str]]:
    fields = model._meta.concrete_fields
    quote = connection.ops.quote_name
    columns = ", ".join(quote(str(field.column)) for field in fields)
    # The JSON's keys are attribute names; in all our models those are the columns' names, too.
    types = ", ".join(f"{quote(field.attname)} {field.db_type(connection)}" for field in fields)
    table = quote(model._meta.db_table)
    statement = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM jsonb_to_recordset(%s::jsonb) AS row ({types})"  # noqa: S608
    return statement, [field.attname for field in fields]
