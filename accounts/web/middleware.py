"""Pages and the admin work for one clinic: the one chosen in the session, or the only one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from accounts import policies, proof
from accounts.models import Clinic, User
from accounts.policies import CLINIC_IN_SESSION
from accounts.web.requests import in_clinic
from audit import actions as audit
from database import tenancy
from identity.actor import Actor
from identity.proxies import client_address

# Pages that need no clinic, or open their own transaction.
OUTSIDE = (
    "/api/",
    "/oauth/",
    "/healthz",
    "/readyz",
    "/static/",
    "/account/",
    "/language/",
    "/clinics/",
    "/.well-known/",
    "/c/",
    "/s/",
    "/hooks/",
    "/metrics",
)
# Pages of the admin without anybody's data.
NO_DATA = {"index", "jsi18n", "login", "logout", "password_change", "password_change_done"}


class ClinicOfPage:
    """
    Give each page one transaction that sees the chosen clinic only, and `request.actor`, `request.clinic`.

    Every page with patient data is recorded; a refused one too.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Outside a clinic nobody acts; a view sees neither, because `page` lets no such request through.
        in_clinic(request).actor = None  # type: ignore[assignment] # see above
        in_clinic(request).clinic = None  # type: ignore[assignment] # see above
        user: Any = request.user
        if request.path.startswith(OUTSIDE) or not isinstance(user, User):
            return self.get_response(request)
        clinic = self._clinic(request, user)
        if clinic is None:
            return redirect("choose_clinic")
        in_clinic(request).clinic = clinic
        is_emergency = hasattr(request, "emergency_until")  # reading goes on when the database takes writes again
        scope = tenancy.scope(clinic.pk, user_id=user.pk, read_only=is_emergency)
        with timezone.override(clinic.time_zone), scope:
            in_clinic(request).actor = self._actor(request, user, clinic)
            may_administer = policies.may_administer(user, clinic.pk)
            response = self.get_response(request)
            render = getattr(response, "render", None)
            if callable(render):  # inside the transaction: a lazy page reads rows while it renders
                response = render()
        self._trace(request, response, may_administer)
        return response

    def _clinic(self, request: HttpRequest, user: User) -> Clinic | None:
        chosen = request.session.get(CLINIC_IN_SESSION)
        with tenancy.scope(None, user_id=user.pk):
            clinics = policies.clinics_of(user)
        in_clinic(request).has_clinics = len(clinics) > 1
        clinic = next((clinic for clinic in clinics if str(clinic.pk) == chosen), None)
        if clinic is None and not user.is_superuser:  # support says each time where it goes
            clinic = policies.default_clinic(user, clinics)
            if clinic is not None:
                request.session[CLINIC_IN_SESSION] = str(clinic.pk)
        return clinic

    def _actor(self, request: HttpRequest, user: User, clinic: Clinic) -> Actor:
        ip, request_id = client_address(request) or None, getattr(request, "request_id", None) or str(uuid4())
        actor = policies.actor_for_person(
            user, clinic.pk, ip=ip, request_id=request_id, proved_at=proof.proved_at(request)
        )
        return actor or Actor(
            clinic_id=clinic.pk,
            scopes=frozenset(),
            user_id=user.pk,
            client_id="support",
            ip=ip,
            request_id=request_id,
        )

    def _trace(self, request: HttpRequest, response: HttpResponse, may_administer: bool) -> None:
        match = request.resolver_match
        trace = getattr(request, "trace", None)
        if trace is not None:
            trace.leave(in_clinic(request).actor, response.status_code)
            return
        if match is None or "admin" not in match.app_names or match.url_name in NO_DATA:
            return
        target = match.kwargs.get("object_id") if match.kwargs else None
        patient_ids = getattr(request, "seen_patient_ids", ())
        outcome, code = "ok", ""
        if not may_administer:  # the admin sends them to the sign-in page
            outcome, code = "refused", "forbidden"
        elif response.status_code >= 400:
            outcome = "failed" if response.status_code >= 500 else "refused"
            code = str(response.status_code)
        audit.log(
            f"admin.{match.url_name}",
            by=in_clinic(request).actor,
            target_id=as_uuid(target),
            patient_ids=patient_ids,
            outcome=outcome,
            code=code,
        )


def as_uuid(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None
