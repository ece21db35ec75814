"""The clinic's own table of medicines: kept by the owner, by page and API, and what it does to an import."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.policies import OwnersOnly
from audit.models import AuditEvent
from database import tenancy
from errors.exceptions import Invalid
from patients import own_medicines
from patients.models import Alert, OwnMedicine, Patient
from patients.own_medicines import MedicineKnown
from patients.recognition.medicines import Own

LINE = {"system": "urn:list:hu", "code": "OGYI-1", "name": "", "alert": "anticoagulant"}
BUNDLE = """{"resourceType": "Bundle", "type": "collection", "entry": [
 {"resource": {"resourceType": "Patient", "id": "a", "identifier": [{"system": "urn:x", "value": "1"}],
  "name": [{"family": "Nagy"}]}},
 {"resource": {"resourceType": "MedicationStatement", "status": "active", "subject": {"reference": "Patient/a"},
  "medicationCodeableConcept": {"coding": [{"system": "urn:list:hu", "code": "OGYI-1", "display": "Vérhigító"}]}}}]}"""


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def import_bundle(api):
    answer = api().post("/patients/imports/", {"format": "fhir_json", "content": BUNDLE})
    assert answer.status_code == 200, answer.content
    return answer.json()


def alerts(cast):
    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.get(family_name="Nagy")
        return list(Alert.objects.current().filter(patient=patient).values_list("code", flat=True))


def test_a_line_raises_its_alert_from_the_next_import_on(api, cast):
    owner = api(cast.owner)
    added = owner.post("/medicines/", LINE)
    assert added.status_code == 201, added.content
    assert owner.get("/medicines/").json()["results"] == [added.json()]

    import_bundle(api)

    assert alerts(cast) == ["anticoagulant"]
    assert owner.delete(f"/medicines/{added.json()['id']}/").status_code == 204
    assert alerts(cast) == ["anticoagulant"]
    assert owner.get("/medicines/").json()["results"] == []


def test_without_it_the_medicine_is_listed_as_not_recognised(api, cast):
    import_bundle(api)
    assert alerts(cast) == []


def test_the_page_adds_and_removes(cast):
    owner = signed_in(cast.owner)
    assert "has added no medicine" in owner.get("/settings/medicines/").content.decode()

    wrong = owner.post("/settings/medicines/", {**LINE, "system": ""})
    assert (wrong.status_code, list(wrong.context["form"].errors)) == (400, ["system"])
    assert owner.post("/settings/medicines/", {"name": "Verhigito", "alert": "anticoagulant"}).status_code == 302
    again = owner.post("/settings/medicines/", {"name": "Verhigito", "alert": "anticoagulant"})
    assert (again.status_code, "in the clinic&#x27;s table already" in again.content.decode()) == (400, True)
    with tenancy.scope(cast.clinic.pk):
        line = OwnMedicine.objects.get()
        assert AuditEvent.objects.filter(action="medicines.add", target_id=line.pk).exists()
    assert "Verhigito" in owner.get("/settings/medicines/").content.decode()
    assert owner.post(f"/settings/medicines/{line.pk}/remove/").status_code == 302
    with tenancy.scope(cast.clinic.pk):
        assert not OwnMedicine.objects.exists()


@pytest.mark.parametrize(
    ("line", "pointer"),
    [
        ({}, "/name"),
        ({"name": "…"}, "/name"),
        ({"code": "1"}, "/system"),
        ({"name": "x", "system": "urn:x"}, "/code"),
        ({"name": "x" * 201}, "/name"),
        ({"name": "x", "alert": "magic"}, "/alert"),
    ],
)
def test_a_line_that_says_nothing_usable_is_refused(cast, line, pointer):
    with tenancy.scope(cast.clinic.pk), pytest.raises(Invalid) as refusal:
        own_medicines.add_medicine(line=Own(**{"alert": "", **line}), by=cast.actor(cast.owner))
    assert pointer in [error.pointer for error in refusal.value.errors]


def test_only_the_owner_and_only_this_clinic(api, cast):
    with tenancy.scope(cast.clinic.pk):
        line = own_medicines.add_medicine(line=Own(name="Ours", alert=""), by=cast.actor(cast.owner))
        with pytest.raises(MedicineKnown):
            own_medicines.add_medicine(line=Own(name="Ours", alert=""), by=cast.actor(cast.owner))
    with tenancy.scope(cast.clinic.pk):
        for act in (
            lambda by: own_medicines.add_medicine(line=Own(name="Mine", alert=""), by=by),
            lambda by: own_medicines.remove_medicine(medicine_id=line.pk, by=by),
        ):
            with pytest.raises(OwnersOnly):
                act(cast.actor())
    assert api(cast.stranger).get("/medicines/").json()["results"] == []


# --- An import is undone over the API ----------------------------------------------------------------------------


def test_an_import_is_listed_read_and_undone(api, cast):
    run_id = import_bundle(api)["run_id"]
    program = api(cast.writer)
    [listed] = program.get("/patients/imports/").json()["results"]
    one = program.get(f"/patients/imports/{run_id}/")
    assert (listed["id"], listed["created"], one["ETag"]) == (run_id, 1, '"1"')
    assert [line["outcome"] for line in one.json()["lines"]] == ["created"]
    path = f"/patients/imports/{run_id}/undo/"
    assert program.post(path, If_Match='"9"').status_code == 412
    assert program.post(path, If_Match="*").status_code == 428

    undone = program.post(path)

    assert (undone.status_code, undone.json()) == (200, {"removed": 1, "restored": 0, "kept_ids": []})
    with tenancy.scope(cast.clinic.pk):
        assert not Patient.objects.filter(family_name="Nagy").exists()
    assert program.get(f"/patients/imports/{run_id}/").json()["undone_at"] is not None
    assert program.post(path).json()["code"] == "import_undone"
