"""Owners and support need a second factor from a date on: without one, only the pages that set it up open."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import queries
from accounts.models import User
from accounts.web.locking import ALWAYS_OPEN
from database import tenancy

SET_UP = ("/account/second-factor/", "/account/2fa/", "/account/reauthenticate/", "/account/login/")
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes alone are not a second factor


class SecondFactorRequired:
    """Stand before pages, the admin and the API of a session; a program's token is not a person at a screen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        first_day = settings.SECOND_FACTOR_FROM
        if first_day is None or timezone.now().date() < first_day or request.path.startswith(ALWAYS_OPEN + SET_UP):
            return self.get_response(request)
        by_token = request.path.startswith("/api/") and request.headers.get("Authorization", "").startswith("Bearer ")
        if by_token or not isinstance(request.user, User) or not lacks_second_factor(request.user):
            return self.get_response(request)
        if request.path.startswith("/api/") or request.method != "GET" or "HX-Request" in request.headers:
            problem = {"type": "about:blank", "title": "Forbidden", "status": 403, "code": "second_factor_required"}
            return JsonResponse(
                {**problem, "detail": "Your role needs a second factor. Set it up in your account."},
                status=403,
                content_type="application/problem+json",
            )
        return redirect("second_factor")


def lacks_second_factor(user: User) -> bool:
    """Whether a person whose role needs a second factor has set up none."""
    if Authenticator.objects.filter(user=user, type__in=FACTORS).exists():
        return False
    if user.is_superuser:
        return True
    with tenancy.scope(None, user_id=user.pk):
        return any(membership.role == "owner" for membership in queries.memberships_of(user))


@never_cache
@login_required
@require_GET
def second_factor(request: Any) -> HttpResponse:
    return render(request, "accounts/second_factor.html")
