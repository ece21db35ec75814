"""
Reading in an emergency: while the database takes no writes, owners look at what is recorded, for an hour at most.

They enter by name with a reason. No session is kept: a signed cookie says who reads until when.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from allauth.core import ratelimit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP
from django import forms
from django.conf import settings
from django.contrib.auth.hashers import check_password
from django.contrib.sessions.backends.base import SessionBase
from django.core import signing
from django.db import DatabaseError, transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts import queries
from accounts.models import Membership, User
from accounts.policies import CLINIC_IN_SESSION
from api.problems import outage_of, problem, refuse_for_now
from audit import actions as audit
from audit import emergency
from database import tenancy
from identity.actor import Actor
from identity.proxies import client_address

COOKIE, LASTS_S = "emergency", 60 * 60
OWN = ("/emergency/", "/static/", "/healthz", "/readyz", "/language/")
# A streamed answer is recorded as it goes out, when the file is closed again; and who exports is in no emergency.
EXPORT = "/api/v1/records/export/"
CLOSED = ("/account/", "/oauth/", "/admin/", "/clinics/", "/c/", "/s/", "/hooks/", EXPORT)
SEARCHES = ("/patients/", "/search/", "/api/v1/patients/search/")  # by POST, because a name belongs in no address


class NoSession(SessionBase):
    """What a page reads of a session while none can be saved."""

    modified = property(lambda self: False, lambda self, value: None)

    def is_empty(self) -> bool:
        return False

    def load(self) -> dict[str, Any]:
        return {}


class EmergencyRead:
    """Let who has entered look at pages, with their name in the file; everything else answers 503."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        entered = read_cookie(request)
        if entered is None or request.path.startswith(OWN):
            return self.get_response(request)
        is_read = request.method in ("GET", "HEAD") or (request.method == "POST" and request.path in SEARCHES)
        by_token = "Authorization" in request.headers  # a program is no owner, whoever's browser it asks with
        if not is_read or by_token or request.path.startswith(CLOSED):
            return refuse_for_now(request, problem(503, "read_only"), {"Retry-After": "5"})
        user_id, clinic_id, until = entered
        with tenancy.scope(None, user_id=user_id):
            owners = Membership.objects.active().filter(user_id=user_id, clinic_id=clinic_id, role="owner")
            membership = owners.select_related("user").first()
        if membership is None:
            return refuse_for_now(request, problem(503, "read_only"), {"Retry-After": "5"})
        request.user = membership.user
        request.session = NoSession()
        request.session._session_cache = {CLINIC_IN_SESSION: clinic_id}  # type: ignore[attr-defined] # not in the stubs
        request.emergency_until = datetime.fromtimestamp(until, UTC)  # type: ignore[attr-defined] # for the base page
        with emergency.writing_to_file():
            return self.get_response(request)


def make_cookie(user_id: UUID, clinic_id: UUID) -> str:
    return signing.dumps([str(user_id), str(clinic_id), time.time() + LASTS_S], salt=COOKIE)


def read_cookie(request: HttpRequest) -> tuple[Any, str, float] | None:
    """Return who reads, where and until when; None without a cookie of ours that still holds."""
    if not emergency.is_offered() or COOKIE not in request.COOKIES:
        return None
    try:
        user_id, clinic_id, until = signing.loads(request.COOKIES[COOKIE], salt=COOKIE, max_age=LASTS_S)
    except signing.BadSignature:
        return None
    return user_id, clinic_id, until


class EntryForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail"))
    password = forms.CharField(label=gettext_lazy("Password"), widget=forms.PasswordInput, strip=False)
    code = forms.CharField(label=gettext_lazy("Code of the authenticator app, if you have one"), required=False)
    reason = forms.CharField(label=gettext_lazy("Why do you need to read now?"), min_length=10, max_length=500)


@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """Enter as an owner, with a reason. If the database keeps the attempt, it keeps everything: nobody enters."""
    if not emergency.is_offered():
        raise Http404
    form = EntryForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        return render(
            request, "accounts/emergency.html", {"form": form, "bare": True}, status=400 if form.errors else 200
        )
    sent = form.cleaned_data
    user = User.objects.filter(email__iexact=sent["email"], is_active=True).first()
    owned = owned_clinic(user) if user else None
    may_enter = is_proved(request, sent, user) and owned is not None
    by = Actor(
        clinic_id=owned.pk if owned else None,  # type: ignore[arg-type] # nobody of a clinic
        scopes=frozenset(),
        user_id=user.pk if user else None,
        ip=client_address(request) or None,
        request_id=getattr(request, "request_id", None) or str(uuid4()),
    )
    if takes_writes(by):
        form.add_error(None, _("The database can be written to. Sign in as usual."))
    elif not may_enter:
        leave_line("emergency.refused", by)
        form.add_error(None, _("Only owners of a clinic can read now: check e-mail, password and code."))
    else:
        leave_line("emergency.enter", by, reason=sent["reason"])
        assert user is not None
        assert owned is not None
        response = redirect("home")
        value = make_cookie(user.pk, owned.pk)
        response.set_cookie(COOKIE, value, max_age=LASTS_S, secure=settings.HTTPS, httponly=True, samesite="Strict")
        return response
    return render(request, "accounts/emergency.html", {"form": form, "bare": True}, status=409)


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    response = redirect("account_login")
    response.delete_cookie(COOKIE, samesite="Strict")
    return response


def owned_clinic(user: User) -> Any:
    """The clinic that an owner was in last, or the first by name."""
    with tenancy.scope(None, user_id=user.pk):
        owned = [membership.clinic for membership in queries.memberships_of(user) if membership.role == "owner"]
    return next((clinic for clinic in owned if clinic.pk == user.last_clinic_id), owned[0] if owned else None)


def is_proved(request: HttpRequest, sent: dict[str, Any], user: User | None) -> bool:
    """
    Whether somebody is who they say: by password and, where they have a second factor, a code.

    Nothing is saved, so neither is a passkey's counter or a used recovery code: those do not open this door.
    """
    if not ratelimit.consume(request, action="login_failed", key=sent["email"].lower()) or user is None:
        return False
    if not check_password(sent["password"], user.password):  # not the user's own: that may save a new hash
        return False
    factors = Authenticator.objects.filter(user=user).exclude(type=Authenticator.Type.RECOVERY_CODES)
    if not factors.exists():
        return True
    totp = factors.filter(type=Authenticator.Type.TOTP).first()
    return totp is not None and TOTP(totp).validate_code(sent["code"])


def takes_writes(by: Actor) -> bool:
    """Whether an event about the attempt is kept by the database."""
    try:
        with transaction.atomic():
            audit.log("emergency.not_needed", by=by, outcome=audit.Outcome.REFUSED)
    except DatabaseError as error:
        if outage_of(error) is None:
            raise
        return False
    return True


def leave_line(action: str, by: Actor, *, reason: str = "") -> None:
    """:raises OSError: the line cannot be written; then nobody enters"""
    outcome = audit.Outcome.OK if reason else audit.Outcome.REFUSED
    with emergency.writing_to_file():
        audit.log(action, by=by, target_id=by.user_id, outcome=outcome, code=reason)
