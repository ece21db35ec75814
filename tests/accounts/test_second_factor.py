"""From a date on, owners and support open nothing but the set-up until they have a second factor."""

from __future__ import annotations

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone

from database import encryption
from tests import builders
from tests.committed import committed_support

PAGE = "/account/second-factor/"


def sign_in(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def required(settings):
    settings.SECOND_FACTOR_FROM = timezone.now().date()
    settings.SECOND_FACTOR_GRACE_DAYS = 0


@pytest.mark.parametrize("path", ["/", "/admin/", "/account/access/", "/oauth/authorize/"])
def test_an_owner_is_led_to_the_set_up(cast, required, path):
    answer = sign_in(cast.owner).get(path)
    assert (answer.status_code, answer.headers.get("Location")) == (302, PAGE)


def test_the_set_up_and_signing_out_stay_open(cast, required):
    client = sign_in(cast.owner)
    page = client.get(PAGE)
    assert page.status_code == 200
    assert 'href="/account/2fa/"' in page.content.decode()
    assert client.get("/account/2fa/").status_code == 200
    assert client.post("/account/logout/").headers["Location"] != PAGE


def test_a_session_gets_no_answer_from_the_api_and_changes_nothing(cast, required):
    client = sign_in(cast.owner)
    assert client.get("/api/v1/patients/").json()["code"] == "second_factor_required"
    assert client.post("/account/access/").status_code == 403


@pytest.mark.parametrize(("factor", "opens"), [("totp", True), ("webauthn", True), ("recovery_codes", False)])
def test_which_factor_is_enough(cast, required, factor, opens):
    Authenticator.objects.create(user=cast.owner, type=factor, data={"secret": encryption.encrypt("x")})
    assert (sign_in(cast.owner).get("/account/access/").status_code == 200) is opens


def test_a_therapist_needs_none(cast, required):
    assert sign_in(cast.therapist).get("/account/access/").status_code == 200


def test_support_needs_one(cast, required):
    assert sign_in(committed_support(builders.PASSWORD)).get("/admin/").headers["Location"] == PAGE


@pytest.mark.parametrize("in_days", [None, 1])
def test_nobody_is_asked_before_the_date(cast, settings, in_days):
    settings.SECOND_FACTOR_FROM = in_days and timezone.now().date() + timedelta(days=in_days)
    assert sign_in(cast.owner).get("/account/access/").status_code == 200


@pytest.mark.parametrize(("asked_days_ago", "left"), [(None, 14), (0, 14), (13, 1), (14, 0), (99, 0)])
def test_each_person_has_their_own_grace_and_sees_what_is_left(cast, settings, asked_days_ago, left):
    today = timezone.now().date()
    settings.SECOND_FACTOR_FROM = today - timedelta(days=200)
    if asked_days_ago is not None:
        cast.owner.second_factor_asked_on = today - timedelta(days=asked_days_ago)
        cast.owner.save()

    page = sign_in(cast.owner).get("/account/access/")

    if left:
        assert f"within {left} day{'s' if left > 1 else ''}." in page.content.decode()
    else:
        assert page.headers["Location"] == PAGE
    cast.owner.refresh_from_db()
    assert cast.owner.second_factor_asked_on == today - timedelta(days=asked_days_ago or 0)


def test_a_therapist_is_asked_for_nothing(cast, settings):
    settings.SECOND_FACTOR_FROM = timezone.now().date()
    assert "second factor. Set it up within" not in sign_in(cast.therapist).get("/account/access/").content.decode()
    cast.therapist.refresh_from_db()
    assert cast.therapist.second_factor_asked_on is None


def test_a_blocked_persons_form_gets_a_page_and_a_script_its_own_form(cast, required):
    client = sign_in(cast.owner)
    form = client.post("/patients/new/", {}, headers={"accept": "text/html,*/*"})
    assert (form.status_code, form["Content-Type"]) == (403, "text/html; charset=utf-8")
    assert f'href="{PAGE}"' in form.content.decode()
    assert client.get("/", headers={"hx-request": "true"})["HX-Redirect"] == PAGE
    assert client.post("/x/", headers={"accept": "application/json"}).json()["code"] == "second_factor_required"


def test_the_page_is_in_german_too(cast, required):
    page = sign_in(cast.owner).get(PAGE, headers={"accept-language": "de"})
    assert "Zweiten Faktor einrichten" in page.content.decode()
