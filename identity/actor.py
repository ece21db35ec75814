"""Who asks: a person, a program, or both (an app that a person uses)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """
    One person or program, in one clinic, for one request.

    :ivar user_id: the person, or None for a program on its own
    :ivar client_id: the OAuth client, or None for a signed-in browser
    :ivar acts_for_id: the therapist in whose name a program on its own may record and sign, if any
    :ivar proved_at: when the person last proved who they are (sign-in, password, passkey); None for a program
    :ivar scopes: what may be done: the token's scopes cut down to what the person's roles allow
    """

    clinic_id: UUID
    scopes: frozenset[str]
    user_id: UUID | None = None
    client_id: str | None = None
    acts_for_id: UUID | None = None
    ip: str | None = None
    request_id: str | None = None
    proved_at: datetime | None = None

    is_authenticated = True  # DRF asks this of whatever stands for the user

    @property
    def author_id(self) -> UUID | None:
        """The person whose name goes under what this actor records; None if there is none."""
        return self.user_id or self.acts_for_id

    @property
    def key(self) -> str:
        """Identifies the actor for request limits and idempotency keys."""
        return f"{self.clinic_id}:{self.client_id or ''}:{self.user_id or ''}"

    @classmethod
    def system(cls, clinic_id: UUID, name: str) -> Actor:
        """A command or a timed task of Palpate itself; `name` shows in the audit trail."""
        return cls(clinic_id=clinic_id, scopes=frozenset(), client_id=f"system:{name}")
