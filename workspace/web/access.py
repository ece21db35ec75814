"""Where I work and what acts for me: a person's clinics, sessions, apps, programs and feeds, to look at and to end."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from allauth.account.decorators import reauthentication_required
from django.contrib import messages as toasts
from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts import actions, policies, proof, queries, sessions, tasks
from accounts.models import ApiClient, User
from accounts.trail import log_for_person
from accounts.web.adapter import send_soon
from accounts.web.pages import PageRequest, render_refusal
from database import tenancy
from errors.exceptions import DomainError
from identity.actor import Actor
from identity.proxies import client_address
from scheduling.models import Feed
from scheduling.setup import actions as setup_actions
from workspace import account_history


@never_cache
@login_required
@require_GET
def access(request: PageRequest) -> HttpResponse:
    user: User = request.user
    with tenancy.scope(None, user_id=user.pk):
        memberships = queries.memberships_of(user)
    open_sessions = sessions.sessions_of(user.pk, current_key=request.session.session_key)
    context = {
        "memberships": memberships,
        "programs": queries.programs_that_act_for(user),
        "apps": queries.apps_of(user),
        "feeds": feeds_of(user, {membership.clinic_id for membership in memberships}),
        "sessions": [(row, account_history.browser_name(row.browser)) for row in open_sessions],
        "events": account_history.events_of(user),
    }
    return render(request, "workspace/access.html", context)


def feeds_of(user: User, clinic_ids: set[UUID]) -> list[Feed]:
    """A person's open calendar feeds, in all of their clinics."""
    feeds: list[Feed] = []
    for clinic_id in sorted(clinic_ids):
        with tenancy.scope(clinic_id):
            feeds += Feed.objects.filter(user_id=user.pk, revoked_at=None).select_related("clinic")
    return feeds


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


@login_required
@require_POST
def close_feed(request: PageRequest, clinic_id: UUID) -> HttpResponse:
    user: User = request.user
    with tenancy.scope(clinic_id, user_id=user.pk):
        setup_actions.close_feed(user_id=user.pk, by=actor_of(request, user, clinic_id), at=timezone.now())
    toasts.success(request, _("The address no longer works."))
    return redirect("access")


def actor_of(request: HttpRequest, user: User, clinic_id: UUID) -> Actor:
    """The person at the screen, in a clinic that they may have left. Call inside its scope."""
    ip = client_address(request) or None
    actor = policies.actor_for_person(user, clinic_id, ip=ip, request_id=None, proved_at=proof.proved_at(request))
    return actor or Actor(clinic_id=clinic_id, scopes=frozenset(), user_id=user.pk, ip=ip)


# --- Sessions -------------------------------------------------------------------------------------------------


@login_required
@require_POST
def end_session(request: PageRequest, session_id: UUID) -> HttpResponse:
    return _end_sessions(request, only=session_id)


@login_required
@require_POST
def end_other_sessions(request: PageRequest) -> HttpResponse:
    return _end_sessions(request, only=None)


def _end_sessions(request: PageRequest, *, only: UUID | None) -> HttpResponse:
    ended = sessions.end_others(request.user.pk, current_key=request.session.session_key, only=only)
    if ended:
        log_for_person("auth.session_end", request.user, request, code=str(ended))
    toasts.success(request, ngettext("1 session ended.", "{} sessions ended.", ended).format(ended))
    return redirect("access")


@login_required
@require_POST
@reauthentication_required
def not_me(request: PageRequest) -> HttpResponse:
    """
    End everything that a stranger could use, tell the owners, and ask for a new password, here or by mail.

    Only with a fresh proof: this session may then choose a password without the old one.
    """
    user: User = request.user
    log_for_person("auth.not_me", user, request)
    actions.report_misuse(user=user, at=timezone.now())
    update_session_auth_hash(request, user)
    sessions.end_others(user.pk, current_key=request.session.session_key)
    send_soon(tasks.tell_owners_of_misuse, str(user.pk))
    send_soon(tasks.send_reset_link, user.email, get_language() or "")
    return redirect("account_set_password")
