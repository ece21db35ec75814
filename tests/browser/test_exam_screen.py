"""The exam screen in a real Chromium: by touch, by keyboard, and through everything that goes wrong."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser import neck
from tests.browser.conftest import saved
from tests.drills import small_or_drill

pytestmark = pytest.mark.long
LOCK_FROM_ELSEWHERE = """() => fetch('/account/lock/', {
  method: 'POST', headers: {Accept: 'application/json', 'X-CSRFToken': document.body.dataset.csrf},
})"""


def classes(page):
    return [c.split()[-1] for c in page.eval_on_selector_all("[data-class]", "all => all.map(c => c.className)")]


def stored(writer, exam_url):
    """The exam as another program sees it."""
    return writer.get(f"/assessments/{exam_url.rstrip('/').split('/')[-1]}/").json()


def choose(page, name, value):
    page.locator(f'details[open] input[data-path$="/{name}"][type=radio][value="{value}"]').click()


def add(page, letters):
    page.fill("#find", letters)
    page.wait_for_selector("#found button")
    page.keyboard.press("Enter")
    page.wait_for_selector("details[open]")


def test_the_neck_case_by_touch(person, writer, patient_id, record_property):
    therapist = person(has_touch=True)
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    page.evaluate(neck.WATCH)
    finger = neck.Touches(page)

    cost = neck.by_touch(page, finger)
    saved(page)

    assert classes(page) == neck.CLASSES
    assert max(cost) <= 8, cost
    assert [f["class"] for f in stored(writer, url)["findings"]] == neck.CLASSES
    assert stored(writer, url)["findings"][1]["referred_to"] == [{"zone": "neck.shoulder_angle", "side": "right"}]
    assert stored(writer, url)["findings"][0]["point"]["view"] == "neck"
    times = sorted(page.evaluate("window.answers"))
    record_property("tap_to_paint_p95_ms", times[int(len(times) * 0.95)])
    assert page.inner_text("details:nth-child(3) [data-class]") == "test: referred pain"


def test_the_neck_case_by_keyboard_alone(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)

    cost = neck.by_keys(page)
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.wait_for_selector("#red-flags[open]")
    page.keyboard.press("Escape")
    saved(page)

    assert classes(page) == neck.CLASSES
    assert max(cost) <= 20, cost
    assert [f["class"] for f in stored(writer, url)["findings"]] == neck.CLASSES


def test_one_line_is_a_finding_to_be_confirmed_and_what_is_unknown_is_underlined(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)

    page.keyboard.press("l")
    page.keyboard.type("upper trap right, bandd, tender")
    page.keyboard.press("Enter")
    expect(page.locator("[data-line-said] .unread")).to_have_text("bandd")
    assert page.locator("[data-finding]").count() == 0

    page.fill("#line", "upper trap right, band, tender, refers temple, her pain, 7")
    page.keyboard.press("Enter")
    expect(page.locator("details[open] [data-unreviewed]")).to_be_visible()
    expect(page.locator("#line")).to_have_value("")
    page.click("details[open] [data-confirm]")
    saved(page)
    expect(page.locator("details[open] [data-trace] li").last).to_have_text("→ active")

    [finding] = stored(writer, url)["findings"]
    assert (finding["class"], finding["pain_on_pressure"]) == ("active", 7)
    assert finding["referred_to"] == [{"zone": "head.temple", "side": "right"}]


def test_a_test_that_still_matters_leads_to_its_place(person, patient_id):
    therapist = person()
    page = therapist.sign_in()
    therapist.new_exam(page, patient_id)
    page.fill("#line", "levator right, band, no tenderness")
    page.keyboard.press("Enter")
    saved(page)

    page.click("[data-matters] summary")
    expect(page.locator("[data-tests] button").first).to_contain_text("it decides either way")
    page.locator("[data-tests] button").first.click()
    expect(page.locator('details[open] [data-path$="/referred_pain"]:focus').first).to_be_attached()


def test_review_and_sign(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    neck.by_keys(page)
    page.click("[data-review]")
    page.wait_for_url("**/review/")

    assert "Suboccipital group" in page.inner_text(".notice >> nth=0")
    page.click(".notice a >> nth=0")
    page.wait_for_selector('details[open][data-called^="Subocc"]')
    page.goto(url.replace("/exams/", "/documents/exam/") + "review/")
    page.click("text=Sign as")
    page.wait_for_url("**/documents/exam/*/")
    assert stored(writer, url)["status"] == "signed"
    with page.expect_download() as download:
        page.click("text=PDF")
    content = Path(download.value.path()).read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/MarkInfo" in content
    assert b"pdfuaid" in content


@pytest.mark.parametrize("cut_s", small_or_drill(3, 60))
def test_the_network_is_cut_for_a_while(person, writer, patient_id, cut_s):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    add(page, "lev")
    saved(page)

    therapist.context.set_offline(True)
    cut_at = time.monotonic()
    choose(page, "taut_band", "present")
    page.wait_for_selector('[data-saved][data-state="trouble"]')
    assert "No connection" in page.inner_text("[data-saved]")
    choose(page, "hypersensitive_spot", "present")
    add(page, "tra")
    choose(page, "taut_band", "absent")
    assert classes(page)[0] == "activity_undetermined", "it goes on without a network"
    page.wait_for_timeout(max(0, (cut_s - (time.monotonic() - cut_at)) * 1000))
    assert all(f["taut_band"] == "not_tested" for f in stored(writer, url)["findings"])
    therapist.context.set_offline(False)
    saved(page)

    found = stored(writer, url)["findings"]
    assert [(f["muscle"], f["taut_band"], f["hypersensitive_spot"]) for f in found] == [
        ("levator_scapulae", "present", "present"),
        ("trapezius_upper", "absent", "not_tested"),
    ]


def test_the_tab_is_closed_two_seconds_after_a_change(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    add(page, "lev")
    choose(page, "taut_band", "present")
    page.wait_for_timeout(2000)
    page.close()

    end = time.monotonic() + 10
    while [f["taut_band"] for f in stored(writer, url)["findings"]] != ["present"]:
        assert time.monotonic() < end
        time.sleep(0.1)  # what was on its way when the tab closed arrives


def test_leaving_with_unsaved_work_asks(person, patient_id):
    therapist = person()
    page = therapist.sign_in()
    therapist.new_exam(page, patient_id)
    therapist.context.set_offline(True)
    add(page, "lev")
    with page.expect_event("dialog") as asked:
        page.close(run_before_unload=True)

    assert asked.value.type == "beforeunload"
    asked.value.accept()


def test_two_screens_on_one_draft(person, writer, patient_id):
    first, second = person(), person()
    page = first.sign_in()
    url = first.new_exam(page, patient_id)
    add(page, "lev")
    saved(page)
    other = second.sign_in()
    other.goto(url)
    other.wait_for_selector("body[data-ready]")
    other.wait_for_selector("[data-others]:not([hidden])")

    # Different fields merge.
    choose(page, "taut_band", "present")
    choose(other, "hypersensitive_spot", "absent")
    saved(page)
    saved(other)
    other.wait_for_selector('details[open] input[data-path$="/taut_band"][value=present]:checked')
    assert "changed" in other.inner_text("[data-toasts]")

    # The same field: the second is told who and what, and decides.
    first.context.set_offline(True)
    choose(page, "recognised", "yes")
    page.wait_for_selector('[data-saved][data-state="trouble"]')
    choose(other, "recognised", "no")
    saved(other)
    first.context.set_offline(False)
    page.wait_for_selector("#conflicts[open]")
    assert "Tomasz Zielak set “no”" in page.inner_text("#conflicts")
    page.click("#conflicts >> text=Use “yes”")
    saved(page)

    finding = stored(writer, url)["findings"][0]
    assert (finding["taut_band"], finding["hypersensitive_spot"], finding["recognised"]) == ("present", "absent", "yes")


def test_the_last_removal_is_undone(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    add(page, "lev")
    choose(page, "taut_band", "present")
    page.click("details[open] [data-remove]")
    saved(page)
    assert stored(writer, url)["findings"] == []
    page.click("[data-toasts] button")
    saved(page)

    assert stored(writer, url)["findings"][0]["taut_band"] == "present"


def test_points_of_the_last_exam_wait_to_be_confirmed(person, writer, patient_id):
    finding = {"muscle": "levator_scapulae", "side": "right", "taut_band": "present", "hypersensitive_spot": "present"}
    exam = {"performed_at": "2026-01-05T09:00:00Z", "findings": [finding, {**finding, "side": "left"}]}
    first = writer.post(f"/patients/{patient_id}/assessments/", json=exam).json()
    assert writer.post(f"/assessments/{first['id']}/sign/").status_code == 200
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    page.click("[data-same]")
    saved(page)
    page.click("[data-review]")
    page.wait_for_url("**/review/")

    assert page.inner_text(".wrong").count("copied from the last exam") == 1
    assert page.locator(".wrong").count() == 2
    assert page.is_disabled("text=Sign as")
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    page.click("details:nth-child(1) > summary") if not page.locator("details:nth-child(1)[open]").count() else None
    page.click("details:nth-child(1) [data-confirm]")
    page.click("details:nth-child(2) > summary")
    page.locator('details:nth-child(2) input[data-path$="/taut_band"][type=radio][value=absent]').click()
    saved(page)
    assert page.locator(".finding.unreviewed").count() == 0


def test_impossible_and_unusual_values_are_answered_in_place(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    add(page, "lev")
    page.click("[data-more] > summary")
    page.fill("[data-part='0']", "9999")
    page.keyboard.press("Tab")
    page.wait_for_selector(".problem:has-text('from 10 to 2000 kPa')")
    page.fill("[data-part='0']", "1200")
    page.keyboard.press("Tab")
    page.wait_for_selector("[data-reason='ppt_kpa']:not([hidden])")
    saved(page)
    page.click("[data-review]")
    page.wait_for_url("**/review/")

    assert "The usual range is 30 to 1000 kPa." in page.inner_text(".wrong")
    page.goto(url)
    page.wait_for_selector("body[data-ready]")
    page.click("[data-more] > summary")
    page.fill("[data-reason='ppt_kpa'] input", "Strong athlete, measured twice.")
    page.keyboard.press("Tab")
    saved(page)
    assert stored(writer, url)["findings"][0]["limit_reasons"] == {"ppt_kpa": "Strong athlete, measured twice."}


def test_the_idle_lock_keeps_the_unsaved_place(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    add(page, "lev")
    saved(page)
    page.evaluate(LOCK_FROM_ELSEWHERE)
    choose(page, "taut_band", "present")
    page.wait_for_selector("#lock[open]")
    page.fill("#lock-password", "not the password")
    page.click("#lock .button >> nth=0")
    page.wait_for_selector("#lock .problem:not([hidden])")
    assert stored(writer, url)["findings"][0]["taut_band"] == "not_tested"
    page.fill("#lock-password", therapist.user["password"])
    page.click("#lock .button >> nth=0")
    page.wait_for_selector("#lock:not([open])", state="attached")
    saved(page)

    assert stored(writer, url)["findings"][0]["taut_band"] == "present"
    assert page.url == url


def test_a_page_behind_the_lock_shows_nothing(person, patient_id):
    therapist = person()
    page = therapist.sign_in()
    page.goto("/account/")
    page.click("text=Lock now")
    page.goto(f"/patients/{patient_id}/")

    assert "/account/unlock/" in page.url
    assert "Neck" not in page.content()
    page.fill("#id_password", therapist.user["password"])
    page.click("main .button.wide")
    page.wait_for_url(f"**/patients/{patient_id}/")


def test_the_script_reads_the_rules_as_the_server_does(person, patient_id):
    """Every input of every rule set: all of them for the small ones, a thousand of each of the others."""
    import itertools
    import random

    from assessments import rules
    from assessments.web.views import formula_json

    therapist = person()
    page = therapist.sign_in()
    chance = random.Random(1)
    values = ["present", "absent", "not_tested", "not_reachable"]
    cases = []
    for rule_set in rules.RULE_SETS.values():
        names = rule_set.formula.inputs()
        if len(names) <= 5:
            every = [dict(zip(names, row, strict=True)) for row in itertools.product(values, repeat=len(names))]
        else:
            every = [{name: chance.choice(values) for name in names} for _ in range(1000)]
        for signs in every:
            if "spot_in_band" in signs:
                signs["spot_in_band"] = {"present": "yes", "absent": "no"}.get(signs["spot_in_band"], "unknown")
            recognised = chance.choice(["yes", "no", "not_asked"])
            symptom = chance.choice(["yes", "no", "not_recorded"])
            known = rules.classify(signs, recognised=recognised, current_symptom=symptom, rule_set=rule_set.id)
            data = {
                "formula": formula_json(rule_set.formula),
                "waived": sorted(rule_set.waived_if_unreachable),
                "cheapest": rules.CHEAPEST_FIRST,
            }
            cases.append([data, signs, recognised, symptom, known.class_, list(known.missing_tests)])
    wrong = page.evaluate(
        """async (cases) => {
          const { classify } = await import('/static/js/kleene.js');
          return cases.filter(([rules, signs, recognised, symptom, wanted, missing]) => {
            const found = classify(rules, signs, recognised, symptom);
            return found.class !== wanted || JSON.stringify(found.missing) !== JSON.stringify(missing);
          }).slice(0, 3);
        }""",
        cases,
    )
    assert len(cases) > 2500
    assert wrong == []


def test_two_people_find_the_same_place_at_once(person, writer, patient_id):
    first, second = person(), person()
    page, other = first.sign_in(), second.sign_in()
    url = first.new_exam(page, patient_id)
    other.goto(url)
    other.wait_for_selector("body[data-ready]")
    first.context.set_offline(True)
    add(page, "lev")
    choose(page, "taut_band", "present")
    add(other, "lev")
    saved(other)
    first.context.set_offline(False)
    saved(page)

    found = stored(writer, url)["findings"]
    assert sorted((f["place"], f["taut_band"]) for f in found) == [("", "not_tested"), ("2", "present")]


def test_a_draft_deleted_elsewhere_says_so(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    exam = url.rstrip("/").split("/")[-1]
    assert writer.delete(f"/assessments/{exam}/", headers={"If-Match": "*"}).status_code == 204
    page.fill("#find", "lev")
    page.keyboard.press("Enter")
    page.wait_for_selector("[data-saved]:has-text('deleted on another screen')")


def test_pain_drawing_by_touch_and_by_list(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    page.click("[data-drawing]")
    page.click("[data-view=head_right]")
    page.locator('.zone[data-zone="head.temple"]').click()
    page.locator(".mark select").select_option("6")
    page.fill("[data-mode] input", "Forehead · left")
    page.keyboard.press("Tab")
    saved(page)

    drawn = stored(writer, url)["pain_drawing"]
    assert sorted((mark["zone"], mark["side"], mark["intensity"]) for mark in drawn) == [
        ("head.forehead", "left", None),
        ("head.temple", "right", 6),
    ]


def answer_flag(page, code, value):
    page.locator(f'[data-path="red_flags/{code}/answer"][value={value}]').click()


def test_no_to_all_others_is_offered_when_the_whole_list_was_on_the_screen(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    page.click("[data-open=red-flags]")
    assert page.is_disabled("[data-all-no]")
    answer_flag(page, "trauma_recent", "yes")
    page.locator('[data-path="red_flags/trauma_recent/regions/forearm"]').click()
    page.locator('[data-path="red_flags/trauma_recent/side"][value=left]').click()
    answer_flag(page, "fever_infection", "declined")
    page.fill("#note-fever_infection", "Would rather not say.")
    assert page.is_disabled("[data-all-no]")
    page.locator("[data-flag=psych_safety]").scroll_into_view_if_needed()
    page.locator("[data-all-no]").scroll_into_view_if_needed()
    page.click("[data-all-no]:enabled")
    saved(page)

    flags = {row["code"]: row for row in stored(writer, url)["red_flags"]}
    assert len(flags) == 16
    assert "psych_safety" not in flags
    assert (flags["trauma_recent"]["regions"], flags["trauma_recent"]["side"]) == (["forearm"], "left")
    assert flags["fever_infection"]["note"] == "Would rather not say."
    assert (flags["dvt_calf"]["answer"], flags["dvt_calf"]["source"]) == ("no", "no_to_all_others")
    assert flags["trauma_recent"]["source"] == "asked_each"


def test_a_red_flag_that_is_corrected_loses_what_hung_on_it(person, writer, patient_id):
    therapist = person()
    page = therapist.sign_in()
    url = therapist.new_exam(page, patient_id)
    page.click("[data-open=red-flags]")
    answer_flag(page, "dvt_calf", "yes")
    page.locator('[data-path="red_flags/dvt_calf/side"][value=left]').click()
    saved(page)
    answer_flag(page, "dvt_calf", "no")
    page.wait_for_timeout(100)
    saved(page)

    (flag,) = stored(writer, url)["red_flags"]
    assert (flag["answer"], flag["side"], flag["regions"]) == ("no", None, [])
