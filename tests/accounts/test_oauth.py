"""Programs and people get tokens."""

import base64
import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts import actions
from accounts.models import ApiClient, Membership
from accounts.rules import is_origin
from database import tenancy
from errors.exceptions import Invalid
from tests import builders
from tests.api import Api


def ask(program, secret=builders.SECRET, **body):
    basic = base64.b64encode(f"{program.client_id}:{secret}".encode()).decode()
    return Client().post(
        "/oauth/token/",
        {"grant_type": "client_credentials", **body},
        headers={"Authorization": f"Basic {basic}"},
    )


def bearer(token, path="/api/v1/me/"):
    return Client().get(path, headers={"Authorization": f"Bearer {token}"})


def test_a_program_gets_a_token_for_its_own_scopes_and_clinic(cast):
    answer = ask(cast.program)

    assert answer.status_code == 200, answer.json()
    body = answer.json()
    assert set(body["scope"].split()) == {"patients:read", "records:read", "records:export"}
    assert body["expires_in"] <= 3600
    me = bearer(body["access_token"]).json()
    assert (me["clinic"], me["client_id"], me["user_id"]) == ("harbour", cast.program.client_id, None)


def test_only_a_checksum_of_a_token_is_kept(cast):
    token = ask(cast.program).json()["access_token"]

    row = AccessToken.objects.latest("pk")
    assert row.token == ""
    assert row.token_checksum == hashlib.sha256(token.encode()).hexdigest()
    assert cast.program.client_secret != builders.SECRET


def test_less_may_be_asked_for_and_more_is_refused(cast):
    assert ask(cast.program, scope="records:read").json()["scope"] == "records:read"
    assert ask(cast.program, scope="patients:write").json()["error"] == "invalid_scope"


@pytest.mark.parametrize("grant", ["password", "implicit", "refresh_token"])
def test_other_grants_are_refused(cast, grant):
    answer = ask(cast.program, grant_type=grant, username=cast.therapist.email, password=builders.PASSWORD)

    assert answer.status_code in (400, 401)


def test_a_wrong_secret_is_refused(cast):
    assert ask(cast.program, secret="wrong").status_code == 401


@pytest.mark.parametrize("header", ["Bearer nonsense", "Bearer ", "Basic xyz", "Bearer \udcff"])
def test_a_wrong_token_is_refused(cast, header):
    answer = Client().get(
        "/api/v1/me/", headers={"Authorization": header.encode("utf-8", "surrogateescape").decode("latin1")}
    )

    assert answer.status_code == 401
    assert answer["Content-Type"] == "application/problem+json"


def test_an_expired_token_is_refused(cast):
    token = ask(cast.program).json()["access_token"]
    AccessToken.objects.update(expires=timezone.now() - timedelta(seconds=1))

    assert bearer(token).json()["code"] == "invalid_token"


def test_a_token_in_the_query_string_is_not_looked_at(cast):
    token = ask(cast.program).json()["access_token"]

    assert Client().get(f"/api/v1/me/?access_token={token}").status_code == 401


def test_a_scope_taken_from_the_client_is_gone_at_once(cast):
    token = ask(cast.program).json()["access_token"]
    ApiClient.objects.filter(pk=cast.program.pk).update(allowed_scopes="patients:read")

    assert bearer(token, "/api/v1/records/").json()["code"] == "missing_scope"


def test_a_person_who_left_is_out_at_once(cast):
    api = Api(cast.colleague)
    assert api.get("/patients/").status_code == 200
    with tenancy.scope(cast.clinic.pk):
        Membership.objects.filter(user=cast.colleague).update(is_active=False)

    assert api.get("/patients/").status_code == 401


# --- Authorization code with PKCE -----------------------------------------------------------------------------

VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


@pytest.fixture
def app(cast):
    return ApiClient.objects.create(
        clinic=cast.clinic,
        name="Tablet",
        client_type=ApiClient.CLIENT_PUBLIC,
        authorization_grant_type=ApiClient.GRANT_AUTHORIZATION_CODE,
        redirect_uris="https://tablet.example/done",
        allowed_scopes="patients:read patients:write records:export",
    )


def authorize(app, user, **change):
    browser = Client()
    assert browser.login(email=user.email, password=builders.PASSWORD)
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": "https://tablet.example/done",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | change
    page = browser.get("/oauth/authorize/", {k: v for k, v in asked.items() if v})
    if page.status_code != 200:
        return page
    assert b"Tablet" in page.content
    return browser.post("/oauth/authorize/", {**asked, "scope": app.allowed_scopes, "allow": "Authorize"})


def exchange(app, answer, verifier=VERIFIER):
    code = parse_qs(urlsplit(answer["Location"]).query)["code"][0]
    sent = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": "https://tablet.example/done",
        "client_id": app.client_id,
        "code_verifier": verifier,
    }
    return Client().post("/oauth/token/", sent)


def test_a_person_gets_a_token_through_an_app_cut_down_to_their_role(cast, app):
    tokens = exchange(app, authorize(app, cast.therapist))

    assert tokens.status_code == 200, tokens.json()
    me = bearer(tokens.json()["access_token"]).json()
    assert me["user_id"] == str(cast.therapist.pk)
    assert me["scopes"] == ["patients:read", "patients:write"]  # a therapist may not export


def test_pkce_is_required_and_plain_is_refused(cast, app):
    for change in ({"code_challenge": ""}, {"code_challenge_method": "plain"}):
        answer = authorize(app, cast.therapist, **change)
        assert "code=" not in answer.get("Location", "")
    assert exchange(app, authorize(app, cast.therapist), verifier="w" * 64).status_code == 400


def test_another_redirect_is_refused(cast, app):
    answer = authorize(app, cast.therapist, redirect_uri="https://evil.example/")

    assert answer.status_code == 400


def test_a_code_works_once(cast, app):
    answer = authorize(app, cast.therapist)

    assert exchange(app, answer).status_code == 200
    assert exchange(app, answer).status_code == 400


def test_a_refresh_token_used_twice_ends_the_family(cast, app):
    first = exchange(app, authorize(app, cast.therapist)).json()

    def refresh(token):
        sent = {"grant_type": "refresh_token", "refresh_token": token, "client_id": app.client_id}
        return Client().post("/oauth/token/", sent)

    second = refresh(first["refresh_token"])
    assert second.status_code == 200
    AccessToken.objects.update(created=timezone.now() - timedelta(minutes=5))
    assert refresh(first["refresh_token"]).status_code == 400
    assert refresh(second.json()["refresh_token"]).status_code == 400


def test_somebody_of_another_clinic_cannot_use_the_app(cast, app):
    tokens = exchange(app, authorize(app, cast.stranger)).json()

    assert bearer(tokens["access_token"]).status_code == 401


# --- Consent in a browser -------------------------------------------------------------------------------------


def consent(app, user, **change):
    browser = Client()
    browser.force_login(user)
    asked = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": "https://tablet.example/done",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
    } | change
    return browser.get("/oauth/authorize/", asked)


def form_action(page):
    policy = dict(part.strip().partition(" ")[::2] for part in page["Content-Security-Policy"].split(";"))
    return policy["form-action"].split()


def test_the_answer_may_go_to_this_apps_origin_and_no_other(cast, app):
    app.redirect_uris = "https://tablet.example/done https://other.example:8443/done http://127.0.0.1/done"
    app.save()
    assert form_action(consent(app, cast.therapist)) == ["'self'", "https://tablet.example"]
    other = consent(app, cast.therapist, redirect_uri="https://other.example:8443/done")
    assert form_action(other) == ["'self'", "https://other.example:8443"]
    loopback = consent(app, cast.therapist, redirect_uri="http://127.0.0.1:50123/done")
    assert form_action(loopback) == ["'self'", "http://127.0.0.1:50123"]


def test_an_unregistered_redirect_does_not_reach_the_policy(cast, app):
    page = consent(app, cast.therapist, redirect_uri="https://evil.example/")
    assert page.status_code == 400
    assert form_action(page) == ["'self'"]


def test_who_has_allowed_an_app_is_asked_again(cast, app):
    exchange(app, authorize(app, cast.therapist))
    app.redirect_uris = "https://tablet.example/done http://127.0.0.1/done"
    app.save()
    for redirect in ("https://tablet.example/done", "http://127.0.0.1:50123/done"):
        page = consent(app, cast.therapist, redirect_uri=redirect, approval_prompt="auto")
        assert page.status_code == 200
        assert b"Tablet" in page.content


def test_no_client_can_be_set_to_skip_the_question(app):
    with pytest.raises(IntegrityError, match="apiclient_always_asks"), transaction.atomic():
        ApiClient.objects.filter(pk=app.pk).update(skip_authorization=True)


def test_refusals_name_the_issuer_too(cast, app):
    browser = Client()
    browser.force_login(cast.therapist)
    sent = {
        "response_type": "code",
        "client_id": app.client_id,
        "redirect_uri": "https://tablet.example/done",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        "scope": "patients:read",
    }
    answer = browser.post("/oauth/authorize/", sent)  # "Cancel" sends no `allow`
    query = parse_qs(urlsplit(answer["Location"]).query)
    assert (query["error"], query["iss"]) == (["access_denied"], ["http://testserver"])


# --- What is said of the server -------------------------------------------------------------------------------


def test_the_discovery_document_says_what_is_true(cast, app):
    document = Client().get("/.well-known/oauth-authorization-server").json()
    assert document["issuer"] == "http://testserver"
    assert document["response_types_supported"] == ["code"]
    assert sorted(document["grant_types_supported"]) == ["authorization_code", "client_credentials", "refresh_token"]
    assert document["code_challenge_methods_supported"] == ["S256"]
    assert document["authorization_response_iss_parameter_supported"] is True
    assert "device_authorization_endpoint" not in document
    assert "registration_endpoint" not in document
    assert "introspection_endpoint" not in document
    assert "none" in document["token_endpoint_auth_methods_supported"]
    for name in ("authorization_endpoint", "token_endpoint", "revocation_endpoint"):
        path = urlsplit(document[name]).path
        assert Client().get(path).status_code != 404, name
    tokens = exchange(app, authorize(app, cast.therapist)).json()
    sent = {"token": tokens["access_token"], "client_id": app.client_id}
    assert Client().post(urlsplit(document["revocation_endpoint"]).path, sent).status_code == 200
    assert bearer(tokens["access_token"]).status_code == 401


@pytest.mark.parametrize("grant", ["urn:ietf:params:oauth:grant-type:device_code", "password", "implicit"])
def test_a_grant_that_is_not_named_is_refused(cast, grant):
    assert ask(cast.program, grant_type=grant, device_code="x").json()["error"] in {
        "unsupported_grant_type",
        "unauthorized_client",
        "invalid_grant",
        "invalid_request",
        "device_not_found",
    }


def test_a_refusal_says_what_is_wrong_with_the_token(cast):
    without = Client().get("/api/v1/me/")
    assert (without.status_code, without["WWW-Authenticate"]) == (401, 'Bearer realm="palpate"')
    wrong = bearer("nonsense")
    assert wrong.status_code == 401
    assert wrong["WWW-Authenticate"].startswith('Bearer realm="palpate", error="invalid_token", error_description="')
    narrow = bearer(ask(cast.program).json()["access_token"], "/api/v1/appointments/?from=2026-11-20")
    assert narrow.status_code == 403
    expected = 'Bearer realm="palpate", error="insufficient_scope", scope="scheduling:read"'
    assert narrow["WWW-Authenticate"] == expected
    browser = Client()
    browser.force_login(cast.staff)
    assert "WWW-Authenticate" not in browser.get("/api/v1/records/export/")


# --- From other origins ---------------------------------------------------------------------------------------

ORIGIN = "https://tablet.example"


@pytest.fixture
def browser_app(app):
    app.allowed_origins = ORIGIN
    app.save()
    return app


def preflight(origin, path="/api/v1/me/"):
    return Client().options(path, headers={"Origin": origin, "Access-Control-Request-Method": "GET"})


def allowed(answer):
    assert "Access-Control-Allow-Credentials" not in answer
    assert "Origin" in answer["Vary"]
    return answer.get("Access-Control-Allow-Origin")


def test_a_registered_origin_may_read_with_its_own_clients_token(cast, browser_app):
    assert allowed(preflight(ORIGIN)) == ORIGIN
    assert "If-Match" in preflight(ORIGIN)["Access-Control-Allow-Headers"]
    tokens = exchange(browser_app, authorize(browser_app, cast.therapist)).json()
    sent = {"Authorization": f"Bearer {tokens['access_token']}", "Origin": ORIGIN}
    assert allowed(Client().get("/api/v1/me/", headers=sent)) == ORIGIN
    assert "ETag" in Client().get("/api/v1/me/", headers=sent)["Access-Control-Expose-Headers"]
    # The token has expired: the app must be able to read that.
    refused = Client().get("/api/v1/me/", headers={**sent, "Authorization": "Bearer old"})
    assert (refused.status_code, allowed(refused)) == (401, ORIGIN)


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "https://tablet.example.evil", "https://tablet"])
def test_no_other_origin_may_read_anything(cast, browser_app, origin):
    assert allowed(preflight(origin)) is None
    tokens = exchange(browser_app, authorize(browser_app, cast.therapist)).json()
    sent = {"Authorization": f"Bearer {tokens['access_token']}", "Origin": origin}
    assert allowed(Client().get("/api/v1/me/", headers=sent)) is None
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": browser_app.client_id}
    assert allowed(Client().post("/oauth/token/", form, headers={"Origin": origin})) is None


def test_a_clients_list_is_its_own(cast, browser_app):
    """Another client's token, a program's secret or a signed-in browser are not read from that origin."""
    other = bearer_headers = {"Origin": ORIGIN, "Authorization": f"Bearer {ask(cast.program).json()['access_token']}"}
    assert allowed(Client().get("/api/v1/me/", headers=other)) is None
    assert allowed(Client().get("/api/v1/patients/", headers=bearer_headers)) is None
    basic = base64.b64encode(f"{cast.program.client_id}:{builders.SECRET}".encode()).decode()
    answer = Client().post(
        "/oauth/token/",
        {"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {basic}", "Origin": ORIGIN},
    )
    assert allowed(answer) is None
    signed_in = Client()
    signed_in.force_login(cast.therapist)
    assert allowed(signed_in.get("/api/v1/me/", headers={"Origin": ORIGIN})) is None
    page = signed_in.get("/patients/", headers={"Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in page


def test_token_and_revocation_answer_the_apps_origin(cast, browser_app):
    form = {"grant_type": "refresh_token", "refresh_token": "x", "client_id": browser_app.client_id}
    for path in ("/oauth/token/", "/oauth/revoke_token/"):
        assert allowed(Client().post(path, form | {"token": "x"}, headers={"Origin": ORIGIN})) == ORIGIN


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://app.example", True), ("https://app.example:8443", True), ("http://localhost:5000", True),
        ("http://127.0.0.1:5000", True), ("http://app.example", False), ("https://app.example/", False),
        ("https://App.example", False), ("https://*.example", True), ("*", False), ("null", False), ("", False),
        ("https://a:x", False), ("https://user@app.example", False),
    ],
)  # fmt: skip
def test_what_an_origin_is(text, expected):
    assert is_origin(text) is (expected and "*" not in text)


def test_an_owner_registers_origins_for_an_app_only(in_clinic):
    by = in_clinic.actor(in_clinic.owner)
    options = {"clinic": in_clinic.clinic, "name": "A", "scopes": "patients:read", "acts_for": None, "by": by}
    client, _secret = actions.register_client(
        redirect_uris="https://app.example/done", allowed_origins=" https://app.example\nhttps://b.example ", **options
    )
    assert client.allowed_origins == "https://app.example https://b.example"
    for redirects, origins in (("https://app.example/done", "https://app.example/x"), ("", "https://app.example")):
        with pytest.raises(Invalid):
            actions.register_client(redirect_uris=redirects, allowed_origins=origins, **options)
