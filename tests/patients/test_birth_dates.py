"""A birth date is between 1900 and today, through every way in."""

import json
from datetime import date, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from database import tenancy
from patients import rules
from patients.models import Patient
from tests.patients.test_import_patients import all_patients, command
from tests.patients.test_patients_api import ADA
from tests.reading import Browser

TODAY = date(2026, 11, 20)
IMPOSSIBLE = ["0001-01-01", "1899-12-31", "2999-01-01"]


@pytest.mark.parametrize(
    ("birth_date", "refusal"),
    [
        (date(1, 1, 1), "too_early"),
        (date(1899, 12, 31), "too_early"),
        (date(1900, 1, 1), None),
        (TODAY, None),
        (TODAY + timedelta(days=1), "in_future"),
    ],
)
def test_the_rule(birth_date, refusal):
    assert rules.judge_birth_date(birth_date, today=TODAY) == refusal


@pytest.mark.parametrize("birth_date", IMPOSSIBLE)
def test_a_change_is_refused(api, birth_date):
    patient = api().post("/patients/", ADA).json()

    answer = api().patch(f"/patients/{patient['id']}/", {"birth_date": birth_date}, If_Match="*")

    assert answer.status_code == 400
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/birth_date"]
    assert "between 1900 and today" in answer.json()["errors"][0]["detail"]
    assert api().get(f"/patients/{patient['id']}/").json()["birth_date"] == ADA["birth_date"]


@pytest.mark.parametrize("birth_date", IMPOSSIBLE)
def test_an_import_refuses_the_patient_and_says_why(cast, tmp_path, birth_date):
    (tmp_path / "table.csv").write_text(f"external_id,family_name,birth_date\n1,Groß,{birth_date}\n2,Kurz,1981-04-05\n")
    bundle = {
        "resourceType": "Patient",
        "name": [{"family": "Lang"}],
        "birthDate": birth_date,
        "identifier": [{"system": "s", "value": "3"}],
    }
    (tmp_path / "one.json").write_text(json.dumps(bundle))

    report = command(tmp_path / "table.csv", tmp_path / "one.json", details=True)

    assert "1 created" in report
    assert "2 refused" in report
    assert report.count("between 1900 and today") == 2
    assert [p.family_name for p in all_patients(cast)] == ["Kurz"]


@pytest.mark.parametrize("birth_date", IMPOSSIBLE)
def test_the_database_refuses_it(cast, birth_date):
    with tenancy.scope(cast.clinic.pk):
        patient = Patient.objects.create(clinic_id=cast.clinic.pk, family_name="Kurz", sort_name="kurz")
        for write in (
            lambda: Patient.objects.filter(pk=patient.pk).update(birth_date=birth_date),
            lambda: Patient.objects.create(
                clinic_id=cast.clinic.pk, family_name="Lang", sort_name="lang", birth_date=birth_date
            ),
        ):
            with pytest.raises(IntegrityError, match="between 1900 and today"), transaction.atomic():
                write()


@pytest.mark.parametrize("birth_date", IMPOSSIBLE)
def test_the_page_says_so_at_the_field(cast, birth_date):
    desk = Browser()
    desk.force_login(cast.owner)

    answer = desk.post("/patients/new/", {"family_name": "Lang", "sex": "unknown", "birth_date": birth_date})

    assert answer.status_code == 400
    assert "between 1900 and today" in answer.context["form"].errors["birth_date"][0]
    assert all_patients(cast) == []


@pytest.mark.parametrize("birth_date", IMPOSSIBLE)
def test_the_admins_import_refuses_the_patient(cast, birth_date):
    owner = Browser()
    owner.force_login(cast.owner)
    table = SimpleUploadedFile("t.csv", f"external_id,family_name,birth_date\n1,Lang,{birth_date}\n".encode())

    answer = owner.post("/admin/patients/patient/import/", {"upload": table, "system": "x"})

    assert b"between 1900 and today" in answer.content
    assert all_patients(cast) == []
