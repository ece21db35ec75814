"""The session screen: technique, dose, hold, needles, before and after, the red flag's stop."""

from __future__ import annotations

import pytest

from tests.browser.conftest import saved

pytestmark = pytest.mark.processes
EXAM = {
    "performed_at": "2026-01-05T09:00:00Z",
    "findings": [
        {"muscle": "trapezius_upper", "side": "right", "taut_band": "present", "hypersensitive_spot": "present",
         "recognised": "yes"},
    ],
}  # fmt: skip


def examined(writer, patient_id, **more):
    exam = writer.post(f"/patients/{patient_id}/assessments/", json={**EXAM, **more}).json()
    assert writer.post(f"/assessments/{exam['id']}/sign/").status_code == 200


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
    assert session["interventions"][1]["dose"] == {"needles_in": 2, "needles_out": 2}
    assert sorted((m["kind"], m["phase"], m["value"]) for m in session["measures"]) == [
        ("pain", "after", 4), ("pain", "before", 6), ("ppt_kpa", "after", 214.8), ("ppt_kpa", "before", 181.1),
    ]  # fmt: skip


def test_a_red_flag_stops_until_somebody_answers_for_it(person, writer, patient_id):
    examined(writer, patient_id, red_flags=[{"code": "trauma_recent", "answer": "yes"}])
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
    assert stored(writer, url)["overrides"] == [{"code": "trauma_recent", "reason": "Cleared by X-ray on Monday."}]
