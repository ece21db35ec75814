"""
What an account still has to do opens first, and alone: a new password after "this wasn't me", a second factor for
owners and support.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from accounts import queries
from accounts.models import User
from accounts.web.locking import ALWAYS_OPEN
from api.problems import CONTENT_TYPE, FOR_PROGRAMS, problem
from database import tenancy

NEW_PASSWORD = ("/account/password/", "/account/login/")
SET_UP = ("/account/second-factor/", "/account/2fa/", "/account/reauthenticate/", *NEW_PASSWORD)
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)  # recovery codes alone are not a second factor


class Obligations:
    """Stand before pages, the admin and the API of a session; a program's token is not a person at a screen."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        by_token = request.path.startswith("/api/") and request.headers.get("Authorization", "").startswith("Bearer ")
        if (
            by_token
            or hasattr(request, "emergency_until")
            or request.path.startswith(ALWAYS_OPEN)
            or not isinstance(request.user, User)
        ):
            return self.get_response(request)
        if request.user.password_change_required_at is not None:
            if request.path.startswith(NEW_PASSWORD):
                return self.get_response(request)
            return send_to(request, "account_set_password", problem(403, "password_change_required"))
        days = days_left(request.user)
        if days == 0 and not request.path.startswith(SET_UP):
            return send_to(request, "second_factor", problem(403, "second_factor_required"))
        request.second_factor_days = days  # type: ignore[attr-defined] # read by `accounts.web.context`
        return self.get_response(request)


def send_to(request: HttpRequest, page: str, refusal: dict[str, Any]) -> HttpResponse:
    """Lead a person to the page that opens; refuse what a program, a script or a form sends, in its own form."""
    is_script = "HX-Request" in request.headers
    if request.path.startswith(FOR_PROGRAMS) or is_script or "json" in request.headers.get("Accept", ""):
        headers = {"HX-Redirect": reverse(page)} if is_script else {}
        return JsonResponse(refusal, status=403, content_type=CONTENT_TYPE, headers=headers)
    if request.method == "GET":
        return redirect(page)
    return render(request, "accounts/blocked.html", {"reason": refusal["code"], "page": reverse(page)}, status=403)


def days_left(user: User) -> int | None:
    """
    Return how many days a person has left to set up the second factor that their role needs.

    :returns: None: they need none, have one, or are not asked yet; 0: nothing else opens
    """
    today = timezone.now().date()
    first_day = settings.SECOND_FACTOR_FROM
    if first_day is None or today < first_day or not lacks_second_factor(user):
        return None
    if user.second_factor_asked_on is None:
        User.objects.filter(pk=user.pk, second_factor_asked_on=None).update(second_factor_asked_on=today)
        user.second_factor_asked_on = today
    passed = (today - user.second_factor_asked_on).days
    return max(settings.SECOND_FACTOR_GRACE_DAYS - passed, 0)


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
    return render(request, "accounts/second_factor.html", {"days": days_left(request.user)})
