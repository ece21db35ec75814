"""Clearing a patient's red flags, and what the API says of them."""

from datetime import date, timedelta

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.utils import timezone

from assessments import c_spine
from assessments.models import Clearance
from audit.models import AuditEvent
from database import tenancy
from patients.models import Patient
from tests import builders
from worklist.models import Item

WHY = "Examined today, nothing left of it."
ANSWERED = timedelta(hours=2)
NECK_CLEAR = {
    **dict.fromkeys([*c_spine.EXCLUSIONS, *c_spine.HIGH_RISK], "no"),
    **dict.fromkeys([*c_spine.LOW_RISK, *c_spine.ROTATION], "yes"),
}


@pytest.fixture
def flag(api, patient):
    """Sign an exam of two hours ago with one yes; returns the exam's id."""

    def record(code, **answer):
        at = (timezone.now() - ANSWERED).isoformat()
        row = {code: {"answer": "yes", **answer}}
        exam = api().post(
            f"/patients/{patient}/assessments/", builders.exam(performed_at=at, red_flags=builders.screen(**row))
        )
        assert exam.status_code == 201, exam.json()
        assert api().post(f"/assessments/{exam.json()['id']}/sign/").status_code == 200
        return exam.json()["id"]

    return record


@pytest.fixture
def clear(api, patient):
    def send(code, kind="examined", who="therapist", **more):
        body = {"code": code, "kind": kind, "reason": WHY} | more
        return api(who).post(f"/patients/{patient}/red-flags/clearances/", body)

    return send


@pytest.fixture
def state(api, patient):
    return lambda **query: api().get(f"/patients/{patient}/red-flags/", query).json()


def problems(answer):
    assert answer.status_code == 400, answer.json()
    return {error["pointer"]: error["code"] for error in answer.json()["errors"]}


def hours_ago(hours):
    return (timezone.now() - timedelta(hours=hours)).isoformat()


def test_an_open_flag_says_since_when_what_it_stops_and_what_to_do(flag, state):
    exam = flag("dvt_calf", side="left")

    (found,) = state()["open"]

    assert (found["code"], found["assessment_id"], found["side"]) == ("dvt_calf", exam, "left")
    assert found["question"] == "Is one of your calves swollen and warm?"
    assert found["action"] == "refer_same_day"
    assert found["stops"] == [
        {
            "level": "stop",
            "technique_classes": ["hands_on", "invasive", "self_pressure"],
            "regions": ["hip", "thigh", "leg", "foot"],
            "upper_neck_only": False,
            "one_side_only": True,
        },
        {
            "level": "caution",
            "technique_classes": ["hands_on", "invasive", "self_pressure", "exercise", "neck_movement"],
            "regions": found["stops"][1]["regions"],
            "upper_neck_only": False,
            "one_side_only": False,
        },
    ]
    assert len(found["stops"][1]["regions"]) == 14


def test_what_must_still_be_asked_depends_on_the_regions(api, patient, state):
    assert "trauma_recent" in state()["unanswered"]
    assert "dvt_calf" not in state(regions="neck")["unanswered"]
    assert "dvt_calf" in state(regions="leg")["unanswered"]
    assert api().get(f"/patients/{patient}/red-flags/", {"regions": "nose"}).status_code == 400


def test_a_clearance_closes_the_flag_by_name_and_leaves_a_trace(cast, patient, flag, clear, state):
    flag("fever_infection")

    answer = clear("fever_infection", "physician", seen_by="Dr. Weber", seen_at=hours_ago(1))

    assert answer.status_code == 201, answer.json()
    assert state()["open"] == []
    (cleared,) = state()["cleared"]
    assert (cleared["kind"], cleared["cleared_by"], cleared["seen_by"]) == ("physician", "Therapist", "Dr. Weber")
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.filter(action="red_flag.clear").get()
    assert (event.code, event.patient_ids, event.user_id) == ("fever_infection", [patient], cast.therapist.pk)


def test_a_new_yes_opens_it_again(api, patient, flag, clear, state):
    flag("fever_infection")
    clear("fever_infection")
    at = (timezone.now() - timedelta(seconds=1)).isoformat()
    api().post(
        f"/patients/{patient}/assessments/",
        builders.exam(performed_at=at, red_flags=[{"code": "fever_infection", "answer": "yes"}]),
    )

    assert [found["in_draft"] for found in state()["open"]] == [True]
    assert state()["cleared"] == []


def test_an_older_exam_that_comes_to_light_is_not_cleared(api, patient, flag, clear, state):
    flag("fever_infection")
    clear("fever_infection")
    at = (timezone.now() - timedelta(days=1)).isoformat()
    body = builders.exam(performed_at=at, red_flags=[{"code": "fever_infection", "answer": "yes"}])
    api().post(f"/patients/{patient}/assessments/", body)

    assert [found["code"] for found in state()["open"]] == ["fever_infection"]


def test_a_draft_that_is_cleared_stays_so_when_it_is_signed(api, patient, clear, state):
    body = builders.exam(red_flags=builders.screen(yes=["fever_infection"]))
    exam = api().post(f"/patients/{patient}/assessments/", body).json()["id"]
    assert clear("fever_infection").status_code == 201

    api().post(f"/assessments/{exam}/sign/")

    assert state()["open"] == []


def test_what_is_not_open_cannot_be_cleared(flag, clear):
    flag("fever_infection")

    assert (clear("dvt_calf").status_code, clear("dvt_calf").json()["code"]) == (409, "red_flag_not_open")
    assert clear("fever_infection").status_code == 201
    assert clear("fever_infection").json()["code"] == "red_flag_not_open"


@pytest.mark.parametrize("reason", ["x", "ok", "123456789", "   short   "])
def test_a_short_reason_clears_nothing(flag, clear, reason):
    flag("fever_infection")

    assert problems(clear("fever_infection", reason=reason)) == {"/reason": "too_short"}


def test_an_emergency_needs_who_saw_the_patient_and_when(flag, clear, state):
    flag("cauda_equina")

    assert problems(clear("cauda_equina", "emergency_department")) == {"/seen_by": "required", "/seen_at": "required"}
    assert problems(clear("cauda_equina", "physician", seen_by="A. Smith")) == {"/seen_at": "required"}
    seen = {"seen_by": "City Hospital, emergency department", "seen_at": hours_ago(1)}
    assert clear("cauda_equina", "emergency_department", **seen).status_code == 201
    assert state()["open"] == []


def test_times_must_be_in_order(flag, clear):
    flag("fever_infection")

    assert problems(clear("fever_infection", cleared_at=hours_ago(3))) == {"/cleared_at": "before_answer"}
    assert problems(clear("fever_infection", cleared_at=hours_ago(-1))) == {"/cleared_at": "in_future"}
    assert problems(clear("fever_infection", seen_at=hours_ago(0), cleared_at=hours_ago(1))) == {
        "/seen_at": "after_clearance"
    }


# --- The neck after an injury ---------------------------------------------------------------------------------


@pytest.mark.parametrize("place", [{}, {"regions": ["neck"]}, {"regions": ["arm", "neck"]}])
def test_an_injured_neck_is_cleared_by_examination_only_with_the_c_spine_rule(cast, flag, clear, state, place):
    flag("trauma_recent", **place)

    assert problems(clear("trauma_recent")) == {"/c_spine": "required"}
    assert problems(clear("trauma_recent", c_spine={})) == {"/c_spine": "neck_not_cleared"}
    assert problems(clear("trauma_recent", c_spine={**NECK_CLEAR, "limb_paraesthesiae": "yes"})) == {
        "/c_spine": "neck_not_cleared"
    }
    for unknown in ("unstable", "walked_at_any_time", "rotates_45_left"):
        rest = {name: value for name, value in NECK_CLEAR.items() if name != unknown}
        assert problems(clear("trauma_recent", c_spine=rest)) == {"/c_spine": "neck_not_cleared"}
    answer = clear("trauma_recent", c_spine=NECK_CLEAR)
    assert answer.status_code == 201, answer.json()
    assert answer.json()["c_spine"] == {"version": 1, "inputs": NECK_CLEAR, "outcome": "cleared"}
    assert state()["open"] == []


def test_age_counts_as_it_is_in_the_record_not_as_it_is_sent(cast, patient, flag, clear):
    flag("trauma_recent")
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=patient).update(birth_date=date(1950, 1, 1))

    assert problems(clear("trauma_recent", c_spine=NECK_CLEAR)) == {"/c_spine": "neck_not_cleared"}


@pytest.mark.parametrize("kind", ["imaging", "physician", "emergency_department"])
def test_imaging_or_a_physician_clears_a_neck_without_the_rule(flag, clear, kind):
    flag("trauma_recent", regions=["neck"])

    assert clear("trauma_recent", kind).status_code == 201


def test_an_injured_arm_needs_no_c_spine_rule(flag, clear):
    flag("trauma_recent", regions=["arm"], side="left")

    assert clear("trauma_recent").status_code == 201


def test_the_c_spine_rule_is_of_injuries_only(flag, clear):
    flag("fever_infection")

    assert problems(clear("fever_infection", c_spine=NECK_CLEAR)) == {"/c_spine": "not_of_this_flag"}


# --- In the database ------------------------------------------------------------------------------------------


def test_a_clearance_is_final_and_stays_in_its_clinic(cast, flag, clear):
    flag("fever_infection")
    clear("fever_infection")

    with tenancy.scope(cast.clinic.pk):
        row = Clearance.objects.get()
        for write in (lambda: Clearance.objects.update(reason="something else"), row.delete):
            with pytest.raises(DatabaseError), transaction.atomic():
                write()
    with tenancy.scope(cast.other_clinic.pk):
        assert not Clearance.objects.exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "short"},
        {"reason": "x          "},
        {"code": "severe_headache", "seen_by": ""},
        {"code": "severe_headache", "seen_by": "A. Smith", "seen_at": None},
        {"subject_ids": []},
        {"kind": "guessed"},
        {"cleared_at": timezone.now() + timedelta(days=1)},
    ],
)
def test_the_database_refuses_what_no_clearance_can_be(in_clinic, patient, wrong):
    now = timezone.now()
    row = {
        "code": "fever_infection",
        "kind": "examined",
        "reason": WHY,
        "cleared_at": now,
        "recorded_at": now,
        "subject_ids": [patient],
        "table_version": 1,
        "patient_id": patient,
        "clinic_id": in_clinic.clinic.pk,
        "cleared_by": in_clinic.therapist,
    }
    Clearance.objects.create(**row)

    with pytest.raises(IntegrityError), transaction.atomic():
        Clearance.objects.create(**(row | wrong))


# --- Exams ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "pointer", "code"),
    [
        ({"answer": "declined"}, "note", "reason_required"),
        ({"answer": "declined", "note": "  "}, "note", "reason_required"),
        ({"answer": "yes", "source": "no_to_all_others"}, "source", "needs_no"),
        ({"answer": "no", "side": "left"}, "side", "needs_yes"),
        ({"answer": "no", "regions": ["neck"]}, "regions", "needs_yes"),
        ({"answer": "yes", "regions": ["nose"]}, "regions/0", "invalid_choice"),
    ],
)
def test_an_answer_that_cannot_be(api, patient, answer, pointer, code):
    body = builders.exam(red_flags=[{"code": "trauma_recent", **answer}])

    assert problems(api().post(f"/patients/{patient}/assessments/", body)) == {f"/red_flags/0/{pointer}": code}


@pytest.mark.parametrize(
    ("code", "name"), [("fever_infection", "regions"), ("dvt_calf", "regions"), ("myelopathy", "side")]
)
def test_only_some_flags_name_a_place(api, patient, code, name):
    place = {"regions": ["leg"]} if name == "regions" else {"side": "left"}
    body = builders.exam(red_flags=[{"code": code, "answer": "yes", **place}])

    assert problems(api().post(f"/patients/{patient}/assessments/", body)) == {
        f"/red_flags/0/{name}": "not_of_this_flag"
    }


def test_no_to_all_others_is_recorded_as_such(api, patient):
    flags = [
        {"code": "trauma_recent", "answer": "no"},
        {"code": "dvt_calf", "answer": "no", "source": "no_to_all_others"},
    ]

    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(red_flags=flags)).json()

    assert [answer["source"] for answer in exam["red_flags"]] == ["asked_each", "no_to_all_others"]


def test_a_flagged_exam_in_error_needs_a_reason_and_reaches_the_owner(api, cast, flag, state):
    exam = flag("vascular_5d_3n")
    path = f"/assessments/{exam}/entered-in-error/"

    assert problems(api().post(path, {"reason": "x"})) == {"/reason": "too_short"}
    assert [found["code"] for found in state()["open"]] == ["vascular_5d_3n"]
    assert api().post(path, {"reason": "Entered for the wrong patient."}).status_code == 200

    assert state()["open"] == []
    with tenancy.scope(cast.clinic.pk):
        item = Item.objects.get(kind="referral_withdrawn")
    assert (str(item.about_id), item.facts["flags"]) == (exam, ["vascular_5d_3n"])


def test_an_exam_without_a_flag_may_be_marked_in_error_in_a_word(api, cast, patient):
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(red_flags=builders.screen())).json()["id"]
    api().post(f"/assessments/{exam}/sign/")

    assert api().post(f"/assessments/{exam}/entered-in-error/", {"reason": "twice"}).status_code == 200
    with tenancy.scope(cast.clinic.pk):
        assert not Item.objects.filter(kind="referral_withdrawn").exists()


def test_the_list_of_flags_has_questions_and_what_they_are_about(api):
    listed = api().get("/red-flags/").json()

    assert (listed["version"], listed["reviewed_by_clinician"], len(listed["results"])) == (1, False, 17)
    vascular = next(row for row in listed["results"] if row["id"] == "vascular_5d_3n")
    assert (vascular["before"], vascular["is_emergency"]) == (["head", "neck"], True)
    assert vascular["question"].startswith("Do you have neck pain or a headache unlike any before")
