"""Adverse events with a finger and a keyboard: asked in the session, recorded, counted; the advice after needling."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from tests import builders
from tests.browser.conftest import PHONE, TABLET, saved
from tests.browser.test_consent import small_targets

pytestmark = pytest.mark.processes
PICTURES = os.environ.get("PICTURES")  # a folder: what the pages look like goes there


def picture(page, name):
    if PICTURES:
        page.wait_for_timeout(200)
        page.screenshot(path=str(Path(PICTURES) / f"harm-{name}.png"), full_page=True)


class Writer:
    """The API's client as `builders.ready` uses one."""

    def __init__(self, writer: Any) -> None:
        self.post = lambda path, body=None: writer.post(path, json=body or {})


def needled(writer, patient_id, *, sign=True, **fields):
    body = builders.treatment(**{"interventions": [builders.needling()]} | fields)
    session = writer.post(f"/patients/{patient_id}/sessions/", json=body).json()["id"]
    if sign:
        signed = writer.post(f"/sessions/{session}/sign/", json={})
        assert signed.status_code == 200, signed.text
    return session


@pytest.mark.parametrize(("name", "viewport"), [("tablet", TABLET), ("phone", PHONE)])
def test_asked_recorded_and_given(person, writer, patient_id, name, viewport):
    builders.ready(Writer(writer), patient_id, performed_at="2026-01-05T09:00:00Z")
    first = needled(writer, patient_id, performed_at="2026-01-05T10:00:00Z")
    draft = needled(writer, patient_id, sign=False, performed_at="2026-01-09T10:00:00Z")
    page = person(viewport=viewport, has_touch=True).sign_in()

    page.goto(f"/documents/session/{draft}/review/")
    picture(page, f"review-{name}")
    assert "Problems after the last treatment were not asked about" in page.inner_text("main")
    assert "warned of pneumothorax" in page.inner_text("main")
    page.goto(f"/sessions/{draft}/")
    page.wait_for_selector("body[data-ready]")
    page.check(f'[data-path="adverse_events_asked/{first}"][value=problems]', force=True)
    saved(page)
    picture(page, f"session-{name}")
    asked = writer.get(f"/sessions/{draft}/").json()["adverse_events_asked"]
    assert asked == [{"about": first, "answer": "problems"}]

    page.click(".asked-card a.button")
    page.wait_for_selector("form.event-form")
    assert page.input_value("#session") == first
    assert small_targets(page) == []
    page.check("input[name=codes][value=bruise]", force=True)
    page.check("input[name=severity][value=mild]", force=True)
    page.fill("#onset_at", "2026-01-05T12:00")
    page.fill("#duration", "2")
    page.select_option("select[name=duration_unit]", "d")
    page.check("input[name=causality][value=probable]", force=True)
    page.click("form.event-form .big")
    page.wait_for_selector(".problem")
    picture(page, f"form-{name}")
    page.check("input[name=outcome][value=resolved]", force=True)
    page.click("form.event-form .big")
    page.wait_for_selector(".event-actions")
    picture(page, f"event-{name}")
    assert small_targets(page) == []
    [event] = writer.get(f"/patients/{patient_id}/adverse-events/").json()["results"]
    assert (event["codes"], event["duration_min"], event["session_id"]) == (["bruise"], 2880, first)

    page.goto(f"/sessions/{draft}/aftercare/")
    picture(page, f"aftercare-{name}")
    assert small_targets(page) == []
    page.click("button[name=how][value=printed]")
    page.wait_for_selector(".notice")
    page.goto(f"/documents/session/{draft}/review/")
    assert "warned of pneumothorax" not in page.inner_text("main")
    picture(page, f"review-after-{name}")
    page.goto(f"/documents/session/{first}/")
    picture(page, f"signed-{name}")
    page.goto(f"/patients/{patient_id}/")
    page.wait_for_selector(".strip")
    picture(page, f"patient-{name}")


def test_axe_finds_nothing(person, writer, patient_id):
    from axe_playwright_python.sync_playwright import Axe

    builders.ready(Writer(writer), patient_id, performed_at="2026-01-05T09:00:00Z")
    session = needled(writer, patient_id, performed_at="2026-01-05T10:00:00Z")
    body = builders.adverse_event(session=session, onset_at="2026-01-05T12:00:00Z")
    event = writer.post(f"/patients/{patient_id}/adverse-events/", json=body).json()["event_id"]
    events = f"/patients/{patient_id}/adverse-events/"
    paths = {
        "therapist": [
            events,
            f"{events}new/",
            f"{events}{event}/",
            f"{events}{event}/edit/",
            f"/sessions/{session}/aftercare/",
            f"/documents/session/{session}/",
            "/adverse-events/?since=2020-01-01",
        ],
        "owner": ["/adverse-events/?since=2020-01-01", events, f"{events}{event}/"],
    }
    found = []
    for role, theme, viewport in (("therapist", "light", TABLET), ("owner", "dark", PHONE)):
        page = person(role, color_scheme=theme, viewport=viewport, reduced_motion="reduce").sign_in()
        for path in paths[role]:
            page.goto(path)
            short = path.split("?")[0].replace(patient_id, "p").replace(event, "e").replace(session, "s")
            picture(page, f"{role}{short.replace('/', '-')}")
            for violation in Axe().run(page).response["violations"]:
                found += [(path, violation["id"], node["html"][:160]) for node in violation["nodes"][:3]]
            assert not page.evaluate("() => document.documentElement.scrollWidth > innerWidth + 1"), path
    assert found == []
