"""The four ways an action refuses. A concrete error lives beside the action that raises it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one value: `pointer` is a JSON Pointer into the request (`/findings/2/ppt_kpa`)."""

    pointer: str
    code: str
    detail: str


class DomainError(Exception):
    """
    A refusal with a stable `code` (part of the API) and a sentence for people.

    The sentence names fields and limits, never a patient's data.
    """

    code = "refused"
    detail = "This is not possible."

    def __init__(
        self,
        detail: str | None = None,
        *,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        self.detail = detail or type(self).detail
        self.errors = list(errors)
        self.extra = dict(extra or {})
        super().__init__(self.code)


class Invalid(DomainError):
    """The values sent cannot be what was meant."""

    code = "invalid"
    detail = "Some values are not allowed; each is listed under errors."


class Conflict(DomainError):
    """The values are fine, the state of the record does not allow it."""

    code = "conflict"


class Forbidden(DomainError):
    """This person or program may not do this."""

    code = "forbidden"


class NotFound(DomainError):
    """There is no such thing, or not for this clinic."""

    code = "not_found"
    detail = "There is no such thing here."


@dataclass
class Problems:
    """Collects field errors, so that a person sees all of them at once instead of one after another."""

    errors: list[FieldError] = field(default_factory=list)

    def add(self, pointer: str, code: str, detail: str) -> None:
        self.errors.append(FieldError(pointer, code, detail))

    def forgive(self, code: str) -> None:
        """Let pass what has this code."""
        self.errors = [error for error in self.errors if error.code != code]

    def raise_if_any(self) -> None:
        if self.errors:
            raise Invalid(errors=self.errors)
