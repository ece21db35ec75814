"""Bodies that are too large are refused by their length, on every route, before anything reads them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from api.bodies import body_limit

MB = 2**20
LARGE = {
    "/api/v1/patients/imports/",
    "/admin/patients/patient/import/",
    "/patients/imports/",
    "/programmes/pictures/",
    "/settings/clinic/logo/",
}
ARGUMENTS = {"uuid": "01a1fb94-cd7d-7c2d-8e00-e0920d259e17", "int": "1", "day": "2026-11-20"}


class Untouchable:
    """A request's input that nobody may read."""

    def read(self, *size: int) -> bytes:
        raise AssertionError("the body was read")

    readline = read


def all_paths(patterns: Any = None, prefix: str = "/") -> Iterator[str]:
    """One path for each route."""
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        text = prefix + example_of(str(entry.pattern))
        if isinstance(entry, URLResolver):
            yield from all_paths(entry.url_patterns, text)
        elif isinstance(entry, URLPattern):
            yield text


def example_of(pattern: str) -> str:
    text = re.sub(r"<(?:(\w+):)?\w+>", lambda found: ARGUMENTS.get(found[1] or "str", "x"), pattern)
    text = re.sub(r"\(\?P<\w+>[^)]*\)", "x", text.removeprefix("^"))
    return re.sub(r"\\Z$|\$$|\\", "", text)


def test_imports_and_pictures_take_25_mb_and_all_others_1_mb():
    paths = list(all_paths())

    assert len(paths) > 250
    assert {path for path in paths if body_limit(path) != MB} == LARGE
    assert {body_limit(path) for path in LARGE} == {25 * MB}
    assert body_limit("/not/a/path") == MB


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_route_reads_a_body_that_is_too_large(cast, signed_in):
    client = Client()
    if signed_in:
        client.force_login(cast.owner)
    wrong = {}

    for path in all_paths():
        sent: dict[str, Any] = {"wsgi.input": Untouchable(), "CONTENT_LENGTH": str(body_limit(path) + 1)}
        answer = client.generic("POST", path, content_type="application/x-www-form-urlencoded", **sent)
        is_problem = answer["Content-Type"] == "application/problem+json"
        if answer.status_code != 413 or is_problem is not path.startswith(("/api/", "/oauth/token", "/oauth/revoke")):
            wrong[path] = answer.status_code

    assert wrong == {}


def test_the_refusal_is_in_the_language_of_the_page(db):
    sent = {"wsgi.input": Untouchable(), "CONTENT_LENGTH": str(60 * MB)}

    page = Client().generic("POST", "/account/login/", **sent)
    script = Client().generic("POST", "/account/login/", headers={"Accept": "application/json"}, **sent)

    assert "The request is larger than 1 MB. Send less at once." in page.content.decode()
    assert script.json() | {"type": ""} == {
        "type": "",
        "title": "Too large",
        "status": 413,
        "detail": "The request is larger than 1 MB. Send less at once.",
        "code": "too_large",
        "params": {"most_mb": 1},
        "errors": [],
    }


def test_a_body_of_unknown_length_is_not_read_as_empty(cast):
    """The web server names the length of what it gathered (`clinic.serving`); another server may not."""
    sent: dict[str, Any] = {"wsgi.input": Untouchable(), "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_LENGTH": ""}

    answer = Client().generic("POST", "/api/v1/patients/", **sent)

    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")
