"""The authorization server's pages: consent, and which origins may call from a browser."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlencode, urlsplit, urlunsplit

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.views import AuthorizationView

from accounts.models import ApiClient
from identity.actor import Actor

CROSS_ORIGIN = ("/api/v1/", "/oauth/token/", "/oauth/revoke_token/")
PREFLIGHT = {
    "Access-Control-Allow-Methods": "GET, POST, PUT, PATCH, DELETE",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, If-Match, If-None-Match, Idempotency-Key",
    "Access-Control-Max-Age": "600",
}
EXPOSED = "ETag, Location, Retry-After, WWW-Authenticate, Idempotency-Replayed"


class Consent(AuthorizationView):
    """
    Ask the person each time whether the app may work in their name, and let the answer reach the app.

    `approval_prompt=auto` would give a code without a question to any program that listens on a loopback port.
    """

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show the question; `approval_prompt` of the request is not believed."""
        asked = request.GET.copy()
        asked["approval_prompt"] = "force"
        request.GET = asked  # type: ignore[assignment] # a QueryDict as well
        response: HttpResponse = super().get(request, *args, **kwargs)
        # Chromium applies form-action to the redirect that follows the form, too. The URI is the client's own:
        # django-oauth-toolkit has compared it with those that are registered.
        origin = source_of(self.oauth2_data.get("redirect_uri") or "")
        if response.status_code == 200 and origin:
            response._csp_update = {"form-action": [origin]}  # type: ignore[attr-defined] # django-csp's own
        return response

    def redirect(self, redirect_to: str, application: Any) -> HttpResponse:
        """Name the issuer in each answer, in refusals too (RFC 9207); the toolkit leaves it out of those."""
        parts = urlsplit(redirect_to)
        query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "iss"]
        query.append(("iss", oauth2_settings.oauth2_authorization_server_issuer(self.request)))
        response: HttpResponse = super().redirect(urlunsplit(parts._replace(query=urlencode(query))), application)
        return response


def source_of(uri: str) -> str:
    """Return a URI's scheme, host and port as a source of a content security policy; empty if it has none."""
    parts = urlsplit(uri)
    if parts.scheme not in ("http", "https") or not parts.hostname or ":" in parts.hostname:
        return ""  # a policy has no IPv6 addresses
    return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")


class CrossOrigin:
    """
    Let a public app's own origins read answers in a browser (CORS): those of the client whose token or id is sent.

    No cookie is ever accepted from another origin: `Access-Control-Allow-Credentials` is never sent.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer a preflight, or add the headers to the answer."""
        origin = request.headers.get("Origin", "")
        if not request.path.startswith(CROSS_ORIGIN):
            return self.get_response(request)
        foreign = bool(origin) and origin != f"{request.scheme}://{request.get_host()}"
        if foreign and request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
            # A preflight names no client; whether this client may read the answer is decided with the answer.
            response = HttpResponse(status=204)
            if is_registered(origin, None):
                for name, value in {"Access-Control-Allow-Origin": origin, **PREFLIGHT}.items():
                    response[name] = value
        else:
            response = self.get_response(request)
            response.headers.pop("Access-Control-Allow-Origin", None)  # the toolkit's own, for the token endpoint
            if foreign and is_registered(origin, client_of(request)):
                response["Access-Control-Allow-Origin"] = origin
                response["Access-Control-Expose-Headers"] = EXPOSED
        patch_vary_headers(response, ["Origin"])
        return response


def client_of(request: HttpRequest) -> str | None:
    """Return the id of the client that a request is from; None if it says none, or none that is known."""
    if request.path.startswith("/api/"):
        actor = getattr(request, "auth", None)  # DRF leaves it on Django's request
        return actor.client_id or "" if isinstance(actor, Actor) else None
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "basic":
        try:
            return unquote_plus(base64.b64decode(encoded).decode().partition(":")[0])
        except (binascii.Error, ValueError):
            return ""
    return request.POST.get("client_id", "")


def is_registered(origin: str, client_id: str | None) -> bool:
    """Return whether a public client (this one, or with None: any) has the origin on its list."""
    clients = ApiClient.objects.filter(client_type=ApiClient.CLIENT_PUBLIC, allowed_origins__contains=origin)
    if client_id is not None:
        clients = clients.filter(client_id=client_id)
    return any(origin in origins.split() for origins in clients.values_list("allowed_origins", flat=True))
