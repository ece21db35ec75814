"""Guessing passwords: counted by account and by true peer; a stranger locks nobody out."""

from __future__ import annotations

import pytest
from django.test import Client, RequestFactory

from identity.proxies import client_address
from tests import builders

PROXY = "10.0.0.5"


def sign_in(client, user, password, **meta):
    return client.post("/account/login/", {"login": user.email, "password": password}, **meta)


def test_another_host_header_does_not_start_again(cast):
    for number in range(5):
        sign_in(Client(), cast.therapist, "wrong", HTTP_HOST=f"127.0.0.1:{number + 1}")

    assert sign_in(Client(), cast.therapist, builders.PASSWORD, HTTP_HOST="127.0.0.1:99").status_code == 200


def test_an_invented_address_does_not_start_again(cast, settings):
    settings.TRUSTED_PROXIES = [PROXY]
    for number in range(20):
        forged = {"HTTP_X_FORWARDED_FOR": f"198.51.100.{number}"}
        Client().post("/account/login/", {"login": f"{number}@example.org", "password": "wrong"}, **forged)

    answer = sign_in(Client(), cast.therapist, builders.PASSWORD, HTTP_X_FORWARDED_FOR="198.51.100.99")

    assert answer.status_code == 200  # the form again: too many from 127.0.0.1


def test_a_stranger_does_not_lock_a_known_browser_out(cast):
    known = Client()
    assert sign_in(known, cast.therapist, builders.PASSWORD).status_code == 302
    known.post("/account/logout/")
    for number in range(8):
        sign_in(Client(), cast.therapist, "wrong", REMOTE_ADDR=f"198.51.100.{number}")
    assert sign_in(Client(), cast.therapist, builders.PASSWORD).status_code == 200

    assert sign_in(known, cast.therapist, builders.PASSWORD).status_code == 302


def test_a_known_browser_is_limited_too_and_knows_one_account_only(cast):
    known = Client()
    sign_in(known, cast.therapist, builders.PASSWORD)
    known.post("/account/logout/")
    for user in (cast.therapist, cast.colleague):
        for _try in range(5):
            sign_in(known, user, "wrong")
        assert sign_in(known, user, builders.PASSWORD).status_code == 200
    assert sign_in(Client(), cast.colleague, builders.PASSWORD).status_code == 200  # counted with all strangers


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.9", "198.51.100.1", "203.0.113.9"),
        (PROXY, "198.51.100.1", "198.51.100.1"),
        (PROXY, "6.6.6.6, 198.51.100.1", "198.51.100.1"),
        (PROXY, "198.51.100.1, 10.0.0.5", "198.51.100.1"),
        (PROXY, "1.2.3.4:5555", "1.2.3.4"),
        (PROXY, "[2001:db8::1]:443", "2001:db8::1"),
        (PROXY, "fe80::1%eth0", "fe80::1"),
        (PROXY, "::ffff:192.0.2.1", "192.0.2.1"),
        (PROXY, "198.51.100.1, unknown", PROXY),
        (PROXY, "'; DROP TABLE", PROXY),
        (PROXY, "", PROXY),
        ("fe80::1%eth0", "", "fe80::1"),
        ("", "198.51.100.1", ""),
    ],
)
def test_only_own_proxies_are_believed(settings, peer, forwarded, address):
    settings.TRUSTED_PROXIES = [PROXY]
    request = RequestFactory().get("/", REMOTE_ADDR=peer, HTTP_X_FORWARDED_FOR=forwarded)

    assert client_address(request) == address


@pytest.mark.parametrize("forwarded", ["1.2.3.4:5555", "fe80::1%eth0", "[::1", "junk", "٣.٣.٣.٣", ",,,", "1" * 5000])
def test_junk_is_no_error(cast, settings, forwarded):
    settings.TRUSTED_PROXIES = ["127.0.0.0/8"]
    client = Client(headers={"X-Forwarded-For": forwarded})

    assert sign_in(client, cast.therapist, "wrong").status_code == 200
    assert sign_in(client, cast.therapist, builders.PASSWORD).status_code == 302
    assert client.get("/api/v1/me/").status_code == 200
    assert client.get("/").status_code == 200


def test_a_stranger_does_not_say_that_it_is_https(settings):
    settings.TRUSTED_PROXIES, settings.SECURE_SSL_REDIRECT = [PROXY], True
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    for peer, status in ((PROXY, 200), ("203.0.113.9", 301)):
        answer = Client().get("/account/login/", REMOTE_ADDR=peer, headers={"X-Forwarded-Proto": "https"})
        assert answer.status_code == status
