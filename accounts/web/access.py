"""Where I work and what acts for me: a person's clinics, apps and programs, to look at and to end."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages as toasts
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import actions, policies, queries
from accounts.models import ApiClient, User
from accounts.web.pages import PageRequest, render_refusal
from database import tenancy
from errors.exceptions import DomainError
from identity.actor import Actor
from identity.proxies import client_address


@never_cache
@login_required
@require_GET
def access(request: PageRequest) -> HttpResponse:
    user: User = request.user
    with tenancy.scope(None, user_id=user.pk):
        memberships = queries.memberships_of(user)
    context = {
        "memberships": memberships,
        "programs": queries.programs_that_act_for(user),
        "apps": queries.apps_of(user),
    }
    return render(request, "accounts/access.html", context)


@login_required
@require_POST
@reauthentication_required
def approve_program(request: PageRequest, client_id: int) -> HttpResponse:
    """Agree, having just proved who one is: a screen left open is not enough."""
    return _decide(request, client_id, actions.approve_client, _("The program can now record and sign in your name."))


@login_required
@require_POST
def withdraw_program(request: PageRequest, client_id: int) -> HttpResponse:
    return _decide(
        request, client_id, actions.withdraw_client_approval, _("The program can no longer act in your name.")
    )


def _decide(request: PageRequest, client_id: int, action: Callable[..., object], done: str) -> HttpResponse:
    return _act(request, get_object_or_404(ApiClient, pk=client_id, acts_for=request.user), action, done)


@login_required
@require_POST
def end_app(request: PageRequest, client_id: int) -> HttpResponse:
    app = next((app for app in queries.apps_of(request.user) if app.pk == client_id), None)
    if app is None:  # ended in another tab
        return redirect("access")
    return _act(request, app, actions.end_app, _("The app can no longer act as you."))


def _act(request: PageRequest, client: ApiClient, action: Callable[..., object], done: str) -> HttpResponse:
    user: User = request.user
    try:
        with tenancy.scope(client.clinic_id, user_id=user.pk):
            action(client=client, by=actor_of(request, user, client.clinic_id))
    except DomainError as refusal:
        return render_refusal(request, refusal)
    toasts.success(request, done)
    return redirect("access")


def actor_of(request: HttpRequest, user: User, clinic_id: UUID) -> Actor:
    """The person at the screen, in a clinic that they may have left. Call inside its scope."""
    ip = client_address(request) or None
    actor = policies.actor_for_person(user, clinic_id, ip=ip, request_id=None)
    return actor or Actor(clinic_id=clinic_id, scopes=frozenset(), user_id=user.pk, ip=ip)
