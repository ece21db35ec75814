"""
What every page with a clinic's data shares: who may see it, what it leaves in the audit trail, how it refuses.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from allauth.account.internal.flows.reauthentication import suspend_request
from django.contrib.auth.views import redirect_to_login
from django.db import transaction
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.policies import ProofRequired
from accounts.queries import remember_clinic
from accounts.web.middleware import ClinicOfPage
from accounts.web.requests import PageRequest as PageRequest
from accounts.web.requests import Trace
from accounts.web.requests import in_clinic as in_clinic
from api.permissions import MissingScope
from api.problems import CONTENT_TYPE, problem_of
from errors.exceptions import Conflict, DomainError, Forbidden, Invalid, NotFound

STATUS: dict[type[DomainError], int] = {Invalid: 400, Conflict: 409, Forbidden: 403, NotFound: 404}


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
                if isinstance(request.user, User):  # a form that waited while its person proved who they are
                    return ClinicOfPage(lambda again: answered(again, *arguments, **named))(request)
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
            except ProofRequired as refusal:
                request.trace.code = refusal.code
                if request.method != "POST" or asks_json(request):
                    return render_refusal(request, refusal)
                return suspend_request(request, reverse("account_reauthenticate"))
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
    if asks_json(request):
        return JsonResponse(problem_of(refusal) | {"status": status}, status=status, content_type=CONTENT_TYPE)
    return render(request, "refused.html", {"refusal": refusal, "errors": refusal.errors}, status=status)


def asks_json(request: HttpRequest) -> bool:
    return "json" in request.headers.get("Accept", "")
