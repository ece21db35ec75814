"""A duplicate is reported on every way in; it is told apart, or merged, from the page."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import IntegrityError, transaction

from audit.models import AuditEvent
from database import tenancy
from patients import facts
from patients.models import Merge, Patient, SearchKey, TwoPeople
from tests import builders
from tests.patients.test_import_patients import command
from tests.reading import Browser, revisions_on

ADA = {"family_name": "Okafor", "given_names": "Ada", "birth_date": "1980-02-03"}
MISSPELT = {"family_name": "Okaffor", "given_names": "Ada", "birth_date": "1980-02-03"}


def signed_in(user):
    browser = Browser()
    browser.force_login(user)
    return browser


def people(cast):
    with tenancy.scope(cast.clinic.pk):
        return list(Patient.objects.order_by("created_at"))


def pairs(cast):
    with tenancy.scope(cast.clinic.pk):
        return [{row.one_id, row.other_id} for row in TwoPeople.objects.all()]


@pytest.mark.parametrize("role", ["staff", "therapist", "owner"])
def test_a_new_patient_who_looks_like_one_is_shown_first(cast, patient, role):
    browser = signed_in(getattr(cast, role))
    form = {**MISSPELT, "sex": "unknown"}

    shown = browser.post("/patients/new/", form)

    assert shown.status_code == 409
    page = shown.content.decode()
    assert f"/patients/{patient}/" in page
    assert "Similar name, same birth date" in page
    assert "These are two people" in page
    assert len(people(cast)) == 1
    assert browser.post("/patients/new/", form | {"two_people": "x"}).status_code == 409

    assert browser.post("/patients/new/", form | {"two_people": f"{patient} "}).status_code == 302
    new = people(cast)[1]
    assert pairs(cast) == [{patient, new.pk}]
    assert "May be the same person" not in browser.get(f"/patients/{new.pk}/").content.decode()
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.filter(action="patient.two_people").get()
    assert (event.user_id, set(event.patient_ids)) == (getattr(cast, role).pk, {patient, new.pk})


def test_the_api_reports_and_remembers(api, cast, patient):
    made = api().post("/patients/", MISSPELT).json()
    expected = [
        {
            "id": str(patient),
            "reason": "similar_name_and_birth_date",
            "alike": ["family_name", "given_names", "birth_date"],
        }
    ]
    assert made["possible_duplicates"] == expected
    path = f"/patients/{made['id']}/"
    assert api().patch(path, {"sport": "golf"}, If_Match="*").json()["possible_duplicates"] == expected
    assert api().get(f"{path}duplicates/").json() == {"possible_duplicates": expected}

    for _ in range(2):
        assert api().post(f"{path}duplicates/", {"other": str(patient)}).json() == {"possible_duplicates": []}
    assert api().patch(path, {"sport": "chess"}, If_Match="*").json()["possible_duplicates"] == []
    assert api().get(f"/patients/{patient}/duplicates/").json() == {"possible_duplicates": []}
    assert pairs(cast) == [{patient, people(cast)[1].pk}]
    changed = api().patch(path, {"given_names": "Xena", "family_name": "Quist"}, If_Match="*")
    assert changed.json()["possible_duplicates"] == []
    unknown = api().post(f"{path}duplicates/", {"other": str(cast.clinic.pk)})
    assert (unknown.status_code, unknown.json()["errors"][0]["pointer"]) == (400, "/other")


def test_a_changed_patient_is_compared_on_page_and_admin(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        other = builders.patient(cast.actor(), family_name="Reid", given_names="Eve", birth_date=date(1990, 1, 1)).pk
    owner = signed_in(cast.owner)

    saved = owner.post(
        f"/patients/{other}/edit/", {**ADA, "sex": "unknown", "status": "in_care"} | CONSENTS, follow=True
    )
    page = saved.content.decode()
    assert "May be the same person" in page
    assert "Same name and birth date" in page
    assert f"/patients/{other}/merge/{patient}/" in page
    staff = signed_in(cast.staff).get(f"/patients/{other}/").content.decode()
    assert "These are two people" in staff
    assert "/merge/" not in staff
    form = {**MISSPELT, "sex": "unknown", "status": "in_care"} | CONSENTS
    admin = owner.post(f"/admin/patients/patient/{other}/edit/", form, follow=True).content.decode()
    assert f"{patient} may be the same person" in admin

    assert owner.post(f"/patients/{other}/two-people/", {"other": str(patient)}).status_code == 302
    assert "May be the same person" not in owner.get(f"/patients/{patient}/").content.decode()
    assert "said to be another person" in owner.get(f"/patients/{patient}/").content.decode()
    assert owner.post(f"/patients/{other}/two-people/", {"other": "x"}).status_code == 404


CONSENTS = {name: "not_asked" for name in facts.FACTS if name.startswith("consent_")}


def test_an_import_reports_the_alike(cast, api, patient, tmp_path):
    table = "external_id,family_name,given_names,birth_date\n1,Okafor,Ada,1980-02-03\n2,Quist,Eva,1980-02-03\n"
    (tmp_path / "t.csv").write_text(table)

    assert f"may be the same person as {patient}: family_name" in command(tmp_path / "t.csv", dry_run=True)
    body = {"format": "csv", "content": table, "dry_run": True}
    lines = api().post("/patients/imports/", body).json()["lines"]
    assert [[d["id"] for d in line["possible_duplicates"]] for line in lines] == [[str(patient)], []]
    upload = SimpleUploadedFile("t.csv", table.encode())
    answer = signed_in(cast.owner).post("/admin/patients/patient/import/", {"upload": upload, "system": "import"})
    assert f"/admin/patients/patient/{patient}/change/" in answer.content.decode()
    again = api().post("/patients/imports/", body | {"dry_run": False}).json()["lines"]
    assert [line["outcome"] for line in again] == ["review", "unchanged"]
    assert again[1]["possible_duplicates"] == []  # unchanged: said before


def test_by_phone_and_mail_however_they_were_typed(api):
    first = api().post(
        "/patients/", {"family_name": "Reid", "contact": {"phone": "020 7946 0018"}, "given_names": "Ada"}
    )
    again = (
        api()
        .post("/patients/", {"family_name": "Okafor", "given_names": "Ada", "contact": {"phone": "+44 (20) 79460018"}})
        .json()
    )
    assert [(d["id"], d["reason"]) for d in again["possible_duplicates"]] == [
        (first.json()["id"], "same_given_name_and_contact")
    ]


def test_older_patients_get_their_keys(cast, api, patient, capsys):
    with tenancy.scope(cast.clinic.pk):
        SearchKey.objects.filter(patient=patient).delete()
        Patient.objects.filter(pk=patient).update(keys_version=0)
    nameless = {"family_name": "Okafor", "given_names": "Ada"}
    assert api().post("/patients/", nameless).json()["possible_duplicates"] == []

    call_command("index_patients")
    assert "1 patients indexed" in capsys.readouterr().out
    call_command("index_patients")
    assert capsys.readouterr().out == ""
    found = api().post("/patients/", nameless).json()["possible_duplicates"]
    assert str(patient) in [one["id"] for one in found]


def test_a_pair_is_final_in_order_and_of_one_clinic(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        other = builders.patient(cast.actor(), family_name="Other").pk
        with pytest.raises(IntegrityError), transaction.atomic():
            TwoPeople.objects.create(
                clinic=cast.clinic,
                one_id=max(patient, other),
                other_id=min(patient, other),
                said_at="2026-01-01T00:00Z",
            )
    with tenancy.scope(cast.other_clinic.pk):
        strange = builders.patient(cast.actor(cast.stranger, clinic=cast.other_clinic)).pk
    with tenancy.scope(cast.clinic.pk):
        pair = sorted([patient, strange])
        with pytest.raises(IntegrityError), transaction.atomic():
            TwoPeople.objects.create(clinic=cast.clinic, one_id=pair[0], other_id=pair[1], said_at="2026-01-01T00:00Z")


def test_an_owner_merges_from_the_page_after_a_look(cast, api, patient):
    twice = (
        api()
        .post(
            "/patients/",
            {
                **MISSPELT,
                "contact": {"phone": "020 7946 0018", "consent": {"phone": "granted", "email": "refused"}},
                "desk_notes": "Comes by taxi.",
                "sport": "golf",
                "conditions": [{"text": "Asthma"}],
            },
        )
        .json()["id"]
    )
    api().patch(f"/patients/{patient}/", {"desk_notes": "Cannot climb stairs.", "sport": "chess"}, If_Match="*")
    third = api().post("/patients/", {"family_name": "Okafor", "given_names": "Ben", "birth_date": "1980-02-03"}).json()
    api().post(f"/patients/{twice}/duplicates/", {"other": third["id"]})
    owner, path = signed_in(cast.owner), f"/patients/{twice}/merge/{patient}/"
    for other in (cast.staff, cast.therapist):
        assert signed_in(other).get(path).status_code == 403
        assert api(other).post(f"/patients/{twice}/merge/", {"into": str(patient), "reason": "x"}).status_code == 403

    preview = owner.get(path)
    page = preview.content.decode()
    assert page.count("not kept") == 2  # the misspelt name and the sport
    assert f"/patients/{patient}/merge/{twice}/" in page
    seen = revisions_on(preview)
    assert owner.post(path, seen | {"reason": " "}).status_code == 400
    stale = owner.post(path, seen | {"reason": "Same.", "revision": "99"})
    assert stale.status_code == 400
    assert len(Merge.objects.all()) == 0

    done = owner.post(path, seen | {"reason": "She showed her passport."}, follow=True)
    assert done.redirect_chain[0][0] == f"/patients/{patient}/"
    assert "She showed her passport." in done.content.decode()
    with tenancy.scope(cast.clinic.pk):
        row, merge = Patient.objects.get(pk=patient), Merge.objects.get()
    assert (row.family_name, row.sport, row.phone, row.desk_notes) == (
        "Okafor", "chess", "020 7946 0018", "Cannot climb stairs.\nComes by taxi."
    )  # fmt: skip
    assert (row.consent_phone, row.consent_sms, row.consent_email) == ("granted", "not_asked", "refused")
    assert (merge.merged_by_user_id, merge.moved["facts"], merge.moved["conditions"]) == (cast.owner.pk, 4, 1)
    assert set(map(frozenset, pairs(cast))) >= {frozenset(p) for p in [{row.pk, people(cast)[2].pk}]}
    assert api().get(f"/patients/{patient}/duplicates/").json() == {"possible_duplicates": []}
