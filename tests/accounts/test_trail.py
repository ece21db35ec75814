"""Signing in and out, the second factor, passwords, tokens and apps leave events, without addresses and secrets."""

from __future__ import annotations

import json
import logging
import re

import pytest
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal import auth as totp
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from accounts import periodic, tasks
from accounts.models import ApiClient
from accounts.sessions import SessionStore
from audit import actions as audit
from audit.models import AuditEvent
from database import tenancy
from tests import builders
from tests.accounts.test_oauth import app, ask, authorize, exchange  # noqa: F401 - app is a fixture
from tests.api import Api


@pytest.fixture
def events(cast):
    """What a clinic's owner sees, oldest first: action, outcome, code."""

    def read(*actions, clinic=None):
        with tenancy.scope((clinic or cast.clinic).pk):
            rows = AuditEvent.objects.order_by("id").values_list("action", "outcome", "code")
            return [row for row in rows if row[0].startswith(actions or ("auth.", "token.", "app."))]

    return read


@pytest.fixture
def strangers(monkeypatch):
    counted = []
    monkeypatch.setattr(audit, "log_stranger", lambda action, **rest: counted.append((action, rest["code"])))
    return counted


def sign_in(client, email, password=builders.PASSWORD):
    return client.post("/account/login/", {"login": email, "password": password})


def test_signing_in_and_out(cast, events):
    client = Client()
    sign_in(client, cast.therapist.email, "wrong")
    sign_in(client, cast.therapist.email)
    client.post("/account/logout/")

    assert events() == [
        ("auth.sign_in", "refused", "wrong_password"),
        ("auth.sign_in", "ok", ""),
        ("auth.sign_out", "ok", ""),
    ]
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.filter(action="auth.sign_in", outcome="ok").get()
    assert (event.user_id, event.target_id, event.ip) == (cast.therapist.pk, cast.therapist.pk, "127.0.0.1")
    assert re.fullmatch(r"[0-9a-f-]{36}", event.request_id)
    assert events(clinic=cast.other_clinic) == []


def test_a_lock_out_is_an_event(cast, events):
    client = Client()
    for _ in range(7):
        sign_in(client, cast.therapist.email, "wrong")
    assert events()[-1] == ("auth.sign_in", "refused", "locked_out")


def test_an_unknown_account_is_only_counted(cast, events, strangers):
    sign_in(Client(), "nobody@example.org", "wrong")
    assert strangers == [("auth.sign_in", "unknown_account")]
    assert events() == []


def test_unlocking(cast, events):
    client = Client()
    client.force_login(cast.therapist)
    client.post("/account/lock/")
    client.post("/account/unlock/", {"password": "no"})
    client.post("/account/unlock/", {"password": builders.PASSWORD})
    assert [e for e in events() if e[0] == "auth.unlock"] == [
        ("auth.unlock", "refused", "wrong_password"),
        ("auth.unlock", "ok", ""),
    ]


def test_the_second_factor(cast, events):
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(cast.therapist, secret)
    RecoveryCodes.activate(cast.therapist)
    client = Client()
    sign_in(client, cast.therapist.email)
    client.post("/account/2fa/authenticate/", {"code": "000000"})
    code = totp.format_hotp_value(totp.hotp_value(secret, next(iter(totp.yield_hotp_counters_from_time()))))
    assert client.post("/account/2fa/authenticate/", {"code": code}).status_code == 302
    assert events() == [
        ("auth.second_factor", "refused", "wrong_code"),
        ("auth.second_factor", "ok", "totp"),
        ("auth.sign_in", "ok", ""),
    ]


def test_a_changed_and_a_forgotten_password(cast, events, inbox):
    client = Client()
    sign_in(client, cast.therapist.email)
    new = {
        "oldpassword": builders.PASSWORD,
        "password1": "seventeen quiet herons",
        "password2": "seventeen quiet herons",
    }
    client.post("/account/password/change/", new)
    tasks.send_reset_link(cast.therapist.email, "en")
    tasks.send_reset_link("nobody@example.org", "en")
    text = inbox.taken[-1].get_payload(decode=True).decode()
    link = re.search(r"https?://[^/]+(/\S+)", text)[1]
    page = Client()
    address = page.get(link, follow=True).redirect_chain[-1][0]
    page.post(address, {"password1": "eighteen quiet herons", "password2": "eighteen quiet herons"})
    assert [action for action, *_ in events() if "password" in action] == [
        "auth.password_change",
        "auth.password_reset_link",
        "auth.password_reset",
    ]


# --- Programs --------------------------------------------------------------------------------------------------


def test_tokens_that_are_issued_and_refused(cast, events, strangers):
    assert ask(cast.program).status_code == 200
    assert ask(cast.program, secret="wrong").status_code == 401
    assert ask(cast.program, scope="patients:write").status_code == 400
    assert events() == [
        ("token.issue", "ok", ""),
        ("token.issue", "refused", "invalid_client"),
        ("token.issue", "refused", "invalid_scope"),
    ]
    with tenancy.scope(cast.clinic.pk):
        assert {e.client_id for e in AuditEvent.objects.filter(action="token.issue")} == {cast.program.client_id}
    assert strangers == []
    Client().post("/oauth/token/", {"grant_type": "client_credentials", "client_id": "x", "client_secret": "y"})
    assert strangers == [("token.issue", "invalid_client")]


def test_an_app_that_a_person_lets_in(cast, app, events):  # noqa: F811
    exchange(app, authorize(app, cast.therapist))
    found = [event for event in events() if not event[0].startswith("auth.")]
    assert found == [("app.authorize", "ok", ""), ("token.issue", "ok", "")]
    with tenancy.scope(cast.clinic.pk):
        users = {e.user_id for e in AuditEvent.objects.filter(action__in=["app.authorize", "token.issue"])}
    assert users == {cast.therapist.pk}


# --- Answers that are given again ------------------------------------------------------------------------------


def test_a_replayed_answer_is_an_event(cast, api, events):
    body = {"family_name": "Okafor", "given_names": "Ada", "birth_date": "1980-02-03"}
    therapist = api()
    first = therapist.post("/patients/", body, Idempotency_Key="k1")
    again = therapist.post("/patients/", body, Idempotency_Key="k1")
    assert (first.status_code, again["Idempotency-Replayed"]) == (201, "true")
    assert [e for e in events("patient.") if e[2] == "replayed"] == [("patient.register", "ok", "replayed")]


def test_the_screens_heartbeat_that_gives_an_exam_is_an_event(cast, api, patient, events):
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()
    client, tab = Client(), "01a223c3-ad6f-7561-9cd4-2762f7b50493"
    client.force_login(cast.therapist)
    path = f"/exams/{exam['id']}/changes/"

    assert "flat" not in client.get(f"{path}?tab={tab}&revision={exam['revision']}").json()
    assert events("page.") == []
    assert "flat" in client.get(f"{path}?tab={tab}&revision=-1").json()
    assert events("page.") == [("page.exam.changes", "ok", "")]
    # A save without an edit, of a screen that claims to be behind, gives the same.
    sent = json.dumps({"tab": tab, "revision": -1, "edits": []})
    assert "flat" in client.post(path, sent, "application/json", headers={"Accept": "application/json"}).json()
    assert events("page.") == [("page.exam.changes", "ok", "")] * 2
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.filter(action="page.exam.changes")[0]
    assert (event.patient_ids, str(event.target_id)) == ([patient], exam["id"])


# --- What is over, and the log ---------------------------------------------------------------------------------


def test_sessions_and_tokens_that_are_over_are_forgotten(cast):
    client = Client()
    sign_in(client, cast.therapist.email)
    new = ask(cast.program)
    ask(cast.program)
    session = client.session
    session.set_expiry(-1)
    session.save()
    expired = AccessToken.objects.latest("pk")
    AccessToken.objects.filter(pk=expired.pk).update(expires=timezone.now() - timezone.timedelta(days=2))

    assert periodic.forget_what_expired() == 1

    assert not SessionStore().exists(session.session_key)
    assert not AccessToken.objects.filter(pk=expired.pk).exists()
    assert Api(cast.program).get("/me/").status_code == 200
    assert new.status_code == 200


def test_the_access_log_has_a_request_id_and_nobodys_data(cast, patient, caplog):
    client = Client()
    client.force_login(cast.therapist)
    with caplog.at_level(logging.INFO, "palpate.access"):
        answer = client.get(f"/patients/{patient}/?q=Okafor")
        client.get("/c/secret-token/")
        Client().get("/nowhere/Okafor/")
    lines = [record.getMessage() for record in caplog.records if record.name == "palpate.access"]
    assert len(lines) == 3
    assert re.fullmatch(r"GET /patients/<uuid:patient_id>/ 200 \d+ ms request=[0-9a-f-]{36}", lines[0])
    assert answer["X-Request-ID"] in lines[0]
    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(request_id=answer["X-Request-ID"]).exists()
    text = "\n".join(lines)
    assert not re.search(f"Okafor|secret-token|{patient}", text)
    assert ApiClient.objects.count() >= 2
