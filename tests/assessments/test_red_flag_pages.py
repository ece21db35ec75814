"""The page of a patient's red flags, and the exam's sheet of questions."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from assessments import c_spine
from assessments.models import Clearance
from assessments.red_flag_table import RED_FLAGS
from database import tenancy
from tests import builders

WHY = "Examined today, nothing left of it."


@pytest.fixture
def browser(cast):
    client = Client()
    client.force_login(cast.therapist)
    return client


@pytest.fixture
def flag(api, patient):
    def record(code, **answer):
        at = (timezone.now() - timedelta(hours=2)).isoformat()
        screen = builders.screen(**{code: {"answer": "yes", **answer}})
        exam = api().post(f"/patients/{patient}/assessments/", builders.exam(performed_at=at, red_flags=screen)).json()
        assert api().post(f"/assessments/{exam['id']}/sign/").status_code == 200
        return exam["id"]

    return record


def shown(browser, patient, language="en"):
    return browser.get(f"/patients/{patient}/red-flags/", HTTP_ACCEPT_LANGUAGE=language).content.decode()


def clear(browser, patient, code, **fields):
    return browser.post(f"/patients/{patient}/red-flags/{code}/clear/", {"kind": "examined", "reason": WHY} | fields)


def test_the_page_says_what_is_open_since_when_and_what_it_stops(browser, patient, flag):
    exam = flag("dvt_calf", side="left")

    page = shown(browser, patient)

    assert "Is one of your calves swollen and warm?" in page
    assert f"/documents/exam/{exam}/" in page
    assert (
        "Stops: hands-on techniques, needling and injection, self-pressure. Where: hip, thigh, lower leg, foot (left)"
        in page
    )
    assert "No pressure on the leg and no needling of it. Refer the same day." in page
    assert "has not been reviewed by a clinician" in page


def test_the_most_urgent_flag_is_the_first(api, browser, patient):
    screen = builders.screen(yes=["inflammatory", "neuro_new", "cauda_equina", "dvt_calf"])
    body = builders.exam(performed_at=timezone.now().isoformat(), red_flags=screen)
    assert api().post(f"/patients/{patient}/assessments/", body).status_code == 201

    page = shown(browser, patient)

    places = [page.index(RED_FLAGS[code].question) for code in ("cauda_equina", "dvt_calf", "neuro_new")]
    assert places == sorted(places)


def test_nobody_was_asked_and_the_page_lists_the_questions(browser, patient):
    page = shown(browser, patient)

    assert "No red flag is open." in page
    assert "Have you had a fall, an accident or another injury recently?" in page


def test_the_patients_page_names_open_flags(browser, patient, flag):
    assert "Open red flags" not in browser.get(f"/patients/{patient}/").content.decode()
    flag("cauda_equina")

    page = browser.get(f"/patients/{patient}/").content.decode()

    assert "Open red flags" in page
    assert "Saddle numbness, bladder or bowel change" in page


def test_cleared_on_the_page_by_name(cast, browser, patient, flag):
    flag("fever_infection")

    assert clear(browser, patient, "fever_infection").status_code == 302

    page = shown(browser, patient)
    assert "No red flag is open." in page
    assert WHY in page
    with tenancy.scope(cast.clinic.pk):
        assert Clearance.objects.get().cleared_by_id == cast.therapist.pk


def test_what_is_wrong_stands_beside_its_field(browser, patient, flag):
    flag("severe_headache")

    answer = clear(browser, patient, "severe_headache", reason="x")

    page = answer.content.decode()
    assert answer.status_code == 400
    assert "This field is required." in page

    seen = {"seen_by": "City Hospital", "seen_at": timezone.localtime().strftime("%Y-%m-%dT00:00")}
    answer = clear(browser, patient, "severe_headache", reason="x", **seen)
    assert "Give a reason of at least 10 characters." in answer.content.decode()
    assert clear(browser, patient, "severe_headache", kind="emergency_department", **seen).status_code == 302


def test_the_c_spine_rule_on_the_page(cast, browser, patient, flag):
    flag("trauma_recent", regions=["neck"])
    assert "Canadian C-spine rule" in shown(browser, patient)

    refused = clear(browser, patient, "trauma_recent")
    assert refused.status_code == 400
    assert "The C-spine rule cannot clear the neck" in refused.content.decode()

    asked = [name for name in c_spine.INPUTS if name not in c_spine.AGE]
    values = {name: "yes" if name in {**c_spine.LOW_RISK, **c_spine.ROTATION} else "no" for name in asked}
    assert clear(browser, patient, "trauma_recent", **values).status_code == 302
    with tenancy.scope(cast.clinic.pk):
        rule = Clearance.objects.get().c_spine
    assert (rule["outcome"], rule["inputs"]["age_65_or_over"]) == ("cleared", "no")


def test_a_flag_that_is_no_longer_open_leads_back(browser, patient, flag):
    flag("fever_infection")
    clear(browser, patient, "fever_infection")

    assert clear(browser, patient, "fever_infection").status_code == 302
    assert clear(browser, patient, "no_such_flag").status_code == 404


def test_the_desk_sees_no_red_flags(cast, patient, flag):
    flag("fever_infection")
    client = Client()
    client.force_login(cast.staff)

    assert client.get(f"/patients/{patient}/red-flags/").status_code == 403
    assert "Fever or infection" not in client.get(f"/patients/{patient}/").content.decode()


def test_the_sheet_asks_questions_and_shows_what_is_open(api, browser, patient, flag):
    flag("dvt_calf")
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(red_flags=[])).json()["id"]

    page = browser.get(f"/exams/{exam}/").content.decode()

    for row in RED_FLAGS.values():
        assert row.question.replace("'", "&#x27;") in page
    assert page.count("Open since") == 1


def test_every_question_is_in_german(browser, patient):
    browser.cookies["django_language"] = "de"

    page = shown(browser, patient, "de")

    assert "Sind Sie kürzlich gestürzt" in page
    assert "Have you" not in page


def test_a_signed_exam_shows_place_and_how_it_was_asked(api, browser, patient):
    screen = builders.screen(
        trauma_recent={"answer": "yes", "regions": ["forearm"], "side": "left"},
        fever_infection={"answer": "no", "source": "no_to_all_others"},
        neuro_new={"answer": "declined", "note": "Would rather not say."},
    )
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(red_flags=screen)).json()["id"]
    api().post(f"/assessments/{exam}/sign/")

    page = browser.get(f"/documents/exam/{exam}/").content.decode()

    assert "yes (forearm, left)" in page
    assert "no (to all others together)" in page
    assert "patient declined: Would rather not say." in page
