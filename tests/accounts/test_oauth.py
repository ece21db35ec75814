"""Programs and people get tokens."""

import base64
import hashlib
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts.models import ApiClient, Membership
from database import tenancy
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
