"""Record, change and sign a treatment through the API."""

import pytest

from tests import builders


@pytest.fixture
def ready(api, patient):
    """The patient's red flags are answered, and all consents are there."""
    builders.ready(api(), patient)


def record(api, patient, **fields):
    return api().post(f"/patients/{patient}/sessions/", builders.treatment(**fields))


def test_each_technique_takes_its_own_dose(api, patient):
    listed = api().get("/techniques/").json()["results"]
    assert len(listed) == 13
    interventions = []
    for technique in listed:
        dose = {}
        for field in technique["dose"]:
            low, _ = field["soft"] or field["hard"] or (None, None)
            value = {
                "whole number": low,
                "number": low,
                "text": "as written",
                "yes or no": True,
                "date": "2027-01-01",
                "code": (field["codes"] or [None])[0],
            }[field["kind"]]
            dose[field["name"]] = int(value) if field["kind"] == "whole number" else value
        interventions.append({"technique": technique["id"], "muscle": "gluteus_medius", "side": "left", "dose": dose})

    answer = record(api, patient, interventions=interventions)

    assert answer.status_code == 201, answer.json()
    for sent, found in zip(interventions, answer.json()["interventions"], strict=True):
        assert found["dose"] == sent["dose"]


@pytest.mark.parametrize(
    ("intervention", "pointer", "code"),
    [
        (builders.compression(hold_s=301), "dose/hold_s", "out_of_range"),
        (builders.compression(hold_s=130), "dose/hold_s", "reason_required"),
        (builders.compression(needles_in=1), "dose/needles_in", "not_of_this_technique"),
        (builders.compression(holds=1), "dose/holds", "unknown_field"),
        (builders.compression(hold_s="60"), "dose/hold_s", "invalid"),
        (builders.needling(needle_length_mm=40), "dose/needle_length_mm", "reason_required"),
        (builders.needling(needling_technique="wet"), "dose/needling_technique", "invalid_choice"),
        ({"technique": "dry_needling", "dose": {}}, "muscle", "required"),
        ({"technique": "cupping"}, "technique", "invalid_choice"),
        ({"technique": "massage", "muscle": "masseter"}, "side", "muscle_and_side"),
        ({"technique": "massage", "muscle": "biceps", "side": "left"}, "muscle", "unknown_muscle"),
        ({**builders.compression(), "total_mg": 3}, "total_mg", "computed"),
    ],
)
def test_an_impossible_dose_is_refused_with_its_place(api, patient, intervention, pointer, code):
    answer = record(api, patient, interventions=[builders.compression(), intervention])

    assert answer.status_code == 400, answer.json()
    assert (f"/interventions/1/{pointer}", code) in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
    assert api().get(f"/patients/{patient}/sessions/").json()["results"] == []


def test_a_reason_opens_a_soft_limit(api, patient):
    long_hold = {**builders.compression(hold_s=180), "limit_reasons": {"hold_s": "Very dense band, agreed."}}

    answer = record(api, patient, interventions=[long_hold])

    assert answer.status_code == 201, answer.json()
    assert answer.json()["interventions"][0]["limit_reasons"] == {"hold_s": "Very dense band, agreed."}


@pytest.mark.parametrize(("needles_in", "needles_out"), [(2, 1), (1, None), (None, None)])
def test_needles_in_are_needles_out_or_there_is_no_signature(api, ready, patient, needles_in, needles_out):
    needling = builders.needling(needles_in=needles_in, needles_out=needles_out)
    session = record(api, patient, interventions=[builders.compression(), needling]).json()
    path = f"/sessions/{session['id']}/"

    refused = api().post(f"{path}sign/")

    assert (refused.status_code, refused.json()["code"]) == (409, "needles_differ")
    assert refused.json()["errors"][0]["pointer"] == "/interventions/1/dose/needles_out"
    api().patch(path, {"interventions": [builders.needling(needles_in=2, needles_out=2)]}, If_Match="*")
    assert api().post(f"{path}sign/").status_code == 200


def test_a_blocking_red_flag_stops_the_signature_until_it_is_answered_for(api, patient):
    builders.ready(api(), patient, yes=["fever_infection"])
    path = f"/sessions/{record(api, patient).json()['id']}/"

    refused = api().post(f"{path}sign/")

    assert (refused.status_code, refused.json()["code"]) == (409, "red_flag_stop")
    overrides = [{"code": "fever_infection", "reason": "Seen by the GP this morning, letter in the file."}]
    assert api().patch(path, {"overrides": overrides}, If_Match="*").status_code == 200
    assert api().post(f"{path}sign/").status_code == 200


def test_a_point_of_the_exam_is_treated_and_measured(api, patient):
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam()).json()
    point = exam["findings"][0]["trigger_point"]
    measures = [
        {"kind": "ppt_kpa", "phase": "before", "value": 181.1, "trigger_point": point},
        {"kind": "ppt_kpa", "phase": "after", "timing": "immediate", "value": 214.8, "trigger_point": point},
        {"kind": "rom_deg", "phase": "before", "value": 52, "movement": "cervical.rotation", "side": "right"},
    ]
    treated = {"technique": "ischemic_compression", "trigger_point": point, "dose": {"hold_s": 60}}

    answer = record(api, patient, interventions=[treated], measures=measures)

    assert answer.status_code == 201, answer.json()
    assert answer.json()["interventions"][0]["muscle"] == "trapezius_upper"
    assert [m["value"] for m in answer.json()["measures"]] == [181.1, 214.8, 52]


@pytest.mark.parametrize(
    ("measure", "pointer", "code"),
    [
        ({"kind": "pain", "phase": "before", "value": 11}, "value", "out_of_range"),
        ({"kind": "pain", "phase": "before", "value": 5.5}, "value", "whole_number"),
        ({"kind": "pain", "phase": "after", "value": 5}, "timing", "timing_of_after"),
        ({"kind": "pain", "phase": "before", "timing": "24h", "value": 5}, "timing", "timing_of_after"),
        ({"kind": "rom_deg", "phase": "before", "value": 5}, "movement", "movement_of_range"),
        ({"kind": "rom_deg", "phase": "before", "value": 91, "movement": "cervical.flexion"}, "value", "out_of_range"),
        ({"kind": "ppt_kpa", "phase": "before", "value": 5}, "value", "out_of_range"),
    ],
)
def test_an_impossible_measure_is_refused(api, patient, measure, pointer, code):
    answer = record(api, patient, measures=[measure])

    assert (f"/measures/0/{pointer}", code) in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]


def test_a_strangers_trigger_point_is_refused(api, patient, cast):
    other = api().post("/patients/", {"family_name": "Other"}).json()["id"]
    exam = api().post(f"/patients/{other}/assessments/", builders.exam()).json()
    treated = {"technique": "massage", "trigger_point": exam["findings"][0]["trigger_point"]}

    answer = record(api, patient, interventions=[treated])

    assert answer.json()["errors"][0]["code"] == "unknown_trigger_point"


def test_an_injection_counts_its_milligrams_and_asks_above_the_plain_maximum(api, patient):
    def injection(volume_ml):
        dose = {"agent": "Lidocaine", "concentration_pct": 1, "volume_ml": volume_ml, "needles_in": 1, "needles_out": 1}
        return {"technique": "trigger_point_injection", "muscle": "gluteus_medius", "side": "left", "dose": dose}

    assert record(api, patient, interventions=[injection(8)]).json()["interventions"][0]["total_mg"] == 80
    refused = record(api, patient, interventions=[injection(20), injection(20)])
    assert refused.json()["errors"][0]["code"] == "reason_required"


def test_a_session_is_revised_and_entered_in_error_like_an_exam(api, ready, patient):
    path = f"/sessions/{record(api, patient).json()['id']}/"
    api().post(f"{path}sign/")
    assert api().patch(path, {"response": "x"}, If_Match="*").json()["code"] == "already_signed"

    revision = api().post(f"{path}revisions/").json()
    assert api().post(f"/sessions/{revision['id']}/sign/").status_code == 200

    assert api().get(path).json()["status"] == "superseded"
    assert api().post(f"/sessions/{revision['id']}/addenda/", {"text": "Called: well."}).status_code == 201
    marked = api().post(f"/sessions/{revision['id']}/entered-in-error/", {"reason": "Other patient."})
    assert marked.status_code == 200
    assert api().get("/records/verify/").json()["ok"] is True


def test_a_draft_session_is_thrown_away(api, patient):
    path = f"/sessions/{record(api, patient).json()['id']}/"

    assert api().delete(path, If_Match='"1"').status_code == 204
    assert api().get(path).status_code == 404


def test_a_reason_that_was_asked_for_cannot_be_taken_away_before_signing(api, ready, patient):
    muscles = ["gluteus_medius", "gluteus_maximus", "piriformis", "soleus", "infraspinatus", "biceps_brachii"]
    many = [{**builders.needling(), "muscle": muscle, "side": side} for muscle in muscles for side in ("left", "right")]
    assert record(api, patient, interventions=many).json()["errors"][0]["code"] == "reason_required"
    drafted = record(api, patient, interventions=many, limit_reasons={"needled_points": "Agreed."}).json()
    path = f"/sessions/{drafted['id']}/"
    api().patch(path, {"limit_reasons": {}}, If_Match="*")

    assert api().post(f"{path}sign/").json()["errors"][0]["code"] == "reason_required"
