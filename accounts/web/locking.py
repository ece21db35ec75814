"""
The idle lock: a screen that nobody touches shows nothing until its person proves to be there again.

The session stays, and so does the page with what is not saved yet; only answers stop. After the absolute lifetime the
session ends for good.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse

from accounts import clinic_settings
from accounts.policies import CLINIC_IN_SESSION
from accounts.proof import SIGNED_IN_AT

ACTIVE_AT, LOCKED = "active_at", "locked"
BACKGROUND = "X-Background"  # a request that the page makes by itself does not prove that somebody is there
TOUCH_EVERY_S = 30
ALWAYS_OPEN = (
    "/account/unlock/",
    "/account/lock/",
    "/account/logout/",
    "/account/password/reset/",
    "/static/",
    "/healthz",
    "/readyz",
    "/language/",
    "/c/",
    "/s/",
    "/hooks/",
)


class IdleLock:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        by_token = request.path.startswith("/api/") and request.headers.get("Authorization", "").startswith("Bearer ")
        if (
            by_token
            or hasattr(request, "emergency_until")
            or not request.session.session_key
            or not request.user.is_authenticated
        ):
            return self.get_response(request)
        now = time.time()
        if now - request.session.setdefault(SIGNED_IN_AT, now) > settings.SESSION_COOKIE_AGE:
            logout(request)
            return self.get_response(request)
        if is_locked(request) and not request.path.startswith(ALWAYS_OPEN):
            return refusal(request)
        last = request.session.get(ACTIVE_AT, 0)
        if not request.session.get(LOCKED) and now - last > TOUCH_EVERY_S and BACKGROUND not in request.headers:
            request.session[ACTIVE_AT] = now
        return self.get_response(request)


def is_locked(request: HttpRequest) -> bool:
    """Whether the screen was locked, or nobody has touched it for too long."""
    session = request.session
    untouched_s = time.time() - session.get(ACTIVE_AT, time.time())
    # The clinic is asked only once it could matter: its choice is a minute or more, and never more than the service's.
    if (
        not session.get(LOCKED)
        and untouched_s > min(60, settings.IDLE_LOCK_S)
        and untouched_s > clinic_settings.idle_lock_s(session.get(CLINIC_IN_SESSION))
    ):
        session[LOCKED] = True
    return bool(session.get(LOCKED))


def lock(request: HttpRequest) -> None:
    request.session[LOCKED] = True


def unlock(request: HttpRequest) -> None:
    request.session[LOCKED] = False
    request.session[ACTIVE_AT] = time.time()


def refusal(request: HttpRequest) -> HttpResponse:
    """A page is sent to the lock; what a page asks for in the background is told 423, and the page keeps its place."""
    wants_page = request.method == "GET" and request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    if wants_page and not request.path.startswith("/api/") and "HX-Request" not in request.headers:
        return redirect(f"{reverse('unlock')}?{urlencode({'next': request.get_full_path()})}")
    is_form = request.headers.get("Sec-Fetch-Mode") == "navigate" and "json" not in request.headers.get("Accept", "")
    if is_form:
        return render(request, "accounts/blocked.html", {"reason": "locked", "page": reverse("unlock")}, status=423)
    problem = {"type": "about:blank", "title": "Locked", "status": 423, "code": "locked"}
    return JsonResponse(
        {**problem, "detail": "The screen was left alone for a while. Unlock it to go on."},
        status=423,
        content_type="application/problem+json",
    )
