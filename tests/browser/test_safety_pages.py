"""Pages of safety on a tablet and a phone: nothing is cut off, and a finger meets each button."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.conftest import PHONE, TABLET
from tests.browser.test_consent import small_targets

pytestmark = pytest.mark.processes
PICTURES = os.environ.get("PICTURES")  # a folder: what the pages look like goes there
VIEWPORTS = [("tablet", TABLET), ("phone", PHONE)]


def look_at(page, name):
    if PICTURES:
        page.wait_for_timeout(200)
        page.screenshot(path=str(Path(PICTURES) / f"safety-{name}.png"), full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    assert small_targets(page) == [], name


@pytest.mark.parametrize(("name", "viewport"), VIEWPORTS)
def test_the_questions_in_an_exam(person, patient_id, name, viewport):
    page = person(viewport=viewport, has_touch=True).sign_in()
    page.goto(f"/patients/{patient_id}/red-flags/")
    page.click("button[name=to]")
    page.wait_for_selector("dialog#red-flags[open]")
    page.check("[data-path='red_flags/vascular_5d_3n/answer'][value=yes]", force=True)
    row = page.locator("[data-flag=vascular_5d_3n]")
    row.scroll_into_view_if_needed()
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"safety-red-flag-{name}.png"))
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('dialog#red-flags'))")


@pytest.mark.parametrize(("name", "viewport"), VIEWPORTS)
def test_the_desk_withdraws(person, patient_id, name, viewport):
    page = person("staff", viewport=viewport, has_touch=True).sign_in()
    page.goto(f"/patients/{patient_id}/consents/withdraw/")
    look_at(page, f"withdraw-{name}")
