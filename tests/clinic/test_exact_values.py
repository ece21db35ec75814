"""What a body says is never read as something else: a bare time, or a number as an ID, on every route."""

from __future__ import annotations

import re

import pytest

from tests.test_revisions import person_for
from tests.test_routes import ROUTES, ask, cast, ids, world  # noqa: F401 - fixtures

TIME = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|[+-]\d\d:\d\d)")
# The person in the path is no part of the body; these ids are of the body, and written as text.
BODIES = [(path, method, scope, body) for path, method, scope, body in ROUTES if body and method in ("post", "patch")]


def fields_where(body, is_such):
    return [name for name, value in body.items() if isinstance(value, str) and is_such(name, value)]


TIMES = [(*line, name) for line in BODIES for name in fields_where(line[3], lambda _name, value: TIME.fullmatch(value))]
NUMBERS = [
    (*line, name)
    for line in BODIES
    for name in fields_where(line[3], lambda name, _value: name.endswith("_id") or name in ("into", "session"))
]


def test_the_sweep_has_times_and_ids():
    assert len(TIMES) >= 6
    assert len(NUMBERS) >= 10


@pytest.mark.parametrize(("path", "method", "scope", "body", "name"), TIMES)
def test_a_time_without_an_offset_is_refused(path, method, scope, body, name, api, cast, ids):  # noqa: F811
    answer = ask(api(person_for(cast, scope)), path, method, body | {name: "2026-11-20T10:00:00"}, ids)

    assert answer.status_code == 400, answer.content
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(f"/{name}", "invalid")]
    assert "time zone" in answer.json()["errors"][0]["detail"]


@pytest.mark.parametrize(("path", "method", "scope", "body", "name"), NUMBERS)
def test_a_number_is_no_id(path, method, scope, body, name, api, cast, ids):  # noqa: F811
    answer = ask(api(person_for(cast, scope)), path, method, body | {name: 1}, ids)

    assert answer.status_code == 400, answer.content
    assert [(e["pointer"], e["code"]) for e in answer.json()["errors"]] == [(f"/{name}", "invalid")]
