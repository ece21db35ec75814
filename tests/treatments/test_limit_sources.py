"""Every limit of a dose says where it comes from; no source is claimed for a limit that is not there."""

from __future__ import annotations

import pytest
from django.test import Client

from tests import builders
from treatments import limit_sources, rules


def test_every_limit_that_has_a_source_is_there():
    for technique, field, limit in limit_sources.SOURCES:
        limits = rules.TECHNIQUES[technique].dose[field]
        assert getattr(limits, limit) is not None, (technique, field, limit)


def test_what_prefills_a_form_has_a_source_of_its_own():
    for code, technique in rules.TECHNIQUES.items():
        for name, limits in technique.dose.items():
            if limits.typical is not None:
                assert limit_sources.source_of(code, name, "typical") != limit_sources.OURS, (code, name)


def test_the_api_gives_each_limit_with_source_and_status(api):
    fields = 0
    for technique in api().get("/techniques/", {"limit": 100}).json()["results"]:
        for field in technique["dose"]:
            named = [limit["limit"] for limit in field["limits"]]
            assert named == [name for name in ("hard", "soft", "typical") if field[name] is not None]
            for limit in field["limits"]:
                assert limit["status"] in limit_sources.STATUSES
                assert limit["source"]
                assert [limit["low"], limit["high"]] == field[limit["limit"]]
                fields += 1
    assert fields > 60


@pytest.fixture
def session_page(cast, api, patient):
    session = api().post(f"/patients/{patient}/sessions/", builders.treatment()).json()["id"]
    client = Client()
    client.force_login(cast.therapist)
    return client.get(f"/sessions/{session}/").content.decode()


def test_every_usual_value_on_the_screen_has_an_info_button(session_page):
    usual = sum(
        1 for technique in rules.TECHNIQUES.values() for limits in technique.dose.values() if limits.soft is not None
    )
    assert session_page.count("data-limit-source") == usual
    assert "Product proposal; not reviewed by a clinician" in session_page
    assert "Sherman 2014" in session_page
