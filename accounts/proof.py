"""When the person at the screen last proved who they are: by signing in, or again, by password or passkey."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Any

from allauth.account.authentication import get_authentication_records
from allauth.account.internal.flows.login import record_authentication
from django.http import HttpRequest

from accounts.models import User

SIGNED_IN_AT = "signed_in_at"
# What allauth records in the session before it asks for the second factor is not yet a proof.
METHODS = ("password", "mfa")


def begin(request: HttpRequest) -> None:
    """Note that a person has just signed in."""
    request.session[SIGNED_IN_AT] = time.time()


def proved_at(request: HttpRequest) -> datetime | None:
    """Return the moment of the last proof in this session; None without one."""
    user = request.user
    if not isinstance(user, User):
        return None
    records: list[dict[str, Any]] = get_authentication_records(request, user)
    moments = [record["at"] for record in records if record["method"] in METHODS]
    moments.append(request.session.get(SIGNED_IN_AT, 0))
    return datetime.fromtimestamp(max(moments), UTC) if any(moments) else None


def note_passkey(request: HttpRequest, user: User) -> None:
    """Note a proof by passkey that no page of allauth has recorded."""
    record_authentication(request, user, method="mfa", type="webauthn", reauthenticated=True)
