"""Database refusals as domain errors, by constraint name."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import IntegrityError, transaction

from errors.exceptions import DomainError


def constraint_name(error: BaseException) -> str:
    """The name of the constraint that refused, or an empty text."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


@contextmanager
def violations_as(errors: Mapping[str, type[DomainError]]) -> Iterator[None]:
    """Raise the mapped error when one of the named constraints refuses a write."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as refusal:
        name = constraint_name(refusal)
        if name not in errors:
            raise
        raise errors[name] from refusal
