"""No exam and no session before the patient's birth: when it is recorded, changed and signed."""

from datetime import UTC, date, datetime

import pytest

from database import tenancy
from patients import rules
from patients.models import Patient
from tests import builders
from tests.api import Api
from tests.assessments.test_autosave import Screen
from tests.committed import committed, committed_patient, superuser
from tests.patients.test_patients_api import ADA
from tests.reading import Browser

__all__ = ["committed"]

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


@pytest.fixture
def corrected(cast, api):
    """A draft session whose patient's birth date was corrected since (by SQL: no action lets it pass), and its path."""
    patient = api().post("/patients/", ADA).json()["id"]
    body = builders.treatment(performed_at="1985-02-03T12:00:00Z")
    draft = api().post(f"/patients/{patient}/sessions/", body).json()["id"]
    with tenancy.scope(cast.clinic.pk):
        Patient.objects.filter(pk=patient).update(birth_date=date(1990, 2, 3))
    return draft


def test_a_session_is_not_signed_either(api, corrected):
    answer = api().post(f"/sessions/{corrected}/sign/")

    assert answer.status_code == 400
    assert "before_birth" in [e["code"] for e in answer.json()["errors"]]


def test_the_review_names_it_and_the_page_does_not_sign(cast, corrected):
    page = Browser()
    page.force_login(cast.therapist)

    review = page.get(f"/documents/session/{corrected}/review/").content.decode()
    signed = page.post(f"/documents/session/{corrected}/review/")

    assert "before the patient" in review
    assert signed.status_code == 400


@pytest.mark.parametrize(
    ("collection", "screen", "content"),
    [("assessments", "exams", builders.exam()), ("sessions", "sessions", builders.treatment())],
)
def test_the_screen_does_not_save_it(cast, api, collection, screen, content):
    patient = api().post("/patients/", ADA).json()["id"]
    draft = api().post(f"/patients/{patient}/{collection}/", content).json()
    page = Screen(cast.therapist, draft, kind=screen)

    answer = page.send(("performed_at", BEFORE, draft["performed_at"]))

    assert [refusal["path"] for refusal in answer.json()["refused"]] == ["performed_at"]
    assert api().get(f"/{collection}/{draft['id']}/").json()["performed_at"] == draft["performed_at"]


def test_a_birth_date_is_not_moved_behind_a_signed_exam(api):
    patient = api().post("/patients/", ADA).json()
    exam = builders.exam(performed_at="1985-02-03T12:00:00Z")
    signed = api().post(f"/patients/{patient['id']}/assessments/", exam).json()["id"]
    assert api().post(f"/assessments/{signed}/sign/").status_code == 200
    later = {"birth_date": "1990-02-03"}

    refused = api().patch(f"/patients/{patient['id']}/", later, If_Match="*")
    assert refused.status_code == 400
    assert [(e["pointer"], e["code"]) for e in refused.json()["errors"]] == [("/birth_date", "after_document")]

    reason = {"reason": "Entered for the wrong patient."}
    assert api().post(f"/assessments/{signed}/entered-in-error/", reason).status_code == 200
    assert api().patch(f"/patients/{patient['id']}/", later, If_Match="*").status_code == 200


def test_an_old_row_with_an_impossible_birth_date_can_still_be_changed(committed):
    """Rows from before the rule keep their date until someone corrects it."""
    patient, api = committed_patient(committed), Api(committed.staff)
    with superuser() as link:
        link.execute("SET session_replication_role = replica")
        link.execute("UPDATE patients_patient SET birth_date = '0001-01-01' WHERE id = %s", [patient])

    assert api.patch(f"/patients/{patient}/", {"pronouns": "she"}, If_Match="*").status_code == 200
    assert api.patch(f"/patients/{patient}/", {"birth_date": "0001-01-02"}, If_Match="*").status_code == 400
