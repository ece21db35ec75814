"""
The four ways an action refuses. A concrete error lives beside the action that raises it.

An error is a reason with parameters, never a finished sentence: `errors.texts` turns it into one, in the language of
the person or program that reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self


def code_of(reason: str) -> str:
    """Return the stable code of a reason: what stands before its first dot."""
    return reason.partition(".")[0]


@dataclass(frozen=True)
class FieldError:
    """
    What is wrong with one value.

    :ivar pointer: JSON Pointer into the request (`/findings/2/ppt_kpa`)
    :ivar reason: the API's code, and after a dot what tells texts of the same code apart (`required.family_name`)
    :ivar params: the values that the text names; codes stay codes, numbers stay numbers
    """

    pointer: str
    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def code(self) -> str:
        return code_of(self.reason)


class DomainError(Exception):
    """
    A refusal with a reason; its code is part of the API.

    Parameters are limits, names of fields and codes, never a patient's identity.

    :cvar reason: the class's own reason; an instance may have a more exact one of the same code
    """

    reason = "refused"

    def __init__(
        self,
        reason: str | None = None,
        *,
        params: Mapping[str, Any] | None = None,
        errors: Sequence[FieldError] = (),
        extra: Mapping[str, Any] | None = None,
    ) -> None:
        if reason is not None:
            self.reason = reason
        self.params = dict(params or {})
        self.errors = list(errors)
        self.extra = dict(extra or {})
        super().__init__(self.code)

    @property
    def code(self) -> str:
        return code_of(self.reason)


class Invalid(DomainError):
    """The values sent cannot be what was meant."""

    reason = "invalid"

    @classmethod
    def at(cls, pointer: str, reason: str, /, **params: Any) -> Self:
        """Return the refusal of one value."""
        return cls(errors=[FieldError(pointer, reason, params)])


class Conflict(DomainError):
    """The values are fine, the state of the record does not allow it."""

    reason = "conflict"


class Forbidden(DomainError):
    """This person or program may not do this."""

    reason = "forbidden"


class NotFound(DomainError):
    """It does not exist, or not in this clinic."""

    reason = "not_found"


@dataclass
class Problems:
    """Collects field errors, so that a person sees all of them at once instead of one after another."""

    errors: list[FieldError] = field(default_factory=list)

    def add(self, pointer: str, reason: str, /, **params: Any) -> None:
        self.errors.append(FieldError(pointer, reason, params))

    def forgive(self, code: str) -> None:
        """Let pass what has this code."""
        self.errors = [error for error in self.errors if error.code != code]

    def raise_if_any(self) -> None:
        if self.errors:
            raise Invalid(errors=self.errors)
