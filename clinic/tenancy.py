"""
Which clinic a transaction works for.

Row-level security in PostgreSQL shows and takes only rows of the clinic named in `palpate.clinic_id`, which is
set for one transaction at a time: a pooled connection can never carry it into somebody else's request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.db import connection, transaction


@contextmanager
def scope(clinic_id: UUID | None, *, user_id: UUID | None = None, read_only: bool = False) -> Iterator[None]:
    """
    Open a transaction that sees one clinic's rows (none, if `clinic_id` is None).

    :param user_id: also lets this person's own memberships be seen, in whichever clinic
    :param read_only: PostgreSQL itself refuses every write until the transaction ends
    """
    nested = connection.in_atomic_block
    with transaction.atomic():
        with connection.cursor() as cursor:
            if nested:
                cursor.execute(
                    "SELECT current_setting('palpate.clinic_id', true), current_setting('palpate.user_id', true)"
                )
                before = cursor.fetchone()
            cursor.execute(
                "SELECT set_config('palpate.clinic_id', %s, true), set_config('palpate.user_id', %s, true)"
                + (", set_config('transaction_read_only', 'on', true)" if read_only else ""),
                [str(clinic_id or ""), str(user_id or "")],
            )
        yield
        if nested:
            # An inner scope must not widen what the outer one sees. (After an error the savepoint undoes it.)
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('palpate.clinic_id', %s, true), set_config('palpate.user_id', %s, true)",
                    [value or "" for value in before],
                )


def lock_statement_timeout(milliseconds: int) -> None:
    """Let this transaction wait at most so long for a lock held by somebody else."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [f"{milliseconds}ms"])
