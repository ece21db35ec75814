"""Each treatment that could be signed before the record's own knowledge stopped it, through the API and the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Competency
from database import tenancy
from database.expressions import new_id
from tests import builders
from tests.reading import Browser

pytestmark = pytest.mark.django_db
VASCULAR = "vascular_5d_3n"
OVER_LUNG = {"muscle": "rhomboids"}


def needling(muscle: str = "gluteus_medius", side: str = "left", **dose: Any) -> dict[str, Any]:
    given = builders.needling(**dose)
    kept = {name: value for name, value in given["dose"].items() if value is not None}
    return {**given, "muscle": muscle, "side": side, "dose": kept}


def compression(muscle: str = "gluteus_medius", side: str = "left", technique: str = "ischemic_compression") -> Any:
    dose = builders.compression()["dose"] if technique == "ischemic_compression" else {}
    return {"technique": technique, "muscle": muscle, "side": side, "dose": dose}


def injection(**dose: Any) -> dict[str, Any]:
    own = {
        "agent": "Lignocaine",
        "concentration_pct": 1,
        "volume_ml": 2,
        "prescriber": "Dr Field",
        "needles_in": 1,
        "needles_out": 1,
        "expiry_date": "2027-01-01",
        **dose,
    }
    return {"technique": "trigger_point_injection", "muscle": "gluteus_medius", "side": "left", "dose": own}


def exam(api: Any, patient: Any, days: int, *, sign: bool = True, **answers: Any) -> Any:
    """Record an exam some days before the treatment; the same answers as `builders.screen`."""
    at = (TREATED - timedelta(days=days)).isoformat()
    body = builders.exam(performed_at=at, red_flags=answers.pop("red_flags", None) or builders.screen(**answers))
    made = api.post(f"/patients/{patient}/assessments/", body)
    assert made.status_code == 201, made.json()
    if sign:
        assert api.post(f"/assessments/{made.json()['id']}/sign/").status_code == 200
    return made.json()["id"]


TREATED = timezone.now().replace(microsecond=0) - timedelta(days=2)


@dataclass(frozen=True)
class Case:
    """
    A treatment that was signed before.

    :ivar finding: what the refusal names
    :ivar prepare: what else is recorded first
    """

    name: str
    interventions: list[dict[str, Any]]
    code: str
    finding: str
    status: int = 409
    alerts: list[dict[str, Any]] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)
    prepare: Any = None
    more: dict[str, Any] = field(default_factory=dict)


def screened(*, leave_out: Any = (), **answers: Any) -> Any:
    return lambda api, patient: exam(api, patient, 1, leave_out=leave_out, **answers)


def ready_days_ago(days: int, **options: Any) -> Any:
    at = (TREATED - timedelta(days=days)).isoformat()
    return lambda api, patient: builders.ready(api, patient, performed_at=at, **options)


def asked_long_ago(api: Any, patient: Any) -> None:
    exam(api, patient, 400)


def flagged_then(*rest: Any) -> Any:
    """A vascular "yes" ten days ago, and then these exams: (answers, signed)."""

    def prepare(api: Any, patient: Any) -> None:
        exam(api, patient, 10, yes=[VASCULAR])
        for number, (red_flags, sign) in enumerate(rest):
            exam(api, patient, 5 - number, red_flags=red_flags, sign=sign)

    return prepare


def flagged_afterwards(api: Any, patient: Any) -> None:
    exam(api, patient, 1)
    at = (TREATED + timedelta(minutes=1)).isoformat()
    body = builders.exam(performed_at=at, red_flags=builders.screen(yes=[VASCULAR]))
    made = api.post(f"/patients/{patient}/assessments/", body).json()
    assert api.post(f"/assessments/{made['id']}/sign/").status_code == 200


def flagged_and_in_error(api: Any, patient: Any) -> None:
    """The flag was answered "yes" twice; the later exam is marked as entered in error."""
    exam(api, patient, 10, yes=[VASCULAR])
    again = exam(api, patient, 5, yes=[VASCULAR])
    reason = {"reason": "Recorded for the wrong patient."}
    assert api.post(f"/assessments/{again}/entered-in-error/", reason).status_code == 200


SUBOCCIPITALS = [needling("suboccipitals", needle_length_mm=15)]
NOT_ASKED = [{"code": VASCULAR, "answer": "not_asked"}]
CASES = [
    Case("a later exam did not ask", SUBOCCIPITALS, "red_flag_stop", VASCULAR, prepare=flagged_then((NOT_ASKED, True))),
    Case("an empty draft", SUBOCCIPITALS, "red_flag_stop", VASCULAR, prepare=flagged_then((NOT_ASKED, False))),
    Case(
        "a draft says no",
        SUBOCCIPITALS,
        "red_flag_stop",
        VASCULAR,
        prepare=flagged_then(([{"code": VASCULAR, "answer": "no"}], False)),
    ),
    Case("dated a minute earlier", [compression("suboccipitals")], "red_flag_known_at_signing", VASCULAR,
         prepare=flagged_afterwards),
    Case("the exam is in error", SUBOCCIPITALS, "red_flag_stop", VASCULAR, prepare=flagged_and_in_error),
    Case("no exam", [compression()], "screen_incomplete", "not_answered", prepare=lambda api, patient: None),
    Case("17 of 17 not asked", [compression()], "screen_incomplete", "not_answered",
         prepare=lambda api, patient: exam(api, patient, 1, red_flags=NOT_ASKED)),
    Case("asked 400 days ago", [compression()], "screen_incomplete", "not_answered", prepare=asked_long_ago),
    Case("pacemaker, electrical", [needling(needling_technique="electrical", es_hz=2, es_minutes=10)], "safety_stop",
         "pacemaker_electrical_needling", alerts=[{"code": "pacemaker"}]),
    Case("bleeding disorder, iliopsoas", [needling("iliopsoas", needle_length_mm=75)], "safety_stop",
         "bleeding_disorder_needle", alerts=[{"code": "bleeding_disorder"}]),
    Case("lymphoedema, same arm", [needling("biceps_brachii", "left")], "safety_stop", "lymphoedema_needle",
         alerts=[{"code": "lymphoedema", "side": "left", "region": "arm"}]),
    Case("clot, calf compression", [compression("soleus")], "safety_stop", "clot",
         alerts=[{"code": "clot", "side": "left", "region": "leg"}]),
    Case("allergy, lidocaine", [injection()], "safety_stop", "local_anaesthetic_allergy",
         alerts=[{"code": "local_anaesthetic_allergy"}]),
    Case("needling a child of six", [needling()], "safety_stop", "child_needle",
         prepare=ready_days_ago(1, guardian="Mother"),
         details={"birth_date": (TREATED - timedelta(days=6 * 366)).date().isoformat()}),
    Case("a child without a guardian", [needling()], "consent_missing", "consent_missing", prepare=screened(),
         details={"birth_date": (TREATED - timedelta(days=6 * 366)).date().isoformat()}),
    Case("both sides of the thorax",
         [needling("rhomboids", side, needle_length_mm=15) for side in ("left", "right")],
         "safety_stop", "both_sides_of_thorax"),
    Case("over the lung without a length", [needling("rhomboids", needle_length_mm=None)], "invalid", "required",
         status=400),
    Case("0 needles in and out", [needling(needles_in=0, needles_out=0)], "needles_differ", "needles_differ"),
    Case("1,000 mg Lignocaine", [injection(volume_ml=100)], "invalid", "over_maximum", status=400,
         more={"weight_kg": 80, "limit_reasons": {"total_mg": "Agreed."}}),
    Case("290 mg for a child of nine", [injection(volume_ml=29)], "invalid", "over_maximum", status=400,
         prepare=screened(),
         details={"birth_date": (TREATED - timedelta(days=9 * 366)).date().isoformat()}, more={"weight_kg": 30}),
    Case("an expired lot", [injection(expiry_date=date(2020, 1, 1).isoformat())], "invalid", "expired", status=400),
    Case("no consent", [needling()], "consent_missing", "consent_missing", prepare=screened()),
    Case("no prescriber", [injection(prescriber="")], "invalid", "required", status=400),
    Case("a one-letter reason", [compression()], "invalid", "too_short", status=400,
         prepare=screened(yes=["cauda_equina"]),
         more={"overrides": [{"code": "cauda_equina", "reason": "x"}]}),
    Case("self-harm unseen", [compression()], "safety_stop", "red_flag", prepare=screened(yes=["psych_safety"])),
    Case("new numbness unseen", [needling()], "safety_stop", "red_flag",
         prepare=ready_days_ago(1, yes=["neuro_new"])),
]  # fmt: skip


@pytest.fixture
def competent(cast):
    """The therapist may needle and inject everything."""
    with tenancy.scope(cast.clinic.pk):
        for code in ("dn_basic", "dn_thorax", "dn_suboccipital", "dn_pelvic", "injection_prescriber"):
            Competency.objects.create(id=new_id(), clinic=cast.clinic, user=cast.therapist, technique=code)


def prepared(api: Any, case: Case) -> tuple[Any, Any]:
    """Return the patient and the draft of a case."""
    person = {"family_name": "Okafor", "birth_date": "1980-02-03", "alerts": case.alerts, **case.details}
    patient = api.post("/patients/", person).json()["id"]
    if case.prepare:
        case.prepare(api, patient)
    else:
        ready_days_ago(1)(api, patient)
    sent = builders.treatment(performed_at=TREATED.isoformat(), interventions=case.interventions)
    return patient, sent | {name: value for name, value in case.more.items() if name != "overrides"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_does_not_pass_the_api(api, competent, case):
    patient, sent = prepared(api(), case)

    drafted = api().post(f"/patients/{patient}/sessions/", sent | case.more)
    if drafted.status_code == 400 and case.status == 400:  # refused even earlier
        assert case.finding in {error["code"] for error in drafted.json()["errors"]}, drafted.json()
        return
    assert drafted.status_code == 201, drafted.json()
    refused = api().post(f"/sessions/{drafted.json()['id']}/sign/")

    body = refused.json()
    assert (refused.status_code, body["code"]) == (case.status, case.code), body
    named = {error["code"] for error in body["errors"]}
    named |= {error.get("params", {}).get("flag") for error in body["errors"]}
    assert case.finding in named, body
    for error in body["errors"]:
        if case.code == "safety_stop":
            assert error["params"]["reason"]
            assert error["params"]["source"]
    assert api().get(f"/sessions/{drafted.json()['id']}/").json()["status"] == "draft"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_does_not_pass_the_page(api, cast, competent, case):
    patient, sent = prepared(api(), case)
    drafted = api().post(f"/patients/{patient}/sessions/", sent)
    if drafted.status_code == 400:
        return
    path = f"/documents/session/{drafted.json()['id']}/review/"
    browser = Client(raise_request_exception=False)
    browser.force_login(cast.therapist)

    shown = browser.get(path).content.decode()
    answer = browser.post(path)

    assert "Stops the signature" in shown
    assert answer.status_code >= 400
    assert api().get(f"/sessions/{drafted.json()['id']}/").json()["status"] == "draft"


def test_a_signed_no_lowers_the_flag(api, competent):
    case = Case("", [compression("suboccipitals")], "", "", prepare=flagged_then((builders.screen(), True)))
    patient, sent = prepared(api(), case)
    session = api().post(f"/patients/{patient}/sessions/", sent).json()["id"]

    assert api().post(f"/sessions/{session}/sign/").status_code == 200


def test_a_flag_acts_only_where_its_row_says(api, competent):
    for muscle, technique, status in [
        ("trapezius_upper", "massage", 200),
        ("gastrocnemius_medial", "ischemic_compression", 409),
    ]:
        case = Case("", [compression(muscle, technique=technique)], "", "", prepare=screened(yes=["dvt_calf"]))
        patient, sent = prepared(api(), case)
        session = api().post(f"/patients/{patient}/sessions/", sent).json()["id"]
        assert api().post(f"/sessions/{session}/sign/").status_code == status
    safety = api().get(f"/patients/{patient}/sessions/").json()["results"][0]["safety"]
    assert safety is None, "a draft has nothing yet"


def test_advice_alone_passes(api, patient):
    sent = builders.treatment(interventions=[{"technique": "advice", "dose": {"topic": "Breaks."}}])
    session = api().post(f"/patients/{patient}/sessions/", sent).json()["id"]

    assert api().post(f"/sessions/{session}/sign/").status_code == 200


@pytest.mark.parametrize(
    ("override", "errors"),
    [
        ({"reason": "short"}, {("/overrides/0/reason", "too_short"), ("/overrides/0/seen_by", "required"),
                               ("/overrides/0/seen_at", "required")}),
        ({"reason": "Sent home by the emergency department."}, {("/overrides/0/seen_by", "required"),
                                                                ("/overrides/0/seen_at", "required")}),
    ],
)  # fmt: skip
def test_an_emergency_needs_by_whom_and_when_the_patient_was_seen(api, patient, override, errors):
    sent = builders.treatment(overrides=[{"code": "cauda_equina", **override}])

    answer = api().post(f"/patients/{patient}/sessions/", sent)

    assert {(error["pointer"], error["code"]) for error in answer.json()["errors"]} == errors
    assert answer.status_code == 400


def test_the_signed_document_keeps_what_was_known(api, cast, competent):
    case = Case(
        "",
        [needling("iliopsoas")],
        "",
        "",
        alerts=[{"code": "anticoagulant"}, {"code": "pregnancy"}],
        prepare=ready_days_ago(1, yes=["fever_infection"]),
    )
    patient, sent = prepared(api(), case)
    sent |= {
        "overrides": [
            {"code": "fever_infection", "reason": "The fever was last week and is gone."},
            {"code": "pregnancy_avoided_muscle", "reason": "Agreed with the gynaecologist."},
        ],
        "acknowledged": [{"code": "anticoagulant_deep_muscle"}],
    }
    session = api().post(f"/patients/{patient}/sessions/", sent).json()
    path = f"/sessions/{session['id']}/"
    signed = api().post(f"{path}sign/")
    assert signed.status_code == 200, signed.json()

    document = api().get(f"/records/{signed.json()['record_id']}/").json()["document"]
    safety = (document.get("content") or document[document["kind"]])["safety"]
    assert [flag["code"] for flag in safety["open_flags"]] == ["fever_infection"]
    assert safety["screen_at"] is not None
    assert (safety["gate"], safety["list_version"], safety["list_reviewed"]) == ("stop", "2", False)
    assert {alert["code"] for alert in safety["alerts"]} == {"anticoagulant", "pregnancy"}
    assert {row["code"] for row in safety["cautions_shown"]} >= {"near_kidney", "anticoagulant_deep_muscle"}
    assert all(row["reason"] and row["source"] for row in safety["cautions_shown"])
    assert [row["by"] for row in safety["overrides"]] == [str(cast.therapist.pk)] * 2
    assert [row["code"] for row in safety["acknowledged"]] == ["anticoagulant_deep_muscle"]
    assert {row["region"] for row in safety["consents"]} == {"general", "neck", "thorax", "pelvis", "suboccipital"}
    assert api().get(path).json()["safety"] == safety
    assert api().get("/records/verify/").json()["ok"] is True

    browser = Browser()
    browser.force_login(cast.therapist)
    shown = browser.get(f"/documents/session/{session['id']}/").content.decode()
    for text in ("The fever was last week and is gone.", "Agreed with the gynaecologist.", "Therapist", "version 1"):
        assert text in shown


def test_a_stop_without_a_way_out_cannot_be_passed(api, competent):
    sent = {"code": "needle_phobia", "reason": "The patient wants it anyway."}
    case = Case("", [needling()], "", "", alerts=[{"code": "needle_phobia"}], prepare=ready_days_ago(3))
    patient, body = prepared(api(), case)
    session = api().post(f"/patients/{patient}/sessions/", body | {"overrides": [sent]}).json()["id"]

    refused = api().post(f"/sessions/{session}/sign/")

    assert refused.status_code == 409
    (error,) = [e for e in refused.json()["errors"] if e["code"] == "needle_phobia"]
    assert error["params"]["overridable"] is False


def test_who_passed_a_stop_keeps_their_name(api, cast, patient):
    """Somebody else goes on with the draft: each answer stays under the name of the person who gave it."""
    first = {"code": "fever_infection", "reason": "Seen by the GP this morning."}
    session = api().post(f"/patients/{patient}/sessions/", builders.treatment(overrides=[first])).json()
    path = f"/sessions/{session['id']}/"
    second = {"code": "trauma_recent", "reason": "X-ray on Monday was fine."}
    api(cast.colleague).patch(path, {"overrides": [first, second]}, If_Match="*")

    rows = api().patch(path, {"acknowledged": [{"code": "child_needle"}]}, If_Match="*").json()

    assert [row["by"] for row in rows["overrides"]] == [str(cast.therapist.pk), str(cast.colleague.pk)]
    assert [row["code"] for row in rows["acknowledged"]] == ["child_needle"]


def test_a_correction_is_not_stopped_by_what_stopped_nobody_before(api, cast, competent):
    """Consent is withdrawn after the treatment; a typing error in the signed session can still be corrected."""
    case = Case("", [needling()], "", "")
    patient, sent = prepared(api(), case)
    session = api().post(f"/patients/{patient}/sessions/", sent).json()["id"]
    assert api().post(f"/sessions/{session}/sign/").status_code == 200
    exam(api(), patient, -1, yes=["fever_infection"])
    revision = api().post(f"/sessions/{session}/revisions/").json()["id"]
    path = f"/sessions/{revision}/"

    added = api().patch(path, {"interventions": [needling(), compression("soleus")]}, If_Match="*")
    assert added.status_code == 200, added.json()
    assert api().post(f"{path}sign/").status_code == 200

    again = api().post(f"{path}revisions/").json()["id"]
    more = {"interventions": [needling(), needling("trapezius_upper", needles_in=0, needles_out=0)]}
    api().patch(f"/sessions/{again}/", more, If_Match="*")
    assert api().post(f"/sessions/{again}/sign/").json()["code"] == "needles_differ"


@pytest.mark.parametrize("number", [1, 12])
def test_the_review_asks_no_more_for_more_interventions(api, cast, competent, django_assert_max_num_queries, number):
    muscles = ["soleus", "gluteus_medius", "gluteus_maximus", "piriformis", "biceps_brachii", "tibialis_anterior"]
    interventions = [needling(muscle, side) for muscle in muscles for side in ("left", "right")][:number]
    case = Case("", interventions, "", "", more={"limit_reasons": {"needled_points": "Agreed."}})
    patient, sent = prepared(api(), case)
    session = api().post(f"/patients/{patient}/sessions/", sent).json()["id"]
    browser = Browser()
    browser.force_login(cast.therapist)
    browser.get("/")

    with django_assert_max_num_queries(60) as statements:
        assert browser.get(f"/documents/session/{session}/review/").status_code == 200

    COUNTS[number] = len(statements)
    assert len(set(COUNTS.values())) == 1, COUNTS


COUNTS: dict[int, int] = {}
