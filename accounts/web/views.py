"""Pages of a person: choice of clinic and language, the account, the lock."""

from __future__ import annotations

import json
from typing import Any

from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.account.views import LogoutView
from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts import policies, proof
from accounts.models import User
from accounts.policies import CLINIC_IN_SESSION
from accounts.trail import log_for_person
from accounts.web import locking
from audit import actions as audit
from database import tenancy
from identity.actor import Actor
from identity.proxies import client_address


@login_required
@require_http_methods(["GET", "POST"])
def choose_clinic(request: HttpRequest) -> HttpResponse:
    user = request.user
    assert isinstance(user, User)
    with tenancy.scope(None, user_id=user.pk):
        clinics = policies.clinics_of(user)
    if request.method == "POST":
        chosen = next((clinic for clinic in clinics if str(clinic.pk) == request.POST.get("clinic")), None)
        if chosen is not None:
            request.session[CLINIC_IN_SESSION] = str(chosen.pk)
            if not user.is_superuser:
                User.objects.filter(pk=user.pk).update(last_clinic=chosen)
            actor = Actor(clinic_id=chosen.pk, scopes=frozenset(), user_id=user.pk, ip=client_address(request) or None)
            audit.log("clinic.entered" if not user.is_superuser else "clinic.entered_by_support", by=actor)
            return redirect("home")
    current = request.session.get(CLINIC_IN_SESSION) or str(user.last_clinic_id)
    context = {"clinics": [(clinic, str(clinic.pk) == current) for clinic in clinics]}
    return render(request, "accounts/choose_clinic.html", context)


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    """Keep the language of this browser in a cookie; it tells nothing about anybody."""
    language = request.POST.get("language", "")
    response = redirect(back_to(request))
    if language in dict(settings.LANGUAGES):
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=365 * 24 * 3600,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


@login_required
@require_GET
def account(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/account.html", {"languages": settings.LANGUAGES})


class SignOut(LogoutView):
    """Signing out also clears what the browser keeps for this site."""

    def post(self, *arguments: Any, **options: Any) -> HttpResponse:
        response: HttpResponse = super().post(*arguments, **options)
        response["Clear-Site-Data"] = '"cache", "storage"'
        return response


# --- The lock -------------------------------------------------------------------------------------------------


@login_required
@require_POST
def lock_screen(request: HttpRequest) -> HttpResponse:
    locking.lock(request)
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"locked": True})
    return redirect("unlock")


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def unlock_screen(request: HttpRequest) -> HttpResponse:
    """
    Unlock with the password or a passkey: as a page of its own, or (JSON) from within a page that keeps its place.
    """
    user = request.user
    assert isinstance(user, User)
    wants_json = request.headers.get("Accept") == "application/json"
    if request.method == "GET" and wants_json:
        return JsonResponse({"passkey": passkey_options(user)})
    wrong = ""
    if request.method == "POST":
        wrong = try_to_unlock(request, user)
        outcome, code = (audit.Outcome.REFUSED, "wrong_password") if wrong else (audit.Outcome.OK, "")
        log_for_person("auth.unlock", user, request, outcome=outcome, code=code)
        if not wrong:
            return JsonResponse({"locked": False}) if wants_json else redirect(back_to(request))
        if wants_json:
            return JsonResponse({"locked": True, "detail": wrong}, status=403)
    context = {"wrong": wrong, "next": back_to(request), "has_passkey": bool(passkeys(user)), "bare": True}
    return render(request, "accounts/unlock.html", context, status=403 if wrong else 200)


def try_to_unlock(request: HttpRequest, user: User) -> str:
    """Empty if the person is who they say; else why not."""
    sent: dict[str, Any] = request.POST.dict()
    if request.content_type == "application/json":
        try:
            sent = json.loads(request.body)
        except (ValueError, RecursionError):
            sent = None  # type: ignore[assignment] # typed by its first use
        if not isinstance(sent, dict):
            return _("This could not be read.")
    if not ratelimit.consume(request, action="reauthenticate", user=user):
        return _("Too many tries. Wait a minute, then try again.")
    if sent.get("credential"):
        try:
            credential = sent["credential"]
            answer = json.loads(credential) if isinstance(credential, str) else credential
            webauthn.complete_authentication(user, webauthn.parse_authentication_response(answer))
        except (ValidationError, ValueError, KeyError, TypeError, RecursionError):
            return _("This passkey was not accepted.")
        proof.note_passkey(request, user)
    elif not user.check_password(str(sent.get("password", ""))):
        return _("The password for {email} is not correct.").format(email=user.email)
    else:
        reauthenticate_by_password(request)
    locking.unlock(request)
    return ""


def passkeys(user: User) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN))


def passkey_options(user: User) -> dict[str, Any] | None:
    """What `navigator.credentials.get` is asked with; None without a passkey."""
    return webauthn.begin_authentication(user) if passkeys(user) else None


def back_to(request: HttpRequest) -> str:
    """Where the person came from, if that is one of our own pages."""
    target = request.POST.get("next") or request.GET.get("next") or "/"
    own = url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure())
    return target if own else "/"
