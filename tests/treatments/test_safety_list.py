"""A clinic's own safety list: rows that are added or stricter, by the owner, and never lost."""

import pytest

from database import tenancy
from tests import builders
from treatments.models import SafetyEntry
from treatments.safety_table import DEFAULT_LIST

pytestmark = pytest.mark.django_db
OWN = {
    "level": "stop",
    "label": "No friction of the soleus",
    "reason": "This clinic does not rub the soleus.",
    "source": "Decision of the team, October 2026",
    "tags": ["hands_on"],
    "muscles": ["soleus"],
    "is_overridable": True,
}


@pytest.fixture
def owner(api, cast):
    return api(cast.owner)


def codes(client):
    return {row["code"]: row for row in client.get("/safety-list/?limit=200").json()["results"]}


def test_the_default_list_is_in_force(api):
    rows = codes(api())

    assert set(rows) == {entry.code for entry in DEFAULT_LIST}
    assert {row["list_version"] for row in rows.values()} == {"2"}
    assert all(row["source"] and row["reason"] for row in rows.values())


def test_an_own_row_stops_until_it_is_ended(api, owner, patient):
    builders.ready(api(), patient)
    added = owner.post("/safety-list/", OWN)
    assert (added.status_code, added.json()["code"], added.json()["list_version"]) == (201, "own_1", "2+1")
    friction = {"technique": "transverse_friction", "muscle": "soleus", "side": "left", "dose": {"minutes": 3}}
    sent = builders.treatment(interventions=[friction])
    session = api().post(f"/patients/{patient}/sessions/", sent).json()["id"]

    refused = api().post(f"/sessions/{session}/sign/").json()

    assert (refused["code"], refused["errors"][0]["code"]) == ("safety_stop", "own_rule")
    assert OWN["reason"] in refused["errors"][0]["detail"]
    assert refused["errors"][0]["params"]["source"] == OWN["source"]
    override = {"code": "own_1", "reason": "Agreed with the team today."}
    api().patch(f"/sessions/{session}/", {"overrides": [override]}, If_Match="*")
    assert owner.post("/safety-list/own_1/end/", {"reason": "The team decided otherwise."}).status_code == 204
    signed = api().post(f"/sessions/{session}/sign/")
    assert signed.status_code == 200
    safety = api().get(f"/sessions/{session}/").json()["safety"]
    assert safety["list_version"] == "2+2"
    assert "own_1" not in codes(api())


def test_the_signed_bytes_keep_the_old_list(api, owner, patient):
    builders.ready(api(), patient)
    session = api().post(f"/patients/{patient}/sessions/", builders.treatment()).json()["id"]
    assert api().post(f"/sessions/{session}/sign/").status_code == 200
    before = api().get(f"/sessions/{session}/").json()["safety"]

    assert owner.post("/safety-list/", OWN).status_code == 201

    assert api().get(f"/sessions/{session}/").json()["safety"] == before
    assert before["list_version"] == "2"
    assert api().get("/records/verify/").json()["ok"] is True


def test_a_default_row_is_made_stricter(api, owner):
    added = owner.post("/safety-list/", {"code": "anticoagulant_needle", "level": "stop", "is_overridable": False})

    assert added.status_code == 201, added.json()
    row = codes(api())["anticoagulant_needle"]
    assert (row["level"], row["is_overridable"], row["alert"]) == ("stop", False, "anticoagulant")


@pytest.mark.parametrize(
    ("sent", "pointer", "code"),
    [
        ({"code": "heart_valve", "level": "caution"}, "/level", "looser_than_default"),
        ({"code": "needle_phobia", "level": "stop", "is_overridable": True}, "/is_overridable", "looser_than_default"),
        ({"code": "nothing", "level": "stop"}, "/code", "unknown_code"),
        ({**OWN, "source": ""}, "/source", "required"),
        ({**OWN, "tags": ["cupping"]}, "/tags", "unknown_code"),
        ({**OWN, "alert": "flu"}, "/alert", "unknown_code"),
        ({**OWN, "muscles": ["biceps"]}, "/muscles", "unknown_code"),
    ],
)
def test_a_row_that_cannot_be_is_refused(owner, sent, pointer, code):
    answer = owner.post("/safety-list/", sent)

    assert answer.status_code == 400
    assert (pointer, code) in {(error["pointer"], error["code"]) for error in answer.json()["errors"]}


def test_only_the_owner_changes_the_list(api):
    assert api().post("/safety-list/", OWN).status_code == 403
    assert api().post("/safety-list/own_1/end/", {"reason": "Not needed any more."}).status_code == 403


def test_a_default_row_cannot_be_ended(owner):
    owner.post("/safety-list/", {"code": "heart_valve", "level": "stop"})

    answer = owner.post("/safety-list/heart_valve/end/", {"reason": "Not needed any more."})

    assert answer.status_code == 404


def test_a_clinic_sees_only_its_own_rows(owner, cast):
    owner.post("/safety-list/", OWN)

    with tenancy.scope(cast.other_clinic.pk):
        assert SafetyEntry.objects.count() == 0


def test_the_check_of_a_session_can_be_read(api, patient):
    sent = builders.treatment(interventions=[builders.needling()])
    session = api().post(f"/patients/{patient}/sessions/", sent).json()["id"]

    answer = api().get(f"/sessions/{session}/safety/").json()

    assert (answer["list_version"], answer["reviewed"], answer["screen_at"]) == ("2", False, None)
    levels = {(finding["code"], finding["level"]) for finding in answer["findings"]}
    assert {("screen_incomplete", "stop"), ("consent_missing", "stop"), ("near_lung", "caution")} <= levels
