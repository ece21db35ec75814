"""Getting in and staying in: throttle, idle lock, absolute lifetime, second factor, own sessions, roles' pages."""

from __future__ import annotations

import re
import time

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.test import Client

from accounts.web import locking
from tests import builders


@pytest.fixture
def therapist(cast):
    client = Client()
    client.post("/account/login/", {"login": cast.therapist.email, "password": builders.PASSWORD})
    assert client.get("/").status_code == 200
    return client


def later(client, seconds):
    """As if the person had last touched the screen so long ago."""
    session = client.session
    for name in (locking.ACTIVE_AT, locking.SIGNED_IN_AT):
        session[name] = session[name] - seconds
    session.save()


def test_an_untouched_screen_locks_and_opens_again_in_its_place(therapist, patient):
    later(therapist, 16 * 60)

    page = therapist.get(f"/patients/{patient}/")
    assert page["Location"] == f"/account/unlock/?next=%2Fpatients%2F{patient}%2F"
    background = therapist.get("/api/v1/patients/")
    assert (background.status_code, background.json()["code"]) == (423, "locked")
    asked = therapist.post(f"/patients/{patient}/exams/new/")
    assert asked.status_code == 423
    wrong = therapist.post(page["Location"], {"password": "no", "next": f"/patients/{patient}/"})
    assert (wrong.status_code, b"Okafor" in wrong.content) == (403, False)
    right = therapist.post(page["Location"], {"password": builders.PASSWORD, "next": f"/patients/{patient}/"})
    assert right["Location"] == f"/patients/{patient}/"
    assert b"Okafor" in therapist.get(f"/patients/{patient}/").content


def test_a_page_that_asks_by_itself_does_not_keep_the_screen_open(therapist):
    later(therapist, 10 * 60)
    assert therapist.get("/", headers={"X-Background": "1"}).status_code == 200
    later(therapist, 6 * 60)
    assert therapist.get("/")["Location"].startswith("/account/unlock/")


def test_after_the_absolute_lifetime_one_signs_in_anew(therapist, settings):
    for _ in range(13 * 4):
        later(therapist, 14 * 60)
        answer = therapist.get("/patients/")
        if "/account/login/" in answer.get("Location", ""):
            break
    assert "/account/login/" in answer["Location"]


def test_the_lock_leads_to_no_other_host(therapist):
    therapist.post("/account/lock/")
    answer = therapist.post("/account/unlock/", {"password": builders.PASSWORD, "next": "https://evil.example/"})
    assert answer["Location"] == "/"


def test_guessing_a_password_is_throttled(cast):
    client = Client()
    for _ in range(5):
        client.post("/account/login/", {"login": cast.therapist.email, "password": "wrong"})
    answer = client.post("/account/login/", {"login": cast.therapist.email, "password": builders.PASSWORD})
    assert answer.status_code == 200
    assert b"Too many failed" in answer.content


def test_guessing_at_the_lock_is_throttled(therapist):
    therapist.post("/account/lock/")
    answers = [therapist.post("/account/unlock/", {"password": "no"}).content for _ in range(25)]
    assert b"Too many tries" in answers[-1]
    assert b"Too many tries" in therapist.post("/account/unlock/", {"password": builders.PASSWORD}).content


def test_what_the_lock_cannot_read_it_refuses(therapist):
    for body in ("[]", "{", '"x"', '{"credential": 5}'):
        answer = therapist.post(
            "/account/unlock/", body, content_type="application/json", headers={"Accept": "application/json"}
        )
        assert answer.status_code == 403, body


def test_a_second_factor_is_asked_and_a_recovery_code_works_once(cast, therapist, settings):
    settings.MFA_TOTP_TOLERANCE = 1  # the half minute may turn between here and there
    page = therapist.get("/account/2fa/totp/activate/", follow=True)
    if b"Enter your password" in page.content or "reauthenticate" in page.redirect_chain[-1][0:1].__repr__():
        therapist.post("/account/reauthenticate/", {"password": builders.PASSWORD})
        page = therapist.get("/account/2fa/totp/activate/")
    secret = re.search(rb'value="([A-Z2-7]{32})"', page.content)[1].decode()
    code = totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
    done = therapist.post("/account/2fa/totp/activate/", {"code": code})
    assert done.status_code == 302
    codes = re.findall(rb"\b\d{8}\b", therapist.get("/account/2fa/recovery-codes/").content)
    assert len(codes) == 10

    other = Client()
    asked = other.post("/account/login/", {"login": cast.therapist.email, "password": builders.PASSWORD})
    assert asked["Location"].startswith("/account/2fa/authenticate/")
    assert other.get("/patients/").status_code == 302
    assert other.post("/account/2fa/authenticate/", {"code": codes[0].decode()}).status_code == 302
    assert other.get("/patients/").status_code == 200
    again = Client()
    again.post("/account/login/", {"login": cast.therapist.email, "password": builders.PASSWORD})
    assert again.post("/account/2fa/authenticate/", {"code": codes[0].decode()}).status_code == 200


def test_a_form_that_is_sent_from_a_locked_screen_gets_a_page(therapist):
    later(therapist, 16 * 60)

    answer = therapist.post("/patients/new/", {}, headers={"sec-fetch-mode": "navigate", "accept": "text/html"})

    assert (answer.status_code, answer["Content-Type"]) == (423, "text/html; charset=utf-8")
    assert 'href="/account/unlock/"' in answer.content.decode()


def test_nobody_signs_up(db):
    answer = Client().post("/account/signup/", {"email": "x@example.org", "password1": "correct horse battery"})
    assert b"closed" in answer.content.lower()


@pytest.mark.parametrize("password", ["short", "password1234", "111111111111"])
def test_a_weak_password_is_refused(therapist, password):
    sent = {"oldpassword": builders.PASSWORD, "password1": password, "password2": password}
    assert therapist.post("/account/password/change/", sent).status_code == 200


def test_pages_speak_the_language_of_the_browser(therapist, patient):
    page = therapist.get(f"/patients/{patient}/", headers={"Accept-Language": "de"})
    assert 'lang="de"' in page.content.decode()
    assert "Angaben zur Person" in page.content.decode()
    therapist.post("/language/", {"language": "en", "next": "/"})
    assert 'lang="en"' in therapist.get("/", headers={"Accept-Language": "de"}).content.decode()
