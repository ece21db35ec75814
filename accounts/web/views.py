"""The few pages before the workspace: start, choice of clinic."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts import policies, queries
from accounts.models import User
from accounts.policies import CLINIC_IN_SESSION
from accounts.rules import ROLES
from audit import actions as audit
from clinic import tenancy
from clinic.api.throttling import client_address
from clinic.caller import Caller


@require_GET
def home(request: HttpRequest) -> HttpResponse:
    roles: list[str] = []
    clinic = request.clinic  # type: ignore[attr-defined]
    if clinic is not None and isinstance(request.user, User):
        held = queries.roles(clinic_id=clinic.pk, user_id=request.user.pk)
        roles = [ROLES[role] for role in ROLES if role in held]
    context = {
        "clinic": clinic,
        "roles": roles,
        "may_administer": "Owner" in roles or (clinic and request.user.is_superuser),
    }
    return render(request, "accounts/home.html", context)


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
            caller = Caller(
                clinic_id=chosen.pk, scopes=frozenset(), user_id=user.pk, ip=client_address(request) or None
            )
            audit.log("clinic.entered" if not user.is_superuser else "clinic.entered_by_support", by=caller)
            return redirect("home")
    return render(request, "accounts/choose_clinic.html", {"clinics": clinics})
