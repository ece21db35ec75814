"""Small database expressions and keys that Django does not have."""

import secrets
import time
from typing import Any
from uuid import UUID

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import Func
from django.db.models.sql.compiler import SQLCompiler


class UUIDv7(Func):
    """PostgreSQL 18's `uuidv7()`: a key that sorts by the time it was made."""

    function = "uuidv7"
    template = "%(function)s()"
    output_field = models.UUIDField()

    def __init__(self, **extra: Any) -> None:
        super().__init__(**extra)


class StartsWith(models.Lookup):
    """
    `column ^@ text`: PostgreSQL's starts-with operator.

    It is leakproof, so it can use an index under row-level security, where LIKE cannot.
    """

    lookup_name = "begins"

    @classmethod
    def register(cls) -> None:
        models.TextField.register_lookup(cls)

    def as_sql(self, compiler: SQLCompiler, connection: BaseDatabaseWrapper) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = self.process_rhs(compiler, connection)
        return f"{left} ^@ {right}", (*left_params, *right_params)


def new_id() -> UUID:
    """
    A UUIDv7 made here instead of in PostgreSQL, for rows that others point at in the same breath.

    RFC 9562: 48 bits of Unix time in milliseconds, then random bits.
    """
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (2**48 - 1)) << 80 | secrets.randbits(80)
    value = value & ~(0xF << 76) | 0x7 << 76
    value = value & ~(0x3 << 62) | 0x2 << 62
    return UUID(int=value)


class CurrentClinic(Func):
    """The clinic of the transaction's scope, as row-level security reads it; null outside a scope."""

    template = "nullif(current_setting('palpate.clinic_id', true), '')::uuid"
    output_field = models.UUIDField()
