"""What allauth asks of us: who may sign up (nobody), where requests come from."""

from __future__ import annotations

import hashlib
import secrets
import smtplib
import threading
from contextlib import suppress
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core import signing
from django.core.exceptions import ValidationError
from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language

from accounts import tasks
from accounts.web.sign_in_trail import note_failed_sign_in
from database.expressions import fold_address
from identity.proxies import client_address

KNOWN_BROWSER = "known-browser"
KNOWN_BROWSER_S = 180 * 24 * 3600


def _account_key(email: str) -> str:
    return hashlib.sha256(fold_address(email).encode("utf-8", "surrogatepass")).hexdigest()


def _known_browser(request: HttpRequest, account: str) -> str:
    """The number that this browser got when the account's person signed in with it; empty for all others."""
    try:
        existing = signing.loads(request.COOKIES.get(KNOWN_BROWSER, ""), salt=KNOWN_BROWSER, max_age=KNOWN_BROWSER_S)
    except signing.BadSignature:
        return ""
    return existing[1] if existing[0] == account else ""


class Adapter(DefaultAccountAdapter):
    """Accounts begin with an invitation of a clinic, never with the sign-up page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "0.0.0.0"  # noqa: S104 - no address is known; nothing is bound

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        """
        Whose wrong passwords are counted together: an account's, whatever Host header or address they come with.

        A browser that the person signed in with before counts on its own: strangers cannot lock it out.
        """
        account = _account_key(str(credentials.get("email") or credentials.get("username") or ""))
        return f"{account}:{_known_browser(request, account)}"

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        response = super().post_login(request, user, **options)
        account = _account_key(user.email)
        response.set_cookie(
            KNOWN_BROWSER,
            signing.dumps([account, _known_browser(request, account) or secrets.token_urlsafe(12)], salt=KNOWN_BROWSER),
            max_age=KNOWN_BROWSER_S,
            path="/account/",
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
        return response

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """As allauth's; that too many wrong passwords lock an account is recorded, too."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError:
            note_failed_sign_in(str(credentials.get("email") or ""), request, "locked_out")
            raise

    def send_mail(self, template_prefix: str, email: str, context: object) -> None:
        """
        By a worker, and the same for every address: neither the page nor the time that it takes tells who has an
        account. The only mail that allauth is let send here is the one with the link for a new password.
        """
        send_soon(tasks.send_reset_link, email, get_language() or "")

    def add_message(self, *arguments: object, **options: object) -> None:
        """Pages say themselves what happened."""


def send_soon(task: Any, *arguments: str) -> None:
    """Have a worker send a mail, or a thread of this process where no broker answers."""
    if task.delay(*arguments) is None:  # no broker, so no worker hears of it
        threading.Thread(target=send_without_worker, args=[task, *arguments], daemon=True).start()


def send_without_worker(task: Any, *arguments: str) -> None:
    """Send a mail from a thread of the web process. One that the mail server refuses is not tried again."""
    try:
        with suppress(OSError, smtplib.SMTPException):
            task.run(*arguments)
    finally:
        connection.close()
