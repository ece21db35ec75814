"""A signed document is marked as entered in error on its page: by the people who may, with a reason."""

from __future__ import annotations

import pytest

from database import tenancy
from tests import builders
from tests.reading import Browser
from worklist.models import Item

pytestmark = pytest.mark.django_db
REASON = "Entered for the wrong patient."


@pytest.fixture
def therapist(cast):
    return signed_in(cast.therapist)


def signed_in(user):
    client = Browser(headers={"Accept-Language": "en"})
    client.force_login(user)
    return client


@pytest.fixture
def signed_exam(api, patient):
    flags = builders.screen(yes=["vascular_5d_3n"])
    exam = api().post(f"/patients/{patient}/assessments/", builders.exam(red_flags=flags)).json()["id"]
    assert api().post(f"/assessments/{exam}/sign/").status_code == 200
    return exam


def test_the_page_is_reached_from_the_signed_document(therapist, signed_exam):
    path = f"/documents/exam/{signed_exam}/entered-in-error/"

    assert path in therapist.get(f"/documents/exam/{signed_exam}/").content.decode()
    page = therapist.get(path).content.decode()
    assert "This exam has red flags" in page


@pytest.mark.parametrize("reason", ["", "   ", "x"])
def test_a_flagged_exam_needs_the_same_reason_as_in_the_api(therapist, api, signed_exam, reason):
    refused = therapist.post(f"/documents/exam/{signed_exam}/entered-in-error/", {"reason": reason})

    assert refused.status_code == 400
    assert 'role="alert"' in refused.content.decode()
    assert api().get(f"/assessments/{signed_exam}/").json()["status"] == "signed"


def test_the_exam_is_marked_and_the_owner_is_told(therapist, api, cast, signed_exam):
    answer = therapist.post(f"/documents/exam/{signed_exam}/entered-in-error/", {"reason": REASON})

    assert answer["Location"] == f"/documents/exam/{signed_exam}/"
    page = therapist.get(answer["Location"]).content.decode()
    assert "This was entered in error." in page
    assert "entered-in-error/" not in page
    assert api().get(f"/assessments/{signed_exam}/").json()["status"] == "entered_in_error"
    with tenancy.scope(cast.clinic.pk):
        assert Item.objects.filter(kind="referral_withdrawn").count() == 1
    again = therapist.post(f"/documents/exam/{signed_exam}/entered-in-error/", {"reason": REASON})
    assert again.status_code == 302


def test_a_session_is_marked(therapist, api, patient):
    builders.ready(api(), patient)
    session = api().post(f"/patients/{patient}/sessions/", builders.treatment()).json()["id"]
    assert api().post(f"/sessions/{session}/sign/").status_code == 200

    answer = therapist.post(f"/documents/session/{session}/entered-in-error/", {"reason": "Twice."})

    assert answer.status_code == 302
    assert api().get(f"/sessions/{session}/").json()["status"] == "entered_in_error"


@pytest.mark.parametrize("role", ["owner", "staff"])
def test_only_people_who_sign_may_mark(cast, api, signed_exam, role):
    client = signed_in(getattr(cast, role))

    for answer in (
        client.get(f"/documents/exam/{signed_exam}/entered-in-error/"),
        client.post(f"/documents/exam/{signed_exam}/entered-in-error/", {"reason": REASON}),
    ):
        assert answer.status_code == 404
    assert api().get(f"/assessments/{signed_exam}/").json()["status"] == "signed"


def test_another_clinic_does_not_find_it(cast, signed_exam):
    answer = signed_in(cast.stranger).post(f"/documents/exam/{signed_exam}/entered-in-error/", {"reason": REASON})

    assert answer.status_code == 404
