"""The API as a program sees it: bearer token in, JSON out."""

from __future__ import annotations

import itertools
import secrets
from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts.models import ApiClient, Membership, User
from database import tenancy
from tests.reading import if_match_for

numbers = itertools.count(1)


def token_for(who: User | ApiClient) -> str:
    """An access token, as the token endpoint would make it; a person's comes through an app with all scopes."""
    raw = secrets.token_urlsafe(24)
    user, client = None, who
    if isinstance(who, User):
        user = who
        with tenancy.scope(None, user_id=who.pk):
            clinic_id = Membership.objects.filter(user=who).values_list("clinic_id", flat=True)[0]
        from accounts.rules import SCOPES

        client = ApiClient.objects.create(
            clinic_id=clinic_id,
            name=f"app {next(numbers)}",
            client_type=ApiClient.CLIENT_PUBLIC,
            authorization_grant_type=ApiClient.GRANT_AUTHORIZATION_CODE,
            redirect_uris="https://app.example/done",
            allowed_scopes=" ".join(SCOPES),
        )
    AccessToken.objects.create(
        user=user,
        application=client,
        token=raw,
        scope=client.allowed_scopes,  # type: ignore[union-attr]
        expires=timezone.now() + timedelta(hours=1),
    )
    return raw


class Api:
    """
    One actor's client. `api.post("/patients/", {...})` answers Django's response, with `.json()`.

    :ivar reads_first: a command says in If-Match what is true now, as after a GET; False: only what the test names
    """

    reads_first = True

    def __init__(self, who: User | ApiClient | None) -> None:
        self.who = who
        self.client = Client(raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token_for(who)}"} if who is not None else {}

    def request(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        if "If-Match" not in named and self.reads_first:
            named |= if_match_for(self.who, method, path)
        options: dict[str, Any] = {"headers": {**self.headers, **named}}
        if method != "get" and body is not None:
            options |= {"data": body, "content_type": "application/json"}
        elif method == "get" and body:
            options["data"] = body
        return getattr(self.client, method)(path if path.startswith("/api") else f"/api/v1{path}", **options)

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.request("get", path, query, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.request("post", path, {} if body is None else body, **headers)

    def patch(self, path: str, body: Any, **headers: str) -> Any:
        return self.request("patch", path, body, **headers)

    def delete(self, path: str, **headers: str) -> Any:
        return self.request("delete", path, **headers)
