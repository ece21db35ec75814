"""No exam and no session before the patient's birth: when it is recorded, changed and signed."""

from datetime import UTC, date, datetime

import pytest

from database import tenancy
from patients import rules
from patients.models import Patient
from tests import builders
from tests.patients.test_patients_api import ADA

BEFORE = "1980-02-01T12:00:00Z"  # ADA was born on the 3rd


@pytest.mark.parametrize(
    ("moment", "before"),
    [
        (datetime(1980, 2, 2, 9, 59, tzinfo=UTC), True),
        (datetime(1980, 2, 2, 10, 0, tzinfo=UTC), False),  # the 3rd has begun at UTC+14
        (datetime(1980, 2, 3, 12, 0, tzinfo=UTC), False),
    ],
)
def test_the_rule(moment, before):
    assert rules.is_before_birth(moment, date(1980, 2, 3)) is before
    assert rules.is_before_birth(moment, None) is False


@pytest.mark.parametrize(
    ("collection", "content"), [("assessments", builders.exam()), ("sessions", builders.treatment())]
)
def test_the_api_refuses_it_at_its_field(cast, api, collection, content):
    patient = api().post("/patients/", ADA).json()["id"]

    created = api().post(f"/patients/{patient}/{collection}/", content | {"performed_at": BEFORE})
    draft = api().post(f"/patients/{patient}/{collection}/", content).json()
    changed = api().patch(f"/{collection}/{draft['id']}/", {"performed_at": BEFORE}, If_Match="*")

    for answer in (created, changed):
        assert answer.status_code == 400, answer.json()
        assert ("/performed_at", "before_birth") in [(e["pointer"], e["code"]) for e in answer.json()["errors"]]


def test_a_draft_is_not_signed_when_the_birth_date_was_corrected(cast, api):
    patient = api().post("/patients/", ADA).json()["id"]
    draft = api().post(f"/patients/{patient}/assessments/", builders.exam(performed_at="1985-02-03T12:00:00Z")).json()
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=patient).update(birth_date=date(1990, 2, 3))

    answer = api().post(f"/assessments/{draft['id']}/sign/")

    assert answer.status_code == 400
    assert "before_birth" in [e["code"] for e in answer.json()["errors"]]
