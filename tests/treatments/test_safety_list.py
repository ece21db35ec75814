"""A clinic's own safety list: rows that are added or stricter, by the owner, and never lost."""

import pytest
from django.test import Client
from django.utils import timezone

from database import tenancy
from errors.exceptions import Invalid
from tests import builders
from treatments import safety_lists
from treatments.models import SafetyEntry
from treatments.safety_table import DEFAULT_LIST, LIST_VERSION

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


# --- On the page ----------------------------------------------------------------------------------------------


def page_of(user):
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


def test_the_page_shows_the_default_list_with_sources_and_its_version(cast):
    page = page_of(cast.owner).get("/safety-list/").content.decode()

    assert f"Version {LIST_VERSION}" in page
    assert page.count("Source:") == len(DEFAULT_LIST)
    assert "have not been reviewed by a clinician" in page
    assert 'href="/safety-list/"' in page_of(cast.owner).get("/settings/").content.decode()


def test_the_owner_adds_and_ends_a_row_on_the_page(api, cast):
    owner = page_of(cast.owner)
    added = owner.post("/safety-list/", {**OWN, "where": "anywhere", "alert": "", "add": "1"})

    assert added.status_code == 302, added.content
    assert codes(api())["own_1"]["muscles"] == ["soleus"]
    page = owner.get("/safety-list/").content.decode()
    assert (OWN["label"] in page, f"Version {LIST_VERSION}+1" in page) == (True, True)

    refused = owner.post("/safety-list/", {"end": "own_1", "reason": "x"})
    assert refused.status_code == 400
    assert "own_1" in codes(api())

    assert owner.post("/safety-list/", {"end": "own_1", "reason": "The team decided otherwise."}).status_code == 302
    assert "own_1" not in codes(api())
    page = owner.get("/safety-list/").content.decode()
    assert ("The team decided otherwise." in page, f"Version {LIST_VERSION}+2" in page) == (True, True)
    again = owner.post("/safety-list/", {"end": "own_1", "reason": "The team decided otherwise."})
    assert again.status_code == 400
    assert "already been ended" in again.content.decode()


def test_a_row_that_says_too_little_is_refused_beside_its_field(api, cast):
    refused = page_of(cast.owner).post("/safety-list/", {**OWN, "source": "", "add": "1"})

    assert refused.status_code == 400
    assert OWN["reason"] in refused.content.decode()
    assert "own_1" not in codes(api())


def test_a_default_row_is_made_stricter_but_never_looser_on_the_page(api, cast):
    owner = page_of(cast.owner)
    sent = {"stricter": "1", "code": "anticoagulant_needle", "level": "stop"}

    assert owner.post("/safety-list/", sent).status_code == 302
    assert codes(api())["anticoagulant_needle"]["level"] == "stop"
    assert "This clinic has made it stricter." in owner.get("/safety-list/").content.decode()
    looser = owner.post("/safety-list/", {"stricter": "1", "code": "heart_valve", "level": "caution"})
    assert looser.status_code == 400
    assert codes(api())["heart_valve"]["level"] == "stop"
    assert owner.post("/safety-list/", {"end": "heart_valve", "reason": "Not needed here."}).status_code == 404


def test_only_the_owner_changes_the_list_on_the_page(api, cast):
    therapist = page_of(cast.therapist)

    assert "Add a row" not in therapist.get("/safety-list/").content.decode()
    assert therapist.post("/safety-list/", {**OWN, "add": "1"}).status_code == 403
    assert page_of(cast.staff).get("/safety-list/").status_code == 403
    assert "own_1" not in codes(api())


def test_another_clinic_does_not_see_the_row_on_its_page(cast):
    page_of(cast.owner).post("/safety-list/", {**OWN, "add": "1"})

    assert OWN["label"] not in page_of(cast.stranger).get("/safety-list/").content.decode()


def test_a_reason_to_end_a_row_is_checked_for_every_entry_point(cast):
    by = cast.actor(cast.owner)
    with tenancy.scope(cast.clinic.pk):
        code = safety_lists.add_entry(entry=OWN, by=by, at=timezone.now()).code
        with pytest.raises(Invalid) as refusal:
            safety_lists.end_entry(code=code, reason="         x", by=by, at=timezone.now())
    assert refusal.value.errors[0].reason == "too_short.safety_end_reason"
