"""Consent on the tablet: a finger signs, the keyboard has another way, the list tells and withdraws."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.browser.conftest import PHONE, TABLET

pytestmark = pytest.mark.processes
PICTURES = os.environ.get("PICTURES")  # a folder: what the pages look like goes there


def picture(page, name):
    if PICTURES:
        page.wait_for_timeout(200)
        page.screenshot(path=str(Path(PICTURES) / f"consent-{name}.png"), full_page=True)


def choose(page, patient_id, *regions):
    page.goto(f"/patients/{patient_id}/consents/new/")
    page.check("input[value=dry_needling]", force=True)
    for region in regions:
        page.check(f"input[name=region][value={region}]", force=True)
    return page


def small_targets(page):
    """Names of what is smaller than a finger. Links in running text are not aimed at in a hurry."""
    return page.evaluate(
        """() => [...document.querySelectorAll("main button, main .button, main .chip.pick, main input, main summary")]
        .filter(e => e.checkVisibility() && getComputedStyle(e).opacity > 0 && e.getBoundingClientRect().height)
        .filter(e => e.type !== "hidden" && e.getBoundingClientRect().height < 47.5)
        .map(e => e.outerHTML.slice(0, 90))"""
    )


@pytest.mark.parametrize(("name", "viewport"), [("tablet", TABLET), ("phone", PHONE)])
def test_a_finger_signs(person, writer, patient_id, name, viewport):
    therapist = person(viewport=viewport, has_touch=True)
    page = therapist.sign_in()
    choose(page, patient_id, "neck", "thorax")
    picture(page, f"choose-{name}")
    assert small_targets(page) == []
    page.click("main form button")
    page.wait_for_selector("body[data-ready]")
    assert not page.locator("#witness").is_visible()
    assert not page.locator("#guardian_name").is_visible()
    assert "1,463 of 7,629" in page.inner_text("article")

    pad = page.locator("[data-pad]")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + box["height"] * 0.7)
    page.mouse.down()
    for step in range(1, 30):
        up_and_down = 0.7 - (0.45 if step % 6 < 3 else 0.1) * (step % 3) / 2
        page.mouse.move(box["x"] + 30 + step * (box["width"] - 80) / 30, box["y"] + box["height"] * up_and_down)
    page.mouse.up()
    assert len(page.input_value("[data-signature]")) > 50
    picture(page, f"record-{name}")
    assert small_targets(page) == []
    page.check("input[name=copy][value=printed]", force=True)
    page.click("form[data-consent] .big")
    page.wait_for_selector("svg.signed path")
    picture(page, f"form-{name}")

    consents = writer.get(f"/patients/{patient_id}/consents/").json()["results"]
    assert {(c["region"], c["state"], c["how"]) for c in consents} == {
        ("neck", "valid", "signature"),
        ("thorax", "valid", "signature"),
    }
    page.goto(f"/patients/{patient_id}/consents/")
    page.click("summary >> nth=0")
    picture(page, f"list-{name}")
    assert small_targets(page) == []
    page.click("button.danger >> nth=0")
    page.wait_for_selector(".chip.stop")
    page.goto(f"/patients/{patient_id}/")
    page.wait_for_selector(".strip")
    picture(page, f"patient-{name}")


def test_the_keyboard_has_another_way(person, writer, patient_id):
    page = person().sign_in()
    choose(page, patient_id, "general").click("main form button")
    page.wait_for_selector("body[data-ready]")
    page.focus("input[name=how][value=signature]")
    page.keyboard.press("ArrowDown")
    assert not page.locator("[data-pad]").is_visible()
    page.fill("#witness", "Sam Field")
    page.focus("input[name=copy]")
    page.focus("form[data-consent] .big")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: not url.endswith("/new/") and "/new/?" not in url)
    [consent] = writer.get(f"/patients/{patient_id}/consents/").json()["results"]
    assert (consent["how"], consent["witness"]) == ("typed_name", "Sam Field")


def test_clear_and_sign_again(person, patient_id):
    page = person().sign_in()
    choose(page, patient_id, "general").click("main form button")
    page.wait_for_selector("body[data-ready]")
    page.locator("[data-pad]").scroll_into_view_if_needed()
    page.click("[data-pad]")
    page.click("[data-clear]")
    assert page.input_value("[data-signature]") == ""
    page.click("form[data-consent] .big")
    page.wait_for_selector(".wrong")
    assert "Let the patient sign" in page.inner_text(".wrong")


def test_axe_finds_nothing(person, patient_id):
    from axe_playwright_python.sync_playwright import Axe

    found = []
    for role, theme, viewport in (("therapist", "light", TABLET), ("owner", "dark", PHONE)):
        someone = person(role, color_scheme=theme, viewport=viewport, reduced_motion="reduce")
        page = someone.sign_in()
        paths = {
            "therapist": [
                f"/patients/{patient_id}/consents/",
                f"/patients/{patient_id}/consents/new/",
                f"/patients/{patient_id}/consents/new/?technique_class=injection&region=thorax&region=neck",
                "/lots/",
            ],
            "owner": ["/consents/texts/", "/competencies/", "/lots/", "/scheduling/competencies/"],
        }[role]
        for path in paths:
            page.goto(path)
            picture(page, path.strip("/").split("?")[0].replace("/", "-").replace(patient_id, "p"))
            for violation in Axe().run(page).response["violations"]:
                found += [(path, violation["id"], node["html"][:160]) for node in violation["nodes"][:3]]
            assert not page.evaluate("() => document.documentElement.scrollWidth > innerWidth + 1"), path
    assert found == []
