"""Tokens that were issued, refused or revoked, and apps that people let in, leave audit events."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID

from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from oauth2_provider.models import get_access_token_model

from accounts.models import ApiClient, User
from accounts.trail import actor_of, log_for_stranger
from audit import actions as audit
from audit.actions import Outcome

NAMES = {"token": "token.issue", "revoke-token": "token.revoke", "authorize": "app.authorize"}


class OAuthTrail:
    """Read what the OAuth server answered; it is a library's, and does not say it otherwise."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        match = request.resolver_match
        action = NAMES.get(match.url_name or "") if match and "oauth2_provider" in match.namespaces else None
        if action is not None:
            outcome, code = outcome_of(action, request, response)
            if outcome:
                _log(action, request, response, outcome, code)
        return response


def outcome_of(action: str, request: HttpRequest, response: HttpResponse) -> tuple[str, str]:
    """Return outcome and code of an answer; both empty where nothing happened yet (the page that asks)."""
    if action == "app.authorize":
        if response.status_code not in {301, 302}:
            return (Outcome.REFUSED, "invalid_request") if response.status_code >= 400 else ("", "")
        query = parse_qs(urlsplit(response["Location"]).query)
        if "error" in query:
            return Outcome.REFUSED, query["error"][0][:60]
        return (Outcome.OK, "") if "code" in query else ("", "")
    if response.status_code < 400:
        return Outcome.OK, ""
    outcome = Outcome.FAILED if response.status_code >= 500 else Outcome.REFUSED
    return outcome, str(_json(response).get("error") or response.status_code)[:60]


def _log(action: str, request: HttpRequest, response: HttpResponse, outcome: str, code: str) -> None:
    client_id = client_id_of(request)
    clinic_id = ApiClient.objects.filter(client_id=client_id).values_list("clinic_id", flat=True).first()
    if clinic_id is None:
        log_for_stranger(action, request, outcome=outcome, code=code)
        return
    # A token belongs to the person who authorized the app, not to the person signed in to this browser.
    at_work = request.user if action == "app.authorize" else None
    user_id = at_work.pk if isinstance(at_work, User) else _user_of_token(response)
    if action == "token.issue" and outcome == Outcome.OK:
        ApiClient.objects.filter(client_id=client_id).update(last_token_at=Now())
    actor = actor_of(request, clinic_id, user_id=user_id, client_id=client_id)
    audit.log(action, by=actor, outcome=outcome, code=code)


def client_id_of(request: HttpRequest) -> str:
    """The client that asks, as it says itself: in the form, the query or the Authorization header."""
    named = request.POST.get("client_id") or request.GET.get("client_id")
    if named:
        return named
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return unquote(base64.b64decode(encoded, validate=True).decode().partition(":")[0])
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _user_of_token(response: HttpResponse) -> UUID | None:
    token = _json(response).get("access_token")
    if not token:
        return None
    checksum = hashlib.sha256(str(token).encode()).hexdigest()
    user_id: UUID | None = (
        get_access_token_model().objects.filter(token_checksum=checksum).values_list("user_id", flat=True).first()
    )
    return user_id


def _json(response: HttpResponse) -> dict[str, Any]:
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
