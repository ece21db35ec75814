"""
Sessions in PostgreSQL, under a checksum of their key: who reads the table can open none of them.

The application role has no rights on the table, only on functions that name one session by its key, or those of the
person in `palpate.user_id`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import CreateError, SessionBase, UpdateError

from database import tenancy
from database.sql import run_prepared

# Keys of the session in which the sign-in says where it came from.
ADDRESS, BROWSER = "signed_in_from", "signed_in_with"


class SessionStore(SessionBase):
    """Django's session engine (`SESSION_ENGINE`)."""

    def load(self) -> dict[str, Any]:
        rows = self._call("load(%s)", checksum(self.session_key)) if self.session_key else []
        if not rows or rows[0][0] is None:
            self._session_key = None
            return {}
        return self.decode(rows[0][0])

    def exists(self, session_key: str) -> bool:
        return bool(self._call("exists(%s)", checksum(session_key))[0][0])

    def create(self) -> None:
        while True:
            self._session_key = self._get_new_session_key()  # type: ignore[attr-defined] # not in the stubs
            try:
                self.save(must_create=True)
            except CreateError:
                continue
            self.modified = True
            return

    def save(self, must_create: bool = False) -> None:
        """
        :raises CreateError: the key exists
        :raises UpdateError: somebody has ended the session since
        """
        if self.session_key is None:
            self.create()
            return
        content = self._get_session(no_load=must_create)  # type: ignore[attr-defined] # not in the stubs
        done = self._call(
            f"{'make' if must_create else 'save'}(%s, %s::uuid, %s, %s, %s::inet, %s)",
            checksum(self.session_key),
            content.get(SESSION_KEY),
            self.encode(content),
            self.get_expiry_date(),
            content.get(ADDRESS) or None,
            content.get(BROWSER, ""),
        )
        if not done[0][0]:
            raise CreateError if must_create else UpdateError

    def delete(self, session_key: str | None = None) -> None:
        key = session_key or self.session_key
        if key is not None:
            self._call("end(%s)", checksum(key))

    @classmethod
    def clear_expired(cls) -> None:
        forget_expired()

    @staticmethod
    def _call(function: str, *values: Any) -> list[tuple[Any, ...]]:
        return run_prepared(f"SELECT accounts_session_{function}", values)


@dataclass(frozen=True)
class SignedIn:
    """
    A session of a person, as its person may see it.

    :ivar is_this: the one in which they look
    """

    id: UUID
    made_at: datetime
    used_at: datetime
    ip: Any
    browser: str
    is_this: bool


def checksum(session_key: str | None) -> bytes:
    return hashlib.sha256((session_key or "").encode()).digest()


def sessions_of(user_id: UUID, *, current_key: str | None) -> list[SignedIn]:
    """Return where a person is signed in, this session first, then the one used last."""
    with tenancy.scope(None, user_id=user_id):
        rows = run_prepared("SELECT * FROM accounts_sessions_of_person(%s)", [checksum(current_key)])
    return [SignedIn(*row) for row in rows]


def end_others(user_id: UUID, *, current_key: str | None, only: UUID | None = None) -> int:
    """
    End the other sessions of a person, or one of them. Return how many.

    :param current_key: None ends every one
    """
    with tenancy.scope(None, user_id=user_id):
        rows = run_prepared("SELECT accounts_sessions_end_others(%s, %s::uuid)", [checksum(current_key), only])
    return int(rows[0][0])


def forget_expired() -> int:
    """Delete what has expired. Return how many."""
    return int(run_prepared("SELECT accounts_sessions_forget()", [])[0][0])
