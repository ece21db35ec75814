"""Outcome measures through the page, the API, the worklist, SQL and another clinic."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone

from accounts.actions import set_display_mode
from accounts.models import Clinic
from assessments.models import Outcome
from assessments.outcomes import actions
from assessments.queries import flag_state
from audit.models import AuditEvent
from database import tenancy
from scheduling import worklist_sync
from tests import builders
from tests.reading import Browser, revisions_on
from treatments.plans import actions as plans
from worklist.models import Item

pytestmark = pytest.mark.django_db
N1 = [2, 1, 2, 2, 3, 2, 2, 2, 2, 2]
PPT = {
    "measure": "ppt", "trials": [1.9, 1.8, 1.84], "unit": "kgf/cm2", "probe_area_cm2": 1, "rate_kpa_s": 30,
    "muscle": "trapezius_upper", "side": "right",
}  # fmt: skip


def browser(user):
    client = Browser()
    client.force_login(user)
    return client


@pytest.fixture
def record(api, patient):
    def make(**body):
        answer = api().post(f"/patients/{patient}/outcomes/", body)
        assert answer.status_code == 201, answer.content
        return answer.json()

    return make


def refusals(answer):
    return [(error["pointer"], error["code"]) for error in answer.json()["errors"]]


def switch_off_classes(cast):
    with tenancy.scope(cast.clinic.pk):
        clinic = Clinic.objects.get(pk=cast.clinic.pk)
        set_display_mode(clinic=clinic, shows_classification=False, revision=None, by=cast.actor(cast.owner))


# --- Recorded and read ----------------------------------------------------------------------------------------


def test_raw_and_percent_stand_side_by_side_in_the_api_and_on_the_page(cast, api, patient, record):
    made = record(measure="ndi", items=N1)

    assert (made["score"], made["percent"], made["band"]) == (20, 40, "moderate")
    page = browser(cast.therapist).get(f"/patients/{patient}/outcomes/").content.decode()
    assert "20 of 50 (40 %)" in page
    assert "moderate" in page
    assert [row["id"] for row in api().get(f"/patients/{patient}/outcomes/").json()["results"]] == [made["id"]]


def test_a_change_is_said_with_every_source_and_the_unverified_ones_apart(cast, api, patient, record):
    earlier = (timezone.now() - timedelta(days=14)).isoformat()
    texts = ["Turning", "Lifting", "Reading"]
    for at, values in ((earlier, (2, 4, 6)), (None, (5, 6, 7))):
        activities = [{"text": text, "value": value} for text, value in zip(texts, values, strict=True)]
        record(measure="psfs", activities=activities, **({"performed_at": at} if at else {}))
    record(measure="ndi", items=N1, performed_at=earlier)
    record(measure="ndi", items=[1] * 10)

    rows = {row["measure"]: row for row in reversed(api().get(f"/patients/{patient}/outcomes/").json()["results"])}

    change = rows["ndi"]["change"]
    assert (change["difference"], change["direction"]) == (-10, "better")
    assert {t["amount"] for t in change["within"]} == {10.2}
    page = browser(cast.therapist).get(f"/patients/{patient}/outcomes/").content.decode()
    assert "beyond MDC 5 (neck pain, Vernon (author))" in page
    assert "within MDC 10.2 (neck pain, Young 2009)" in page
    assert "not verified in the source" in page


def test_the_page_of_each_measure_takes_what_it_asks_for(cast, patient):
    client = browser(cast.therapist)
    path = f"/patients/{patient}/outcomes/new/?measure="
    forms = {
        "nprs": {"nprs": "7"},
        "ndi": {f"item_{n}": value for n, value in enumerate(N1)} | {"total": "20"},
        "psfs": {f"{name}_{n}": value for n in range(3) for name, value in (("text", f"Act {n}"), ("value", "3"))},
        "ppt": {"muscle": "trapezius_upper", "side": "right", "trial_0": "186.3", "unit": "kPa", "probe_area_cm2": "1"},
        "neck_range": {"rom_flexion": "50", "rom_rotation_left": "60", "device": "crom"},
        "start": {"group": "medium"},
        "phq2": {"item_0": "1", "item_1": "0"},
        "groc15": {"groc15": "-3"},
    }
    for code, form in forms.items():
        assert client.get(path + code).status_code == 200, code
        answer = client.post(path + code, form)
        assert answer.status_code == 302, (code, answer.content.decode()[-1500:])
    with tenancy.scope(cast.clinic.pk):
        assert Outcome.objects.count() == len(forms) + 1  # two of six ranges


@pytest.mark.parametrize(("code", "form", "words"), [
    ("nprs", {"nprs": "12"}, "number from 0 to 10"),
    ("ndi", {**{f"item_{n}": v for n, v in enumerate(N1)}, "total": "40"}, "The answers come to 20"),
    ("psfs", {"text_0": "Turning"}, "3 to 5 activities"),
    ("ppt", {"muscle": "trapezius_upper", "side": "right", "trial_0": "2", "unit": "kgf"}, "no pressure"),
    ("neck_range", {"rom_flexion": "91", "rom_extension": "20"}, "number from 0 to 90"),
])  # fmt: skip
def test_a_refusal_stands_on_the_page_and_nothing_is_kept(cast, patient, code, form, words):
    page = browser(cast.therapist).post(f"/patients/{patient}/outcomes/new/?measure={code}", form)

    assert page.status_code == 400
    assert words in page.content.decode()
    with tenancy.scope(cast.clinic.pk):
        assert not Outcome.objects.exists()


@pytest.mark.parametrize(("body", "fault"), [
    ({"measure": "nprs", "value": 12}, ("/value", "out_of_range")),
    ({"measure": "ndi", "items": N1, "total": 40}, ("/total", "differs")),
    (PPT | {"probe_area_cm2": None}, ("/probe_area_cm2", "required")),
    ({"measure": "nprs", "value": 3, "items": [1]}, ("/items", "not_of_this_measure")),
])  # fmt: skip
def test_the_api_refuses_the_same(api, patient, body, fault):
    answer = api().post(f"/patients/{patient}/outcomes/", body)

    assert answer.status_code == 400
    assert fault in refusals(answer)


def test_a_threshold_keeps_what_was_entered_and_counts_in_kpa(record):
    made = record(**PPT)

    assert made["score"] == 181.1
    assert made["answers"] == {
        "trials": ["1.90", "1.80", "1.84"], "unit": "kgf/cm2", "probe_area_cm2": "1.00", "rate_kpa_s": "30.00",
    }  # fmt: skip


@pytest.mark.parametrize("who", ["staff", "owner", "stranger"])
def test_only_a_therapist_of_the_clinic_records(api, cast, patient, who):
    answer = api(getattr(cast, who)).post(f"/patients/{patient}/outcomes/", {"measure": "nprs", "value": 1})

    assert answer.status_code in (403, 404)
    with tenancy.scope(cast.clinic.pk):
        assert not Outcome.objects.exists()


# --- Final, and entered in error ------------------------------------------------------------------------------


def test_a_wrong_result_stays_readable_and_counts_nowhere(cast, api, patient, record):
    made = record(measure="nprs", value=9)
    path = f"/patients/{patient}/outcomes/{made['id']}/withdraw/"
    assert refusals(api().post(path, {"reason": "no"})) == [("/reason", "too_short")]
    client = browser(cast.therapist)
    assert client.get(path).status_code == 200
    assert client.post(path, {"reason": "It was another patient."}).status_code == 302

    assert api().post(path, {"reason": "It was another patient."}).status_code == 409
    [row] = api().get(f"/patients/{patient}/outcomes/").json()["results"]
    assert row["withdrawal"]["reason"] == "It was another patient."
    page = client.get(f"/patients/{patient}/outcomes/").content.decode()
    assert "It was another patient." in page
    assert "Thresholds and their sources" not in page
    with tenancy.scope(cast.clinic.pk):
        assert AuditEvent.objects.filter(action="outcome.withdraw", target_id=made["id"]).exists()


def test_rows_are_final_in_the_database(cast, record):
    record(measure="nprs", value=9)
    with tenancy.scope(cast.clinic.pk):
        for write in (lambda: Outcome.objects.update(score=1), lambda: Outcome.objects.all().delete()):
            with pytest.raises(DatabaseError), transaction.atomic():
                write()
    with tenancy.scope(cast.other_clinic.pk):
        assert not Outcome.objects.exists()


# --- The mood screen's pathway --------------------------------------------------------------------------------


def test_a_positive_mood_screen_is_on_the_worklist_and_safety_must_be_asked(cast, api, patient, record):
    builders.ready(api(), patient)
    record(measure="phq2", items=[1, 1])
    with tenancy.scope(cast.clinic.pk):
        assert "psych_safety" not in flag_state([patient], at=timezone.now()).unanswered
        assert not Item.objects.filter(kind="mood_screen").exists()

    made = record(measure="phq2", items=[2, 2])

    with tenancy.scope(cast.clinic.pk):
        assert "psych_safety" in flag_state([patient], at=timezone.now()).unanswered
        assert Item.objects.open().get(kind="mood_screen").about_id.hex == made["id"].replace("-", "")
    page = browser(cast.therapist).get(f"/patients/{patient}/outcomes/").content.decode()
    assert "Ask about safety" in page
    treatment = builders.treatment(performed_at=timezone.now().isoformat())
    session = api().post(f"/patients/{patient}/sessions/", treatment).json()["id"]
    refusal = api().post(f"/sessions/{session}/sign/")
    assert refusal.status_code == 409
    assert "screen_incomplete" in refusal.content.decode()


def test_an_answer_of_the_day_or_a_withdrawal_ends_the_question(cast, api, patient, record):
    made = record(measure="phq2", items=[3, 3])
    flags = [{"code": "psych_safety", "answer": "no"}]
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(red_flags=flags)).json()["id"]
    assert api().post(f"/assessments/{exam}/sign/").status_code == 200
    with tenancy.scope(cast.clinic.pk):
        answered_at = timezone.now()
        is_same_day = builders.exam()["performed_at"][:10] == f"{answered_at:%Y-%m-%d}"
        assert ("psych_safety" in flag_state([patient], at=answered_at).unanswered) is not is_same_day
        actions.withdraw_outcome(
            outcome_id=made["id"], reason="Typed for another patient.", by=cast.actor(), at=timezone.now()
        )
        assert "psych_safety" not in flag_state([patient], at=timezone.now()).unanswered
        assert not Item.objects.open().filter(kind="mood_screen").exists()


# --- Documentation-only mode ----------------------------------------------------------------------------------


def test_documentation_only_shows_numbers_and_no_judgement(cast, api, patient, record):
    record(measure="ndi", items=N1, performed_at=(timezone.now() - timedelta(days=14)).isoformat())
    record(measure="ndi", items=[0] * 10)
    switch_off_classes(cast)

    for row in api().get(f"/patients/{patient}/outcomes/").json()["results"]:
        assert (row["band"], row["change"]) == (None, None)
    for path in (f"/patients/{patient}/outcomes/", f"/patients/{patient}/"):
        page = browser(cast.therapist).get(path).content.decode()
        assert "20 of 50 (40 %)" in page or "0 of 50 (0 %)" in page
        assert "beyond" not in page
        assert "moderate" not in page


# --- Fixed time points ----------------------------------------------------------------------------------------


@pytest.fixture
def asked(cast, patient):
    """The clinic asks for two measures at the begin and after two weeks; a plan began 15 days ago."""
    with tenancy.scope(cast.clinic.pk):
        actions.set_outcome_settings(weeks=[2, 0], measures=["ndi", "nprs"], revision=None, by=cast.actor(cast.owner))
        zone_day = (timezone.now() - timedelta(days=15)).date()
        content = plans.PlanContent(problem="Neck pain", sessions=8, weeks=4, minutes=60, starts_on=zone_day)
        plans.make_plan(patient_id=patient, content=content, by=cast.actor(), at=timezone.now())


def sweep(cast):
    with tenancy.scope(cast.clinic.pk):
        worklist_sync.sweep(by=cast.actor(), at=timezone.now())
        return list(Item.objects.open().filter(kind="measure_due"))


def test_what_is_due_is_a_row_and_goes_when_it_is_recorded(cast, asked, record):
    [item] = sweep(cast)
    assert item.facts == {"week": 2, "measures": ["nprs", "ndi"]}
    assert "week 2: Pain, 0 to 10 (NPRS), Neck Disability Index (NDI)" in (
        browser(cast.therapist).get("/worklist/?show=all").content.decode()
    )

    record(measure="nprs", value=4)
    assert [item.facts["measures"] for item in sweep(cast)] == [["ndi"]]
    record(measure="ndi", items=N1)
    assert sweep(cast) == []


def test_a_clinic_that_has_chosen_nothing_is_asked_for_nothing(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        content = plans.PlanContent(problem="Neck pain", sessions=8, weeks=4, minutes=60)
        plans.make_plan(patient_id=patient, content=content, by=cast.actor(), at=timezone.now())
    assert sweep(cast) == []


def test_the_owner_chooses_on_the_page_and_by_the_api(cast, api):
    client = browser(cast.owner)
    revision = revisions_on(client.get("/clinic/outcomes/"))["revision"]
    bad = client.post("/clinic/outcomes/", {"revision": revision, "weeks": "two"})
    assert bad.status_code == 400
    assert "whole numbers of weeks" in bad.content.decode()
    sent = {"revision": revision, "weeks": "12, 0, 2", "measures": ["ndi"]}
    assert client.post("/clinic/outcomes/", sent).status_code == 302
    assert client.post("/clinic/outcomes/", sent).status_code == 409  # somebody has changed it since

    assert api().get("/outcome-settings/").json() == {"weeks": [0, 2, 12], "measures": ["ndi"]}
    assert api(cast.owner).patch("/outcome-settings/", {"weeks": [4]}).json() == {"weeks": [4], "measures": ["ndi"]}
    assert api().patch("/outcome-settings/", {"weeks": [4]}).status_code == 403
    assert browser(cast.therapist).get("/clinic/outcomes/").status_code == 403
    assert api(cast.owner).patch("/outcome-settings/", {"weeks": [999]}).status_code == 400
