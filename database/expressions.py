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


class AnyOf(models.Lookup):
    """
    `column = ANY (ARRAY(SELECT …))`: the subquery is run first and once, whatever the planner thinks that it holds.

    `IN (SELECT …)` may be turned round into a walk over all rows, each of which is looked for in the subquery.
    """

    lookup_name = "any_of"

    @classmethod
    def register(cls) -> None:
        models.UUIDField.register_lookup(cls)

    def get_prep_lookup(self) -> Any:
        return self.rhs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        left, left_params = self.process_lhs(compiler, connection)
        right, right_params = compiler.compile(self.rhs)
        return f"{left} = ANY ({right})", (*left_params, *right_params)


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


def fold_address(email: str) -> str:
    """
    Return an e-mail address as it is compared: A to Z are a to z, and every other character stands for itself.

    Python's and PostgreSQL's own upper and lower case make one letter of several: `ı` and `i` are both `I`, the Kelvin
    sign and `K` are both `k`. Somebody who owns one of the addresses need not own the other.
    """
    return email.strip().encode("utf-8", "surrogatepass").lower().decode("utf-8", "surrogatepass")


@models.EmailField.register_lookup
class SameAddress(models.Lookup):
    """`email__same_address=text`: as `fold_address` compares; the index on lower(email) finds it."""

    lookup_name = "same_address"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return the condition; what lower() finds is compared again with only A to Z folded."""
        left, left_params = self.process_lhs(compiler, connection)
        right = fold_address(str(self.rhs))
        sql = f'(LOWER({left}) = LOWER(%s::text) AND LOWER({left}::text COLLATE "C") = %s::text)'
        return sql, (*left_params, right, *left_params, right)
