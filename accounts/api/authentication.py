"""From a bearer token or a browser session to a Actor."""

from __future__ import annotations

import hashlib
from typing import Any

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from accounts import policies, queries
from accounts.models import User
from accounts.policies import CLINIC_IN_SESSION
from accounts.proof import proved_at
from accounts.rules import scopes_of_roles
from database import tenancy
from errors.texts import message_for
from identity.actor import Actor
from identity.proxies import client_address


class BearerToken(BaseAuthentication):
    """
    An access token of django-oauth-toolkit, found by its checksum with one query.

    Its own DRF class goes through oauthlib and answers the same, at several queries a request.
    """

    def authenticate(self, request: Request) -> tuple[Any, Actor] | None:
        scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        checksum = hashlib.sha256(token.strip().encode("utf-8", "surrogateescape")).hexdigest()
        token_row = queries.token(checksum)
        if token_row is None or token_row.expires <= timezone.now():
            raise AuthenticationFailed(message_for("invalid_token"), code="invalid_token")
        actor = self._actor(token_row, request)
        return actor, actor

    def _actor(self, token: queries.Token, request: Request) -> Actor:
        granted = frozenset(token.scope.split()) & frozenset(token.allowed_scopes.split())
        if token.user_id is not None:
            with tenancy.scope(token.clinic_id, user_id=token.user_id):
                roles = queries.roles(clinic_id=token.clinic_id, user_id=token.user_id)
            if not roles or not token.user_is_active:
                raise AuthenticationFailed(message_for("invalid_token.left_clinic"), code="invalid_token")
            granted &= scopes_of_roles(roles)
        return Actor(
            clinic_id=token.clinic_id,
            scopes=granted,
            user_id=token.user_id,
            client_id=token.client_id,
            acts_for_id=None if token.user_id else token.acts_for_id,
            ip=client_address(request) or None,
            request_id=getattr(request._request, "request_id", None),
            proved_at=token.signed_in_at,
        )

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="palpate"'


class PageSession(SessionAuthentication):
    """A person signed in to the pages, with CSRF protection; the try-it page uses it."""

    def authenticate(self, request: Request) -> tuple[Any, Actor] | None:
        user = getattr(request._request, "user", None)
        if not isinstance(user, User) or not user.is_active:
            return None
        clinic_id = request._request.session.get(CLINIC_IN_SESSION)
        self.enforce_csrf(request)
        with tenancy.scope(clinic_id, user_id=user.pk):
            if clinic_id is None:
                clinics = policies.clinics_of(user)
                if len(clinics) != 1 or user.is_superuser:
                    raise AuthenticationFailed(message_for("no_clinic"), code="no_clinic")
                clinic_id = clinics[0].pk
            actor = policies.actor_for_person(
                user,
                clinic_id,
                ip=client_address(request) or None,
                request_id=getattr(request._request, "request_id", None),
                proved_at=proved_at(request._request),
            )
        if actor is None:
            raise AuthenticationFailed(message_for("no_clinic.not_member"), code="no_clinic")
        return actor, actor
