"""What stands between a document and its signature: one list, which the action, the API and the review page read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from errors.exceptions import DomainError, FieldError, Invalid


@dataclass(frozen=True)
class Stop:
    """
    One thing that stops the signature.

    :ivar path: where the document's screen answers it, if that is not its pointer
    """

    error: FieldError
    refusal: type[DomainError] = Invalid
    path: str = ""


@dataclass(frozen=True)
class SigningCheck:
    """
    Everything that was found before a signature.

    :cvar refusals: in this order they are raised: each refusal names all of its own kind
    :cvar gravest_first: in this order a page lists them: what is known to be dangerous is not below what was left empty
    :ivar content: what would be signed, as the document's kind makes it
    """

    refusals: ClassVar[Sequence[type[DomainError]]] = [Invalid]
    gravest_first: ClassVar[Sequence[type[DomainError]]] = [Invalid]

    stops: tuple[Stop, ...]
    content: Mapping[str, Any] = field(repr=False)

    def raise_if_any(self) -> None:
        """:raises DomainError: of the first class of `refusals` that something is refused with"""
        for refusal in self.refusals:
            errors = [stop.error for stop in self.stops if stop.refusal is refusal]
            if errors:
                raise refusal(errors=errors)

    def list_by_gravity(self) -> list[Stop]:
        return sorted(self.stops, key=lambda stop: self.gravest_first.index(stop.refusal))
