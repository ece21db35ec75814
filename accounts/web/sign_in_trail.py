"""
Signing in and out, the second factor and the password leave audit events.

By the signals of Django and allauth, because their pages do these things and not ours.
"""

from __future__ import annotations

from typing import Any

from allauth.account import signals as account
from allauth.mfa import signals as mfa
from django.contrib.auth import signals as auth
from django.dispatch import Signal
from django.http import HttpRequest

from accounts import proof, sessions
from accounts.models import User
from accounts.trail import log_for_person, log_for_stranger
from audit.actions import Outcome
from identity.proxies import client_address

SIGN_IN = "auth.sign_in"


def connect() -> None:
    """Listen; called once, when the app is ready."""
    auth.user_logged_in.connect(_signed_in, dispatch_uid="trail.sign_in")
    auth.user_login_failed.connect(_sign_in_failed, dispatch_uid="trail.sign_in_failed")
    auth.user_logged_out.connect(_signed_out, dispatch_uid="trail.sign_out")
    for signal, action, outcome, code in (
        (account.password_changed, "auth.password_change", Outcome.OK, ""),
        (account.password_set, "auth.password_change", Outcome.OK, ""),
        (account.password_reset, "auth.password_reset", Outcome.OK, ""),
        (mfa.authenticator_used, "auth.second_factor", Outcome.OK, ""),
        (mfa.authentication_failed, "auth.second_factor", Outcome.REFUSED, "wrong_code"),
        (mfa.authenticator_added, "auth.second_factor_add", Outcome.OK, ""),
        (mfa.authenticator_removed, "auth.second_factor_remove", Outcome.OK, ""),
        (mfa.authenticator_reset, "auth.second_factor_renew", Outcome.OK, ""),
    ):
        _connect(signal, action, outcome, code)


def _connect(signal: Signal, action: str, outcome: str, code: str) -> None:
    def note(
        sender: object,
        request: HttpRequest | None = None,
        user: object = None,
        authenticator: object = None,
        **rest: Any,
    ) -> None:
        if isinstance(user, User):
            log_for_person(action, user, request, outcome=outcome, code=code or getattr(authenticator, "type", ""))

    signal.connect(note, weak=False, dispatch_uid=f"trail.{action}.{outcome}.{id(signal)}")


def _signed_in(sender: object, request: HttpRequest | None = None, user: object = None, **rest: Any) -> None:
    if isinstance(user, User):
        if request is not None:
            proof.begin(request)
            request.session[sessions.ADDRESS] = client_address(request)
            request.session[sessions.BROWSER] = request.META.get("HTTP_USER_AGENT", "")[:300]
        log_for_person(SIGN_IN, user, request)


def _signed_out(sender: object, request: HttpRequest | None = None, user: object = None, **rest: Any) -> None:
    if isinstance(user, User):
        log_for_person("auth.sign_out", user, request)


def _sign_in_failed(
    sender: object, credentials: dict[str, str] | None = None, request: HttpRequest | None = None, **rest: Any
) -> None:
    email = str((credentials or {}).get("email") or (credentials or {}).get("username") or "")
    note_failed_sign_in(email, request, "wrong_password")


def note_failed_sign_in(email: str, request: HttpRequest | None, code: str) -> None:
    """Of a person who has an account in their clinics; of anybody else only counted. The address itself is not kept."""
    user = User.objects.filter(email__same_address=email.strip()).first() if email.strip() else None
    if user is None:
        log_for_stranger(SIGN_IN, request, code=code if code != "wrong_password" else "unknown_account")
    else:
        log_for_person(SIGN_IN, user, request, outcome=Outcome.REFUSED, code=code)
