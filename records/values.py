"""What is recorded of a document, as typed values: made from what was parsed, read by checks and actions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Self, TypeVar

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

T = TypeVar("T", bound="DataclassInstance")


def make(value_class: type[T], data: Mapping[str, Any], **made: Any) -> T:
    """
    Return a value from parsed data or from a document's JSON; names that are not its fields are left out.

    :param made: fields that are values themselves
    """
    own = {field.name: data[field.name] for field in fields(value_class) if field.name in data}
    return value_class(**{**own, **made})


@dataclass(frozen=True, kw_only=True)
class DocumentContent:
    """
    The content of a document, or a change of it.

    :ivar given: the names of the fields that were sent; the others are empty here, and stay in the draft as they are
    """

    given: frozenset[str] = frozenset()
    performed_at: datetime | None = None
    notes: str = ""

    def only(self, names: Collection[str]) -> Self:
        """Return the part of a change that is about these fields."""
        kept = self.given & frozenset(names)
        return type(self)(given=kept, **{name: getattr(self, name) for name in kept})
