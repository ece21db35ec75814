"""Record, change, sign and correct an assessment through the API."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import builders


@pytest.fixture
def draft(api, patient):
    answer = api().post(f"/patients/{patient}/assessments/", builders.exam())
    assert answer.status_code == 201, answer.json()
    return answer.json()


def test_the_designs_example_comes_back_as_it_was_sent(api, patient):
    finding = {
        "muscle": "trapezius_upper",
        "side": "right",
        "place": "mid-belly",
        "point": {"view": "back", "x": 0.58, "y": 0.19, "chart": 2},
        "taut_band": "present",
        "hypersensitive_spot": "present",
        "palpable_nodule": "present",
        "spot_in_band": "yes",
        "referred_pain": "present",
        "referred_to": [{"zone": "head.temple", "side": "right"}],
        "referred_quality": ["dull_ache"],
        "recognised": "yes",
        "local_twitch": "not_tested",
        "jump_sign": "absent",
        "pain_on_pressure": 7,
        "ppt_kpa": [186.3, 176.5, 180.4],
    }
    sent = {
        "performed_at": "2026-11-20T09:30:00Z",
        "pain_now": 6,
        "pain_worst_24h": 8,
        "pain_best_24h": 3,
        "red_flags": [{"code": "trauma_recent", "answer": "no"}],
        "pain_drawing": [{"zone": "head.temple", "side": "right", "intensity": 6}],
        "range_of_motion": [
            {"movement": "cervical.rotation", "side": "right", "degrees": 52, "painful": True, "device": "goniometer"}
        ],
        "findings": [finding],
    }

    answer = api().post(f"/patients/{patient}/assessments/", sent)

    assert answer.status_code == 201, answer.json()
    body = api().get(answer["Location"]).json()
    found = body["findings"][0]
    assert {name: found[name] for name in finding} == finding
    assert (found["criteria"], found["class"], found["missing_tests"]) == ("met", "active", [])
    assert (found["rule_set"], found["rule_set_version"]) == ("delphi2018_any2", 1)
    assert found["ppt_mean_kpa"] == 181.1
    assert body["pain_drawing"] == sent["pain_drawing"]
    assert body["range_of_motion"] == sent["range_of_motion"]
    assert body["red_flags"] == [
        {"code": "trauma_recent", "answer": "no", "note": "", "source": "asked_each", "regions": [], "side": None}
    ]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"pain_now": 11}, "/pain_now", "max_value"),
        ({"pain_now": "6"}, "/pain_now", "invalid"),
        ({"pain_now": True}, "/pain_now", "invalid"),
        ({"performed_at": "2999-01-01T00:00:00Z"}, "/performed_at", "in_future"),
        ({"performed_at": "yesterday"}, "/performed_at", "invalid"),
        ({"pain_worst_24h": 3, "pain_best_24h": 5}, "/pain_best_24h", "above_worst"),
        ({"red_flags": [{"code": "nope", "answer": "no"}]}, "/red_flags/0/code", "invalid_choice"),
        ({"pain_drawing": [{"zone": "head.nowhere", "side": "left"}]}, "/pain_drawing/0/zone", "unknown_zone"),
        ({"pain_drawing": [{"zone": "head.vertex", "side": "left"}]}, "/pain_drawing/0/side", "wrong_side"),
        ({"pain_drawing": [{"zone": "head.temple", "side": "midline"}]}, "/pain_drawing/0/side", "wrong_side"),
        (
            {"range_of_motion": [{"movement": "cervical.flexion", "degrees": 91}]},
            "/range_of_motion/0/degrees",
            "out_of_range",
        ),
        ({"range_of_motion": [{"movement": "cervical.spin"}]}, "/range_of_motion/0/movement", "unknown_movement"),
        ({"rule_set": "delphi1999"}, "/rule_set", "invalid_choice"),
        ({"pain": 3}, "/pain", "unknown_field"),
    ],
)
def test_an_impossible_exam_is_refused_with_its_place(api, patient, change, pointer, code):
    answer = api().post(f"/patients/{patient}/assessments/", builders.exam(**change))

    assert answer.status_code == 400, answer.json()
    assert (pointer, code) in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]
    assert api().get(f"/patients/{patient}/assessments/").json()["results"] == []


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"muscle": "trapezius"}, "muscle", "unknown_muscle"),
        ({"side": "both"}, "side", "invalid_choice"),
        ({"taut_band": "yes"}, "taut_band", "invalid_choice"),
        ({"class": "active"}, "class", "computed"),
        ({"criteria": "met"}, "criteria", "computed"),
        ({"missing_tests": []}, "missing_tests", "computed"),
        ({"pain_on_pressure": -1}, "pain_on_pressure", "min_value"),
        ({"ppt_kpa": [9.9]}, "ppt_kpa/0", "out_of_range"),
        ({"ppt_kpa": [200, 2001]}, "ppt_kpa/1", "out_of_range"),
        ({"ppt_kpa": [20]}, "ppt_kpa/0", "reason_required"),
        ({"ppt_kpa": [200, 200, 200, 200]}, "ppt_kpa", "max_length"),
        ({"referred_pain": "absent", "referred_to": [{"zone": "head.temple", "side": "right"}]}, "referred_to",
         "needs_referred_pain"),
        ({"twitch_method": "palpation"}, "twitch_method", "needs_local_twitch"),
        ({"point": {"view": "back", "x": 1.2, "y": 0}}, "point/x", "max_value"),
    ],
)  # fmt: skip
def test_an_impossible_finding_is_refused_with_its_place(api, patient, change, pointer, code):
    findings = [builders.finding(side="left"), builders.finding(**change)]

    answer = api().post(f"/patients/{patient}/assessments/", builders.exam(findings=findings))

    assert answer.status_code == 400, answer.json()
    assert (f"/findings/1/{pointer}", code) in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]


def test_the_same_place_twice_is_refused(api, patient):
    findings = [builders.finding(place="Mid-belly"), builders.finding(place="mid belly")]

    answer = api().post(f"/patients/{patient}/assessments/", builders.exam(findings=findings))

    assert answer.json()["errors"][0]["code"] == "duplicate"


def test_a_change_replaces_the_lists_that_are_sent(api, draft):
    path = f"/assessments/{draft['id']}/"
    findings = [
        builders.finding(recognised="no"),
        builders.finding(muscle="suboccipitals", referred_pain="not_tested", hypersensitive_spot="absent"),
    ]

    changed = api().patch(path, {"pain_now": 4, "findings": findings}, If_Match='"1"')

    assert changed.status_code == 200, changed.json()
    assert changed["ETag"] == '"2"'
    assert [f["class"] for f in changed.json()["findings"]] == ["latent", "indeterminate"]
    assert changed.json()["findings"][1]["missing_tests"] == ["referred_pain"]
    assert changed.json()["findings"][0]["trigger_point"] == draft["findings"][0]["trigger_point"]
    assert api().patch(path, {"pain_now": 5}, If_Match='"1"').status_code == 412


def test_another_rule_set_classifies_again(api, draft):
    path = f"/assessments/{draft['id']}/"

    changed = api().patch(path, {"rule_set": "classic4"}, If_Match="*").json()

    assert changed["findings"][0]["rule_set"] == "classic4"
    assert changed["findings"][0]["criteria"] == "indeterminate"
    assert changed["findings"][0]["missing_tests"] == ["spot_in_band", "local_twitch"]


def test_a_signed_assessment_is_final(api, draft):
    path = f"/assessments/{draft['id']}/"
    assert api().post(f"{path}sign/").status_code == 200

    for answer in (
        api().patch(path, {"pain_now": 1}, If_Match="*"),
        api().delete(path, If_Match="*"),
        api().post(f"{path}sign/"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "already_signed")
    assert api().get(path).json()["status"] == "signed"


def test_nothing_cannot_be_signed(api, patient):
    empty = api().post(f"/patients/{patient}/assessments/", {"performed_at": "2026-11-20T09:30:00Z"}).json()

    answer = api().post(f"/assessments/{empty['id']}/sign/")

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "empty")


def test_a_draft_is_thrown_away_whole(api, draft, cast):
    path = f"/assessments/{draft['id']}/"

    assert api().delete(path).status_code == 428
    assert api().delete(path, If_Match='"1"').status_code == 204
    assert api().get(path).status_code == 404


def test_an_addendum_stands_beside_the_document(api, draft, patient):
    path = f"/assessments/{draft['id']}/"
    assert api().post(f"{path}addenda/", {"text": "x"}).json()["code"] == "not_signed"
    api().post(f"{path}sign/")

    answer = api().post(f"{path}addenda/", {"text": "Left side too, forgotten in the note."})

    assert answer.status_code == 201, answer.json()
    record = api().get(f"/patients/{patient}/history/").json()["results"][0]
    assert record["status"] == "current"
    assert [a["addendum"]["text"] for a in record["addenda"]] == ["Left side too, forgotten in the note."]
    assert [r["entry"] for r in api().get("/records/").json()["results"]] == ["signed", "addendum"]


def test_a_new_version_supersedes_the_old_one(api, draft, patient):
    path = f"/assessments/{draft['id']}/"
    api().post(f"{path}sign/")

    revision = api().post(f"{path}revisions/")
    assert revision.status_code == 201, revision.json()
    again = api().post(f"{path}revisions/")
    assert (again.status_code, again.json()["code"]) == (409, "revision_exists")
    new = f"/assessments/{revision.json()['id']}/"
    assert revision.json()["findings"][0]["class"] == "active"
    assert (revision.json()["version"], revision.json()["status"]) == (2, "draft")
    api().patch(new, {"pain_now": 2}, If_Match="*")
    assert api().post(f"{new}sign/").json()["version"] == 2

    assert api().get(path).json()["status"] == "superseded"
    history = api().get(f"/patients/{patient}/history/").json()["results"]
    assert sorted((r["version"], r["status"]) for r in history) == [(1, "superseded"), (2, "current")]
    assert {r["subject_id"] for r in history} == {draft["id"]}
    assert api().post(f"{path}addenda/", {"text": "late"}).json()["code"] == "no_longer_current"


def test_entered_in_error_is_marked_and_stays_readable(api, draft, patient):
    path = f"/assessments/{draft['id']}/"
    api().post(f"{path}sign/")

    answer = api().post(f"{path}entered-in-error/", {"reason": "Wrong patient."})

    assert answer.status_code == 200, answer.json()
    assert api().get(path).json()["status"] == "entered_in_error"
    (record,) = api().get(f"/patients/{patient}/history/").json()["results"]
    assert record["status"] == "entered_in_error"
    assert record["document"]["content"]["pain_now"] == 6
    feed = api().get("/records/").json()["results"]
    assert [(r["entry"], r["status"]) for r in feed] == [
        ("signed", "entered_in_error"),
        ("entered_in_error", "entered_in_error"),
    ]
    assert feed[1]["document"]["reason"] == "Wrong patient."
    assert api().post(f"{path}entered-in-error/", {"reason": "Again."}).json()["code"] == "no_longer_current"
    assert api().get(f"/patients/{patient}/trigger-points/").json()["results"] == []


def test_a_trigger_point_lasts_from_active_to_latent(api, patient):
    for day, recognised in (("18", "yes"), ("19", "no")):
        exam = builders.exam(
            performed_at=f"2026-11-{day}T09:00:00Z", findings=[builders.finding(recognised=recognised)]
        )
        made = api().post(f"/patients/{patient}/assessments/", exam).json()
        if day == "18":
            (point,) = api().get(f"/patients/{patient}/trigger-points/").json()["results"]
            assert point["provisional"] is True
        api().post(f"/assessments/{made['id']}/sign/")

    (point,) = api().get(f"/patients/{patient}/trigger-points/").json()["results"]

    assert (point["class"], point["sightings"], point["provisional"]) == ("latent", 2, False)
    assert point["first_seen_at"] < point["last_seen_at"]


def test_a_program_without_a_therapist_cannot_record(cast, api, patient):
    lonely = builders.program(cast.clinic)

    answer = api(lonely).post(f"/patients/{patient}/assessments/", builders.exam())

    assert (answer.status_code, answer.json()["code"]) == (403, "no_author")
    assert api(cast.writer).post(f"/patients/{patient}/assessments/", builders.exam()).status_code == 201


def test_a_discharged_patient_is_not_examined(api, patient):
    api().patch(f"/patients/{patient}/", {"status": "discharged"}, If_Match="*")

    answer = api().post(f"/patients/{patient}/assessments/", builders.exam())

    assert answer.json()["code"] == "patient_not_in_care"


def test_signing_leaves_nothing_behind_when_its_audit_event_cannot_be_written(api, draft, cast, monkeypatch):
    def refuse(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("audit.actions.log", refuse)
    assert api().post(f"/assessments/{draft['id']}/sign/").status_code == 500
    monkeypatch.undo()

    assert api().get(f"/assessments/{draft['id']}/").json()["status"] == "draft"
    assert api().get("/records/").json()["results"] == []


def test_lists_do_not_ask_once_a_row(api, patient):
    therapist, counts = api(), []
    for _ in range(2):
        for _ in range(3):
            therapist.post(f"/patients/{patient}/assessments/", builders.exam())
        with CaptureQueriesContext(connection) as asked:
            therapist.get(f"/patients/{patient}/assessments/")
        counts.append(len(asked))

    assert counts[0] == counts[1] <= 21


def test_the_catalogue_is_found_by_name_latin_synonym_and_zone(api):
    def found(**query):
        return [m["id"] for m in api().get("/muscles/", query).json()["results"]]

    assert api().get("/muscles/", {"limit": 200}).json()["next"] is None
    assert len(found(limit=200)) == 108
    assert found(q="upper trap") == ["trapezius_upper"]
    assert "scm_sternal" in found(q="sternocleidomastoideus")
    assert "splenius_capitis" in found(q="crown")
    assert found(zone="head.vertex")[0] == "splenius_capitis"
    assert len(api().get("/body-zones/", {"limit": 200}).json()["results"]) == 111
    assert [z["id"] for z in api().get("/body-zones/", {"q": "nape"}).json()["results"]] == ["neck.posterior"]
    assert len(api().get("/movements/", {"limit": 200}).json()["results"]) == 55
    assert len(api().get("/rule-sets/").json()["results"]) == 7
    assert len(api().get("/red-flags/").json()["results"]) == 17


def test_a_year_that_cannot_be_is_refused(api, patient):
    answer = api().post(f"/patients/{patient}/assessments/", builders.exam(performed_at="0026-11-20T09:30:00Z"))

    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "too_early")


def test_a_drafts_moment_may_be_corrected_to_after_it_was_opened(api, draft, cast):
    from django.utils import timezone

    now = timezone.now().isoformat()

    answer = api().patch(f"/assessments/{draft['id']}/", {"performed_at": now}, If_Match="*")

    assert answer.status_code == 200, answer.json()
