"""The bar leads each role to its work; `?` shows keys; "back" never sends a form again; it can be installed."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESK, PHONE, TABLET

EVERYBODY = ["Today", "Patients", "Calendar", "Worklist"]
OF_ROLE = {
    "therapist": [*EVERYBODY, "Messages", "Figures"],
    "staff": [*EVERYBODY, "Waitlist", "Messages", "Figures"],
    "owner": [*EVERYBODY, "Waitlist", "Messages", "Figures", "Settings"],
}


@pytest.mark.parametrize("role", OF_ROLE)
def test_each_role_has_its_pages_in_the_bar(person, role):
    someone = person(role)
    page = someone.sign_in()
    links = page.locator(".bar nav a")

    assert [text.strip() for text in links.all_inner_texts()] == OF_ROLE[role]
    for index in range(links.count()):
        path = links.nth(index).get_attribute("href")
        assert page.request.get(path).status == 200, path


@pytest.mark.parametrize("viewport", [PHONE, TABLET, DESK], ids=["phone", "tablet", "desk"])
def test_the_bar_fits(person, viewport):
    page = person("owner", viewport=viewport).sign_in()

    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1")
    box = page.locator(".bar").bounding_box()
    assert box["height"] <= (130 if viewport is PHONE else 70)


def test_the_question_mark_shows_the_keys_of_the_page(person):
    page = person("staff").sign_in()
    page.goto("/worklist/")
    page.keyboard.press("?")
    expect(page.locator("#page-keys")).to_be_visible()
    assert "search everywhere" in page.inner_text("#page-keys")
    page.keyboard.press("Escape")
    expect(page.locator("#page-keys")).to_be_hidden()
    page.click("[data-search]")
    page.locator("#search-text").press("?")  # where somebody writes it is a character
    expect(page.locator("#page-keys")).to_be_hidden()


def test_back_to_the_answer_of_a_form_only_looks_at_it(person, patient_id):
    page = person("staff").sign_in()
    page.goto(f"/patients/{patient_id}/edit/")
    page.fill("[name=family_name]", "")
    page.locator("form[method=post]:has([name=family_name])").evaluate(
        "(form) => { form.noValidate = true; form.requestSubmit(); }"
    )
    expect(page.locator("[aria-invalid=true]").first).to_be_visible()
    page.goto("/patients/")
    answer = page.go_back()

    assert answer.request.method == "GET"
    assert answer.status == 200


def test_the_manifest_and_its_icons_are_there(person):
    page = person().sign_in()
    found = page.request.get(page.locator("link[rel=manifest]").get_attribute("href"))
    manifest = json.loads(found.body())

    assert found.headers["content-type"].startswith("application/manifest+json")
    assert manifest["start_url"] == "/"
    assert {icon["sizes"] for icon in manifest["icons"]} == {"192x192", "512x512"}
    for icon in manifest["icons"]:
        picture = page.request.get(f"/static/{icon['src']}")
        assert picture.body().startswith(b"\x89PNG")
