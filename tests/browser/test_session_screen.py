"""The session screen: technique, dose, hold, needles, before and after, the red flag's stop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from tests import builders
from tests.browser.conftest import PHONE, saved

pytestmark = pytest.mark.long


def examined(writer, patient_id, *, yes=(), consents=True):
    """An exam of an hour ago with one point, all red flags answered; and consent to needling the upper trapezius."""
    at = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    finding = {
        "muscle": "trapezius_upper",
        "side": "right",
        "taut_band": "present",
        "hypersensitive_spot": "present",
        "recognised": "yes",
    }
    body = {"performed_at": at, "findings": [finding], "red_flags": builders.screen(yes=yes)}
    exam = writer.post(f"/patients/{patient_id}/assessments/", json=body).json()
    assert writer.post(f"/assessments/{exam['id']}/sign/").status_code == 200
    for region in ("neck", "thorax") if consents else ():
        sent = builders.consent(region=region, given_at=at)
        assert writer.post(f"/patients/{patient_id}/consents/", json=sent).status_code == 201


def stored(writer, url):
    return writer.get(f"/sessions/{url.rstrip('/').split('/')[-1]}/").json()


def test_compression_needling_and_what_came_of_it(person, writer, patient_id):
    examined(writer, patient_id)
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_session(page, patient_id)
    page.locator('[data-phase=before] input[value="6"]').click()
    page.click("button[data-point]")
    page.click("[data-technique=ischemic_compression]")
    assert page.input_value("[data-field=hold_s] input") == "30", "typical, pale until taken"
    assert stored(writer, url)["interventions"] == [] or "hold_s" not in stored(writer, url)["interventions"][0]["dose"]
    page.click("[data-hold] button")
    page.wait_for_timeout(6100)
    page.click("[data-hold] button")
    page.wait_for_selector("[data-why=hold_s]:not([hidden])")
    page.fill("[data-why=hold_s] input", "The point let go at once.")
    page.fill("[data-ppt] input >> nth=0", "181.1")
    page.fill("[data-ppt] input >> nth=1", "214.8")
    page.keyboard.press("Tab")
    saved(page)
    page.click("button[data-point]")
    page.click("[data-technique=dry_needling]")
    page.wait_for_selector("[data-step=needles_in]")
    page.click("[data-step=needles_in]")
    page.click("[data-step=needles_in]")
    page.click("[data-step=needles_out]")
    page.fill("[data-field=needle_length_mm] input >> visible=true", "25")
    assert page.inner_text("[data-needles]") == "1 still in"
    page.locator('[data-phase=after] input[value="4"]').click()
    saved(page)
    words = page.inner_text("[data-phase=after] [data-change]")
    assert "beyond MCID 1.3 (neck pain, Cleland 2008)" in words
    assert "within MDC 4.0 (neck pain, Kovacs 2008)" in words
    page.click("[data-review]")
    page.wait_for_url("**/review/")
    assert "2 needles inserted, 1 removed" in page.inner_text(".wrong")
    assert page.is_disabled("text=Sign as")
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    page.click("[data-step=needles_out]")
    saved(page)
    page.click("[data-review]")
    page.wait_for_url("**/review/")
    page.click("text=Sign as")
    page.wait_for_url("**/documents/session/*/")

    session = stored(writer, url)
    assert session["status"] == "signed"
    assert session["interventions"][0]["dose"]["hold_s"] in range(6, 12)
    assert session["interventions"][0]["limit_reasons"] == {"hold_s": "The point let go at once."}
    assert session["interventions"][1]["dose"] == {
        "needle_length_mm": 25,
        "needles_in": 2,
        "needles_out": 2,
    }
    assert sorted((m["kind"], m["phase"], m["value"]) for m in session["measures"]) == [
        ("pain", "after", 4),
        ("pain", "before", 6),
        ("ppt_kpa", "after", 214.8),
        ("ppt_kpa", "before", 181.1),
    ]


def test_a_red_flag_stops_until_somebody_answers_for_it(person, writer, patient_id):
    examined(writer, patient_id, yes=["trauma_recent"])
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_session(page, patient_id)
    page.click("button[data-point]")
    page.click("[data-technique=stretching]")
    saved(page)
    page.click("[data-review]")
    page.wait_for_url("**/review/")
    assert "Recent injury or dangerous mechanism" in page.inner_text(".wrong")
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    page.fill("#override-trauma_recent", "Cleared by X-ray on Monday.")
    page.keyboard.press("Tab")
    saved(page)
    page.click("[data-review]")
    page.wait_for_url("**/review/")

    assert page.is_enabled("text=Sign as")
    (override,) = stored(writer, url)["overrides"]
    assert (override["code"], override["reason"]) == ("trauma_recent", "Cleared by X-ray on Monday.")
    assert override["by"]


def test_what_stands_in_the_way_is_shown_before_and_answered_in_one_place(person, writer, patient_id):
    examined(writer, patient_id, yes=["psych_safety", "fever_infection"], consents=False)
    therapist = person(viewport=PHONE)
    page = therapist.sign_in()
    url = therapist.new_session(page, patient_id)
    page.click("button[data-point]")
    page.wait_for_selector("[data-technique=dry_needling] .level-mark.stop")
    assert not page.locator("[data-technique=advice] .level-mark").inner_text()
    page.click("[data-technique=dry_needling]")
    page.wait_for_selector("[data-safety-card] .level")
    assert "Pneumothorax" not in page.inner_text("[data-safety-panel]")
    saved(page)
    page.wait_for_selector("[data-safety-panel] .level.stop")
    panel = page.locator("[data-safety-panel]")
    assert "No consent to Dry needling (Over or near the lung)" in panel.inner_text()
    assert "A reason is not enough here." in panel.inner_text()
    card = page.locator("[data-safety-card]")
    assert "Anticoagulant: use a thin needle" in card.inner_text()
    assert "Muñoz" not in card.inner_text()
    card.locator("li", has_text="Anticoagulant").locator(".source summary").click()
    assert "Muñoz 2022" in card.inner_text()
    assert page.locator("[data-field=es_hz]").is_hidden()
    page.select_option("[data-field=needling_technique] select", "electrical")
    assert page.locator("[data-field=es_hz]").is_visible()
    page.check("#acknowledged-psych_safety")
    page.fill("#override-fever_infection", "The fever was last week and is gone.")
    page.keyboard.press("Tab")
    saved(page)

    session = stored(writer, url)
    assert [row["code"] for row in session["acknowledged"]] == ["psych_safety"]
    assert [row["code"] for row in session["overrides"]] == ["fever_infection"]
    assert page.input_value("#override-fever_infection") == "The fever was last week and is gone."
    assert page.is_checked("#acknowledged-psych_safety")
    page.click("[data-review]")
    page.wait_for_url("**/review/")
    assert page.is_disabled("text=Sign as")
