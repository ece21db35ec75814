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


def test_the_page_is_in_german_too(cast, required):
    page = sign_in(cast.owner).get(PAGE, headers={"accept-language": "de"})
    assert "Zweiten Faktor einrichten" in page.content.decode()
