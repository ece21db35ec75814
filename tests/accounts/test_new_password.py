"""A forgotten password: a link by mail, from a real SMTP server's hands; it works once, and tells nobody anything."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from allauth.account.forms import EmailAwarePasswordResetTokenGenerator
from django.test import Client

from accounts import tasks
from clinic.celery import app
from tests import builders

NEW = "seventeen quiet herons"


@pytest.fixture
def mailed(inbox):
    """What came for an address: subject, text and the link's path."""

    def send(email, language="en"):
        tasks.send_reset_link(email, language)
        [mail] = inbox.taken
        text = mail.get_payload(decode=True).decode()
        return mail, text, re.search(r"https?://[^/]+(/\S+)", text)[1]

    return send


def choose(client, link, password=NEW):
    page = client.get(link, follow=True)
    address = page.redirect_chain[-1][0] if page.redirect_chain else link
    return page, client.post(address, {"password1": password, "password2": password})


def test_the_link_works_once_and_ends_what_was_signed_in(cast, mailed):
    old = Client()
    old.post("/account/login/", {"login": cast.therapist.email, "password": builders.PASSWORD})
    assert old.get("/patients/").status_code == 200
    mail, _text, link = mailed(cast.therapist.email.upper())
    assert mail["To"] == cast.therapist.email

    for _scanner in range(2):  # reading the link uses nothing up
        assert Client().get(link, follow=True).status_code == 200
    assert choose(Client(), link)[1]["Location"] == "/account/password/reset/done/"

    assert old.get("/patients/").status_code == 302
    page, _answer = choose(Client(), link, "another one of mine")
    assert b"no longer works" in page.content
    for password, status in ((builders.PASSWORD, 200), (NEW, 302)):
        answer = Client().post("/account/login/", {"login": cast.therapist.email, "password": password})
        assert answer.status_code == status


def test_a_link_runs_out(cast, inbox, settings, monkeypatch):
    began = datetime.now(UTC).replace(tzinfo=None) - timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT + 60)
    with monkeypatch.context() as patch:
        patch.setattr(EmailAwarePasswordResetTokenGenerator, "_now", lambda self: began)
        tasks.send_reset_link(cast.therapist.email, "en")
    link = re.search(r"https?://[^/]+(/\S+)", inbox.taken[0].get_payload(decode=True).decode())[1]
    assert b"no longer works" in Client().get(link, follow=True).content


def test_a_weak_password_is_refused_with_the_reason(cast, mailed):
    client = Client()
    _page, answer = choose(client, mailed(cast.therapist.email)[2], "short")
    assert b"at least 12 characters" in answer.content


def test_in_the_language_of_the_page_that_asked(cast, mailed):
    mail, text, _link = mailed(cast.therapist.email, "de")
    assert "Passwort" in str(mail["Subject"]) + text


def test_nobody_and_the_inactive_get_nothing(cast, inbox):
    cast.staff.is_active = False
    cast.staff.save()
    assert [tasks.send_reset_link(email, "en") for email in ("nobody@palpate.example", cast.staff.email)] == [0, 0]
    assert inbox.taken == []


def test_the_page_says_the_same_of_every_address_and_a_worker_is_asked_for_each(cast):
    said = []
    for email in (cast.therapist.email, "nobody@palpate.example"):
        answer = Client().post("/account/password/reset/", {"email": email}, follow=True)
        said.append((answer.redirect_chain, re.sub(rb"hx-headers='[^']+'|value=\"[^\"]+\"", b"", answer.content)))
        assert queued(email)
    assert said[0] == said[1]


def queued(email):
    """Whether the broker holds the task for this address; takes it out."""
    with app.connection_for_read() as connection, connection.SimpleQueue("celery") as queue, suppress(queue.Empty):
        while True:
            found = queue.get_nowait()
            found.ack()
            if found.headers["task"] == tasks.send_reset_link.name and found.payload[0][0] == email:
                return True
    return False


def test_one_address_is_not_flooded(cast):
    answers = [Client().post("/account/password/reset/", {"email": cast.owner.email}).status_code for _ in range(6)]
    assert (answers[0], answers[-1]) == (302, 429)
    while queued(cast.owner.email):
        pass
