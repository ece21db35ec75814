"""
What every page with a clinic's data shares: who may see it, what it leaves in the audit trail, how it refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, cast
from uuid import UUID

from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.middleware import HtmxDetails

from accounts.models import Clinic, User
from accounts.queries import remember_clinic
from api.permissions import MissingScope
from api.problems import CONTENT_TYPE, problem_of
from audit import actions as audit
from errors.exceptions import Conflict, DomainError, Forbidden, Invalid, NotFound
from identity.actor import Actor

STATUS: dict[type[DomainError], int] = {Invalid: 400, Conflict: 409, Forbidden: 403, NotFound: 404}


@dataclass
class Trace:
    """What a page leaves in the audit trail once it is answered."""

    action: str
    reads: bool
    patient_ids: set[UUID] = field(default_factory=set)
    target_id: UUID | None = None
    code: str = ""

    def saw(self, *patient_ids: UUID, target_id: UUID | None = None) -> None:
        self.patient_ids.update(patient_ids)
        self.target_id = target_id or self.target_id

    def leave(self, actor: Actor, status_code: int) -> None:
        """Looking and being refused are recorded here; what a page changes, its action records."""
        if not self.action or (status_code < 400 and not self.reads):
            return
        outcome = "ok" if status_code < 400 else "failed" if status_code >= 500 else "refused"
        audit.log(
            self.action,
            by=actor,
            target_id=self.target_id,
            patient_ids=self.patient_ids,
            outcome=outcome,
            code=self.code or (str(status_code) if status_code >= 400 else ""),
        )


class PageRequest(HttpRequest):
    """A request inside a clinic, as `ClinicOfPage` and `page` pass it on to a view."""

    user: User  # a stranger gets no further than `page`
    actor: Actor
    clinic: Clinic
    has_clinics: bool  # works for more than one, so that the page says which
    trace: Trace
    htmx: HtmxDetails
    seen_patient_ids: set[UUID]


def in_clinic(request: HttpRequest) -> PageRequest:
    """Return the same request with its type, for Django's own methods, which know HttpRequest only."""
    return cast(PageRequest, request)


def page(*, scope: str, action: str, methods: str = "GET") -> Callable[[Callable[..., HttpResponse]], Any]:
    """
    A page of the chosen clinic.

    :param scope: what the person's roles must include; empty: any member
    :param action: its name in the audit trail; empty: it shows nobody's data
    :param methods: HTTP methods, with blanks between

    The view gets one savepoint: what it refuses, it has not begun.
    """

    def decorate(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @never_cache
        @require_http_methods(methods.split())
        @wraps(view)
        def answered(request: Any, *arguments: Any, **named: Any) -> HttpResponse:
            if getattr(request, "actor", None) is None:
                return redirect_to_login(request.get_full_path())
            request.trace = Trace(action, reads=request.method in ("GET", "HEAD"))
            target = next((value for value in named.values() if isinstance(value, UUID)), None)
            request.trace.target_id = target
            remember_clinic(request.clinic)
            try:
                if scope and scope not in request.actor.scopes:
                    raise MissingScope("missing_scope.page")
                with transaction.atomic():
                    return view(request, *arguments, **named)
            except DomainError as refusal:
                request.trace.code = refusal.code
                return render_refusal(request, refusal)

        answered.scope = scope  # type: ignore[attr-defined] # read by the route test
        return answered

    return decorate


def seen_revision(form: Any, name: str = "revision") -> int:
    """
    Return the revision that a form was drawn from.

    :raises Invalid: the form says none
    """
    text = form.get(name, "")
    if not (text.isascii() and text.isdigit() and len(text) < 12):
        raise Invalid.at(f"/{name}", "required.revision")
    return int(text)


def render_refusal(request: HttpRequest, refusal: DomainError) -> HttpResponse:
    """A refusal as JSON to a script, as a page to a person."""
    status = next(code for error_class, code in STATUS.items() if isinstance(refusal, error_class))
    if "json" in request.headers.get("Accept", ""):
        return JsonResponse(problem_of(refusal) | {"status": status}, status=status, content_type=CONTENT_TYPE)
    return render(request, "refused.html", {"refusal": refusal, "errors": refusal.errors}, status=status)
