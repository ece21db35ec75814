"""Refusals of strangers are events, and never fill the table."""

import time

import pytest
from django.core.cache import cache

from audit import periodic, strangers
from audit.models import AuditEvent
from tests.api import Api
from tests.committed import superuser


@pytest.fixture(autouse=True)
def own_window(db, monkeypatch):
    cache.clear()
    number = int(time.time() // strangers.WINDOW_S)
    clock = {"window": number}
    monkeypatch.setattr(strangers.time, "time", lambda: clock["window"] * strangers.WINDOW_S + 1.0)
    return clock


@pytest.fixture
def written(monkeypatch):
    """The rows, as the audit module adds them: nobody's rows are seen by no clinic."""
    from audit import actions

    rows, insert = [], actions.run_prepared
    monkeypatch.setattr(actions, "run_prepared", lambda sql, row: (rows.append(row), insert(sql, row))[1])
    return rows


def test_a_thousand_strangers_requests_are_two_events(written, own_window):
    stranger = Api(None)
    for _ in range(1000):
        assert stranger.get("/patients/").status_code == 401
    assert [row[3:6] for row in written] == [("patient.search", "refused", "not_authenticated")]

    own_window["window"] += 1
    assert periodic.add_counted_refusals() == 1
    assert periodic.add_counted_refusals() == 0
    assert (written[-1][3], written[-1][10]) == ("patient.search", 999)


def test_many_addresses_are_bounded_too(written, own_window):
    for number in range(400):
        strangers_refused = strangers.is_first("a.read", "refused", "not_authenticated", f"2001:db8::{number:x}")
        assert strangers_refused is (number < strangers.MOST_KINDS)
    own_window["window"] += 1
    assert periodic.add_counted_refusals() == 1
    assert written[-1][3:6] == ("anonymous.refused", "refused", "too_many_kinds")
    assert written[-1][10] == 300


def test_without_redis_a_process_counts_for_itself_and_the_answer_is_the_same(written, settings):
    settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"}}
    for _request in range(5):
        assert Api(None).get("/patients/").status_code == 401
    assert len(written) <= 1


def test_a_known_callers_refusals_are_each_an_event(cast, api):
    for _ in range(3):
        assert api(cast.program).post("/patients/", {}).status_code == 403
    with superuser() as link:
        assert link.execute("SELECT 1").fetchone() == (1,)
    from database import tenancy

    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(outcome="refused", code="missing_scope").count() == 3


def test_wrong_links_are_counted_too_and_each_takes_a_statement(written, own_window):
    from messaging.web.patient import admit

    for number in range(50):
        assert admit(f"no-such-token-{number}", year="1980", known=None, ip="203.0.113.9") is None
    events = [row for row in written if row[-1]]
    assert [row[3:6] for row in events] == [("link.open", "refused", "no_link")]
    assert len(written) == 50
