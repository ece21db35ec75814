"""A public app in a real browser, on an origin of its own: PKCE from the first click to the first answer of the API."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from accounts.models import ApiClient, Clinic

# What an app in a browser does, by the standard alone: discovery, verifier and challenge, redirect, exchange, call.
APP = """<!doctype html><title>App</title><h1>App</h1>
<script>
const settings = JSON.parse(sessionStorage.settings || "null");
const encode = bytes => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replace(/\\+/g, "-").replace(/\\//g, "_").replace(/=+$/, "");
async function start(server, clientId, redirectUri) {
  const metadata = await (await fetch(server + "/.well-known/oauth-authorization-server")).json();
  const verifier = encode(crypto.getRandomValues(new Uint8Array(48)));
  const state = encode(crypto.getRandomValues(new Uint8Array(16)));
  sessionStorage.settings = JSON.stringify({metadata, server, clientId, redirectUri, verifier, state});
  const challenge = encode(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier)));
  location.href = metadata.authorization_endpoint + "?" + new URLSearchParams({
    response_type: "code", client_id: clientId, redirect_uri: redirectUri, state,
    code_challenge: challenge, code_challenge_method: metadata.code_challenge_methods_supported[0]});
}
async function finish() {
  const sent = new URLSearchParams(location.search);
  if (sent.get("state") !== settings.state) return {error: "state"};
  if (sent.get("iss") !== settings.metadata.issuer) return {error: "iss", iss: sent.get("iss")};
  if (sent.get("error")) return {error: sent.get("error")};
  const answer = await fetch(settings.metadata.token_endpoint, {method: "POST", body: new URLSearchParams({
    grant_type: "authorization_code", code: sent.get("code"), redirect_uri: settings.redirectUri,
    client_id: settings.clientId, code_verifier: settings.verifier})});
  const tokens = await answer.json();
  const call = (path, token, more) => fetch(settings.server + "/api/v1" + path,
    {headers: {Authorization: "Bearer " + token, ...more}});
  const me = await (await call("/me/", tokens.access_token, {"Idempotency-Key": "1"})).json();
  const refused = await call("/me/", "wrong");
  const challenge = refused.headers.get("WWW-Authenticate");
  const revoked = await fetch(settings.metadata.revocation_endpoint, {method: "POST", body: new URLSearchParams({
    token: tokens.access_token, client_id: settings.clientId})});
  const after = await call("/me/", tokens.access_token);
  return {me, refused: refused.status, challenge, revoked: revoked.status, after: after.status, tokens};
}
</script>"""


class AppPage(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(APP.encode())

    def log_message(self, *arguments: Any) -> None:
        """Nothing is written down: the address has the code."""


@pytest.fixture
def app_origin() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), AppPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def app(running: Any, app_origin: str) -> Iterator[ApiClient]:
    client = ApiClient.objects.create(
        clinic=Clinic.objects.get(slug="harbour"),
        name="Pocket app",
        client_type=ApiClient.CLIENT_PUBLIC,
        authorization_grant_type=ApiClient.GRANT_AUTHORIZATION_CODE,
        redirect_uris="http://127.0.0.1/done",  # RFC 8252: any port of the loopback address
        allowed_origins=app_origin,
        allowed_scopes="patients:read",
    )
    yield client
    client.delete()


def consent_page(chrome: Any, running: Any, person: Any, app: ApiClient, app_origin: str) -> Any:
    """The consent page, reached through the app and the sign-in page, with a list of what the browser refused."""
    someone = person()
    context = chrome.new_context()
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.complaints = []
    page.on("console", lambda said: page.complaints.append(said.text) if said.type == "error" else None)
    page.goto(app_origin)
    page.evaluate("([...all]) => void start(...all)", [running.url, app.client_id, f"{app_origin}/done"])
    page.wait_for_url("**/account/login/**")
    page.fill("#id_login", someone.user["email"])
    page.fill("#id_password", someone.user["password"])
    page.click("main .button.wide")
    page.wait_for_url("**/oauth/authorize/**")
    return page


def test_a_public_app_gets_its_token_with_pkce(chrome, running, person, app, app_origin):
    page = consent_page(chrome, running, person, app, app_origin)
    assert "Pocket app" in page.inner_text("h1")
    page.click("text=Allow")
    page.wait_for_url(f"{app_origin}/done?**")
    assert not [text for text in page.complaints if "form-action" in text]
    result = page.evaluate("finish()")
    assert result["me"]["client_id"] == app.client_id, result
    assert result["me"]["scopes"] == ["patients:read"]
    assert (result["refused"], result["revoked"], result["after"]) == (401, 200, 401)
    assert 'error="invalid_token"' in result["challenge"]
    page.context.close()


def test_cancel_reaches_the_app_too(chrome, running, person, app, app_origin):
    page = consent_page(chrome, running, person, app, app_origin)
    page.click("text=Cancel")
    page.wait_for_url(f"{app_origin}/done?**")
    assert page.evaluate("finish()") == {"error": "access_denied"}
    page.context.close()


def test_an_app_on_another_origin_reads_nothing(chrome, running, person, app, app_origin):
    """The code arrives; the exchange from an origin that is not on the client's list cannot be read."""
    ApiClient.objects.filter(pk=app.pk).update(allowed_origins="https://app.example")
    page = consent_page(chrome, running, person, app, app_origin)
    page.click("text=Allow")
    page.wait_for_url(f"{app_origin}/done?**")
    with pytest.raises(Exception, match="Failed to fetch"):
        page.evaluate("finish()")
    page.context.close()


def test_a_second_time_asks_again_whatever_the_request_says(chrome, running, person, app, app_origin):
    page = consent_page(chrome, running, person, app, app_origin)
    page.click("text=Allow")
    page.wait_for_url(f"{app_origin}/done?**")
    page.evaluate("finish()")
    page.evaluate("([...all]) => void start(...all)", [running.url, app.client_id, f"{app_origin}/done"])
    page.wait_for_url("**/oauth/authorize/**")
    query = parse_qs(urlsplit(page.url).query)
    asked = urlencode({**{name: values[0] for name, values in query.items()}, "approval_prompt": "auto"})
    page.goto(f"{running.url}/oauth/authorize/?{asked}")
    assert page.url.startswith(f"{running.url}/oauth/authorize/")
    assert "Pocket app" in page.inner_text("h1")
    page.context.close()
