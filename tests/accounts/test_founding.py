"""A service without a clinic: the set-up link, the command, and the owner's account."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.utils import timezone
from psycopg import sql

from accounts import founding
from accounts.models import Clinic, Membership, User
from audit.models import AuditEvent
from database import tenancy
from tests import template
from tests.conftest import close_all, point_at

CLINIC = {"name": "Praxis am Markt", "country": "DE", "language": "de", "owner": "inhaber@example.org"}
PASSWORD = "seventeen quiet herons"
ACCOUNT = {"name": "Inga Haber", "registration_no": "", "password1": PASSWORD, "password2": PASSWORD}


@pytest.fixture
def empty_service(django_db_setup, django_db_blocker, worker_id, monkeypatch):
    """A database as `prepare` leaves it: no clinic, nobody; what happens in it is committed, and goes with it."""
    import os

    name, before = f"palpate_empty_{worker_id}", connection.settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as admin:
        admin.execute("SELECT pg_advisory_lock(20261120)")  # a template that somebody copies cannot be copied
        admin.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        admin.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER palpate_owner").format(
                sql.Identifier(name), sql.Identifier(template.NAME)
            )
        )
        admin.execute("SELECT pg_advisory_unlock(20261120)")
        with django_db_blocker.unblock():
            point_at(name)
            yield
            close_all()
            point_at(before)
        admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def printed(*command):
    out = io.StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


def path_in(text):
    return re.search(r"https?://[^/]+(/\S+)", text)[1]


def test_from_the_console_to_the_owners_first_page(empty_service):
    link = path_in(printed("setup_link"))
    browser = Client()
    assert browser.get(link).status_code == 200
    assert "Deutschland" in browser.get(link, headers={"Accept-Language": "de"}).content.decode()
    wrong = browser.post(link, {**CLINIC, "name": " ", "country": "XX"})
    assert (wrong.status_code, Clinic.objects.count()) == (400, 0)

    account = browser.post(link, CLINIC)["Location"]

    assert browser.post(account, ACCOUNT)["Location"] == "/account/login/"
    clinic = Clinic.objects.get()
    assert (clinic.slug, clinic.time_zone, clinic.locale) == ("praxis-am-markt", "Europe/Berlin", "de-DE")
    signed_in = browser.post("/account/login/", {"login": CLINIC["owner"], "password": PASSWORD})
    assert signed_in.status_code == 302
    assert browser.get("/").status_code == 200
    with tenancy.scope(clinic.pk):
        assert set(Membership.objects.values_list("role", flat=True)) == {"owner"}
        assert {"clinic.create", "membership.add"} <= set(AuditEvent.objects.values_list("action", flat=True))


def test_the_link_makes_one_clinic_even_for_two_at_once(empty_service):
    link = path_in(printed("setup_link"))

    def send(name):
        try:
            return Client().post(link, {**CLINIC, "name": name}).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(send, ["One", "Two"]))

    assert answers == [302, 409]
    assert Clinic.objects.count() == 1
    assert Client().get(link).status_code == 409
    assert "create_clinic" in printed("setup_link")
    assert printed("setup_link", "--if-new") == ""


def test_a_forged_or_old_link_opens_nothing(empty_service, monkeypatch):
    link = path_in(printed("setup_link"))
    assert Client().get(f"{link[:-2]}x/").status_code == 409
    monkeypatch.setattr(founding, "SETUP_LINK_VALID", timedelta(0))
    assert Client().get(link).status_code == 409
    assert Client().post(link, CLINIC).status_code == 409
    assert Clinic.objects.count() == 0


def test_the_command_makes_a_clinic_and_prints_its_owners_link(db):
    text = printed("create_clinic", "--name", "Zürich West", "--country", "ch", "--owner", "chef@example.org")
    clinic = Clinic.objects.get(slug="zurich-west")
    assert (clinic.country, clinic.time_zone, clinic.locale) == ("CH", "Europe/Zurich", "de-CH")
    link = path_in(text)
    assert b"Z\xc3\xbcrich West" in Client().get(link).content
    assert Client().post(link, ACCOUNT).status_code == 302
    assert Client().post(link, ACCOUNT).status_code == 409  # once
    again = printed("create_clinic", "--name", "Zürich West", "--country", "CH", "--owner", "chef@example.org")
    assert "zurich-west-2" in again


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"--name": " "}, "name"),
        ({"--country": "Germany"}, "country"),
        ({"--owner": "chef"}, "owner"),
        ({"--time-zone": "Berlin"}, "time_zone"),
        ({"--language": "fr"}, "language"),
    ],
)
def test_the_command_names_what_is_wrong(db, changed, named):
    before = Clinic.objects.count()
    values = {"--name": "A", "--country": "DE", "--owner": "chef@example.org", **changed}
    with pytest.raises(CommandError, match=f"^{named}: "):
        printed("create_clinic", *(word for pair in values.items() for word in pair))
    assert Clinic.objects.count() == before


def test_an_account_with_a_passkey_has_no_password_and_goes_on_to_the_passkey(db):
    token = founding.create_clinic(name="A", country="GB", owner_email="owner@a.example", at=timezone.now())
    browser = Client()
    link = f"/account/invitation/{token}/"
    assert browser.post(link, {"name": "", "passkey": "1"}).status_code == 400
    answer = browser.post(link, {"name": "Ann", "passkey": "1"})
    page = browser.get(answer["Location"])  # asks for no password, because there is none
    assert page.status_code == 200
    assert b"passkey" in page.content.lower()
    assert not User.objects.get(email="owner@a.example").has_usable_password()
    assert Client().post(link, {"name": "Eve", "passkey": "1"}).status_code == 409


def test_where_someone_worked_last_is_where_they_begin(cast, settings):
    with tenancy.scope(cast.other_clinic.pk):
        Membership.objects.create(clinic=cast.other_clinic, user=cast.therapist, role="therapist")
    first = Client()
    first.force_login(cast.therapist)
    assert first.get("/")["Location"] == "/clinics/"
    first.post("/clinics/", {"clinic": str(cast.other_clinic.pk)})
    assert 'href="/clinics/"' in first.get("/").content.decode()

    second = Client()
    second.force_login(User.objects.get(pk=cast.therapist.pk))
    page = second.get("/").content.decode()
    assert cast.other_clinic.name in page
    assert 'href="/clinics/"' in page

    with tenancy.scope(cast.other_clinic.pk):
        Membership.objects.filter(user=cast.therapist, clinic=cast.other_clinic).update(is_active=False)
    third = Client()
    third.force_login(User.objects.get(pk=cast.therapist.pk))
    page = third.get("/").content.decode()
    assert (cast.clinic.name in page, cast.other_clinic.name in page) == (True, False)
    assert 'href="/clinics/"' not in page
