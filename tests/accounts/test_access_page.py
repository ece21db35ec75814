"""Where I work and what acts for me: sessions, history, and what happens after "this wasn't me"."""

from __future__ import annotations

import hashlib
import time

import pytest
from django.db import ProgrammingError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts import sessions
from accounts.models import ApiClient, Membership
from database import tenancy
from scheduling.models import Feed
from scheduling.setup import actions as setup
from tests import builders
from tests.api import Api
from workspace.account_history import browser_name

PAGE = "/account/access/"
FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:141.0) Gecko/20100101 Firefox/141.0"


def sign_in(user, agent=FIREFOX, **headers):
    client = Client(headers={"user-agent": agent, **headers})
    client.post("/account/login/", {"login": user.email, "password": builders.PASSWORD})
    return client


def test_it_shows_each_session_and_ends_one_or_all_others(cast):
    here, phone, desk = sign_in(cast.therapist), sign_in(cast.therapist, "iPhone Safari"), sign_in(cast.therapist)
    page = here.get(PAGE)
    assert [browser for _, browser in page.context["sessions"]][:1] == ["Firefox, Windows"]
    assert {browser for _, browser in page.context["sessions"]} == {"Firefox, Windows", "Safari, iPhone"}
    assert page.context["sessions"][0][0].is_this
    phones = next(row for row, browser in page.context["sessions"] if "iPhone" in browser)

    here.post(f"{PAGE}sessions/{phones.id}/end/")
    assert phone.get(PAGE).status_code == 302
    assert desk.get(PAGE).status_code == 200
    here.post(f"{PAGE}sessions/end/")
    assert desk.get(PAGE).status_code == 302
    assert len(here.get(PAGE).context["sessions"]) == 1


def test_nobody_ends_another_persons_session(cast):
    theirs, mine = sign_in(cast.colleague), sign_in(cast.therapist)
    row = theirs.get(PAGE).context["sessions"][0][0]

    mine.post(f"{PAGE}sessions/{row.id}/end/")
    mine.post(f"{PAGE}sessions/end/")

    assert theirs.get(PAGE).status_code == 200


def test_the_history_shows_each_event_once_though_two_clinics_have_it(cast):
    with tenancy.scope(cast.other_clinic.pk):
        Membership.objects.create(clinic=cast.other_clinic, user=cast.therapist, role="therapist")
    Client().post("/account/login/", {"login": cast.therapist.email, "password": "wrong"})

    events = sign_in(cast.therapist).get(PAGE).context["events"]

    assert [(event.label, event.is_refusal) for event in events] == [("Signed in", False), ("Sign-in refused", True)]
    assert sign_in(cast.colleague).get(PAGE).context["events"][0].label == "Signed in"


def test_the_history_of_others_is_not_shown_by_sql(cast):
    sign_in(cast.therapist)
    with tenancy.scope(None, user_id=cast.colleague.pk), connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM audit_account_events(100)")
        assert cursor.fetchone() == (0,)
        cursor.execute("SELECT count(*) FROM audit_auditevent WHERE user_id = %s", [cast.therapist.pk])
        assert cursor.fetchone() == (0,)


def test_sessions_cannot_be_listed_or_opened_by_who_reads_the_database(cast):
    key = sign_in(cast.therapist).session.session_key
    for statement in ("SELECT * FROM accounts_session", "DELETE FROM accounts_session"):
        with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT accounts_session_load(%s), accounts_session_load(%s)", [key.encode(), sessions.checksum(key)]
        )
        assert [content is not None for content in cursor.fetchone()] == [False, True]
        cursor.execute("SELECT count(*) FROM accounts_sessions_of_person('')")
        assert cursor.fetchone() == (0,)


def test_an_expired_session_opens_nothing_and_is_forgotten(cast):
    client = sign_in(cast.therapist)
    store = client.session
    store.set_expiry(-1)
    store.save()

    assert client.get(PAGE).status_code == 302
    assert sessions.forget_expired() == 1
    assert not sessions.SessionStore().exists(store.session_key)


# --- "This wasn't me" -------------------------------------------------------------------------------------------


def report(client):
    asked = client.post(f"{PAGE}not-me/")
    if asked["Location"].startswith("/account/reauthenticate/"):
        return client.post(asked["Location"], {"password": builders.PASSWORD})
    return asked


def test_this_was_not_me_ends_everything_and_asks_for_a_new_password(cast, inbox, settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    program = builders.program(cast.clinic, acts_for=cast.therapist)
    app = Api(cast.therapist)
    with tenancy.scope(cast.clinic.pk):
        setup.make_feed(user_id=cast.therapist.pk, by=cast.actor(), at=timezone.now())
    here, strangers = sign_in(cast.therapist), sign_in(cast.therapist)
    assert here.get(PAGE).context["feeds"]

    assert report(here)["Location"] == "/account/password/set/"

    assert strangers.get(PAGE).status_code == 302
    assert app.get("/me/").status_code == 401
    assert ApiClient.objects.get(pk=program.pk).acts_for_approved_at is None
    with tenancy.scope(cast.clinic.pk):
        assert not Feed.objects.filter(user_id=cast.therapist.pk, revoked_at=None).exists()
    assert sign_in(cast.therapist).get(PAGE).status_code == 302  # the old password is no longer one
    assert here.get("/")["Location"] == "/account/password/set/"
    refused = here.get("/api/v1/patients/")
    assert (refused.status_code, refused.json()["code"]) == (403, "password_change_required")
    form = here.post("/patients/new/", {}, headers={"accept": "text/html"})
    assert (form.status_code, form["Content-Type"]) == (403, "text/html; charset=utf-8")
    for _ in range(100):
        if len(inbox.taken) >= 2:
            break
        time.sleep(0.1)
    assert {message["To"] for message in inbox.taken} == {cast.owner.email, cast.therapist.email}

    new = "another horse battery"
    assert here.post("/account/password/set/", {"password1": new, "password2": new}).status_code == 302
    assert here.get(PAGE).status_code == 200
    cast.therapist.refresh_from_db()
    assert cast.therapist.password_change_required_at is None
    assert "Misuse reported" in {event.label for event in here.get(PAGE).context["events"]}


def test_a_session_left_open_cannot_take_the_account(cast):
    client = Client()
    client.force_login(cast.therapist)

    assert client.post(f"{PAGE}not-me/")["Location"].startswith("/account/reauthenticate/")
    assert client.post("/account/password/set/", {"password1": "x" * 20, "password2": "x" * 20})["Location"].endswith(
        "/account/password/change/"
    )
    cast.therapist.refresh_from_db()
    assert cast.therapist.password_change_required_at is None


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (FIREFOX, "Firefox, Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit Chrome/140.0 Safari/537.36 Edg/140.0",
            "Edge, macOS",
        ),
        ("curl/8", ""),
    ],
)
def test_browsers_have_names(agent, name):
    assert browser_name(agent) == name


def test_a_key_is_stored_as_its_checksum(cast, django_db_blocker):
    key = sign_in(cast.therapist).session.session_key
    assert sessions.checksum(key) == hashlib.sha256(key.encode()).digest()
