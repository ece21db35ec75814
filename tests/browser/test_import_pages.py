"""The pages of imports on a tablet and a phone, in English and German: a CSV file from upload to the review list."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, TABLET, faults
from tests.browser.test_consent import small_targets

pytestmark = pytest.mark.processes
PICTURES = os.environ.get("PICTURES")  # a folder: what the pages look like goes there


def look_at(page, name):
    page.wait_for_load_state("load")
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"import-{name}.png"), full_page=True)
    page.wait_for_function("() => document.documentElement?.scrollWidth <= innerWidth")
    assert small_targets(page) == [], name
    assert faults(page) == [], name


def table(number, family):
    rows = "Patientennummer;Nachname;Vorname;Geburtsdatum;Geschlecht;Telefon;Bemerkung"
    return f"{rows}\n{number};{family};Anna;03.02.1980;w;+44 20 7183 8750;Ruft selbst an\n".encode()


@pytest.mark.parametrize(("language", "viewport"), [("en", TABLET), ("de", PHONE)], ids=["tablet-en", "phone-de"])
def test_from_the_file_to_the_review_list(person, language, viewport):
    page = person("staff", viewport=viewport, has_touch=True, locale=language).sign_in()
    number, family = uuid.uuid4().hex[:8], f"Berg{uuid.uuid4().hex[:6]}"
    suffix = f"{'tablet' if viewport is TABLET else 'phone'}-{language}"
    for name in (family, f"Lund{family}"):
        page.goto("/patients/imports/")
        page.set_input_files("#file", {"name": "liste.csv", "mimeType": "text/csv", "buffer": table(number, name)})
        with page.expect_navigation():
            page.click("form.narrow-form button.wide")
        assert page.locator("#column-1").input_value() == "family_name"
        look_at(page, f"mapping-{suffix}")
        page.fill("#name", "Praxisprogramm")
        with page.expect_navigation():
            page.click("button[value=check]")
        look_at(page, f"check-{suffix}")
        page.click("button[value=import]")
        page.wait_for_url("**/patients/imports/*-*/")
        look_at(page, f"run-{suffix}")
    page.goto("/patients/imports/")
    look_at(page, f"list-{suffix}")
    page.goto("/patients/imports/review/")
    look_at(page, f"review-{suffix}")
    card = page.locator(".card", has_text=number)
    card.locator("button[value=different]").click()
    expect(page.locator(".card", has_text=number)).to_have_count(0)
