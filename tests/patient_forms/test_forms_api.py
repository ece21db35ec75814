"""Forms by link over the API: sent, read with its proposals, accepted, dismissed, cancelled."""

from __future__ import annotations

from datetime import time

import pytest
from django.utils import timezone

from audit.models import AuditEvent
from database import tenancy
from messaging import engine
from messaging.models import Link
from patient_forms import actions
from patient_forms.models import FormRequest
from patients.models import Alert, Patient

ANSWERS = {"city": "Leipzig", "alerts": ["pacemaker"]}


@pytest.fixture
def reachable(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        sending = engine.sending_of(cast.clinic.pk)
        sending.quiet_from = sending.quiet_until = time(0)
        sending.save()
        contact = {"email": "ada@mail.example", "consent_email": "granted", "birth_date": "1980-02-03"}
        Patient.objects.filter(pk=patient).update(**contact)
    return patient


@pytest.fixture
def sent(api, cast, reachable):
    answer = api(cast.staff).post(f"/patients/{reachable}/forms/", {"form": "intake"})
    assert answer.status_code == 201, answer.content
    return answer.json()


@pytest.fixture
def answered(api, cast, sent):
    with tenancy.scope(cast.clinic.pk):
        actions.answer_form(request_id=sent["id"], answers=ANSWERS, by=cast.actor(), at=timezone.now())
    return api().get(f"/forms/{sent['id']}/").json()


def test_the_forms_that_there_are(api):
    codes = [form["code"] for form in api().get("/patient-forms/").json()["results"]]
    assert {"intake", "pain_drawing"} <= set(codes)


def test_a_form_is_sent_and_nobody_learns_its_link(api, cast, reachable, sent):
    assert (sent["form"], sent["status"], sent["answered_at"]) == ("intake", "sent", None)
    read = api().get(f"/forms/{sent['id']}/")
    assert read["ETag"] == '"1"'
    assert (read.json()["answers"], read.json()["proposals"]) == ({}, [])
    with tenancy.scope(cast.clinic.pk):
        link = Link.objects.get(purpose="form")
    assert str(link.pk) not in read.content.decode()
    assert api(cast.staff).get(f"/patients/{reachable}/forms/").json()["results"] == [sent]
    # What the patient wrote is not for the desk.
    assert api(cast.staff).get(f"/forms/{sent['id']}/").status_code == 403


def test_a_form_that_is_none_and_a_patient_without_address_are_refused(api, cast, patient):
    answer = api(cast.staff).post(f"/patients/{patient}/forms/", {"form": "horoscope"})
    found = {(error["pointer"], error["code"]) for error in answer.json()["errors"]}
    assert {("/form", "unknown_code"), ("/patient", "no_channel")} <= found


def test_what_is_accepted_is_written_and_nothing_else(api, cast, reachable, answered):
    keys = {proposal["key"]: proposal for proposal in answered["proposals"]}
    assert set(keys) == {"city", "alert:pacemaker"}
    assert keys["city"]["proposed"] == "Leipzig"
    path = f"/forms/{answered['id']}/accept/"
    body = {"keys": ["alert:pacemaker"], "patient_revision": answered["patient_revision"]}
    assert api().post(path, {**body, "keys": ["alert:unheard"]}).json()["errors"][0]["pointer"] == "/keys"
    assert api().post(path, {**body, "patient_revision": 99}).status_code == 412
    assert api().post(path, body, If_Match='"1"').status_code == 412

    accepted = api().post(path, body, If_Match=f'"{answered["revision"]}"')

    assert (accepted.status_code, accepted.json()["status"]) == (200, "accepted")
    with tenancy.scope(cast.clinic.pk):
        assert Alert.objects.current().filter(patient=reachable, code="pacemaker").exists()
        assert Patient.objects.get(pk=reachable).city == ""
        assert AuditEvent.objects.filter(action="form.accepted", target_id=answered["id"]).count() == 1
    assert api().post(path, body).json()["code"] == "form_reviewed"
    read = api().get(f"/forms/{answered['id']}/").json()
    assert (read["taken"], read["proposals"]) == (["alert:pacemaker"], [])


def test_a_dismissal_says_why(api, answered):
    path = f"/forms/{answered['id']}/dismiss/"
    assert api().post(path, {"note": "No."}).json()["errors"][0]["code"] == "too_short"
    assert api().post(path, {"note": "It was another patient."}).json()["status"] == "dismissed"
    assert api().get(f"/forms/{answered['id']}/").json()["review_note"] == "It was another patient."


def test_a_link_is_closed_once_and_only_as_it_was_read(api, cast, sent):
    path = f"/forms/{sent['id']}/cancel/"
    assert api(cast.staff).post(path, If_Match='"7"').status_code == 412
    assert api(cast.staff).post(path).json()["status"] == "cancelled"
    assert api(cast.staff).post(path).json()["code"] == "form_not_open"
    with tenancy.scope(cast.clinic.pk):
        assert FormRequest.objects.get().status == "cancelled"
        assert Link.objects.get(purpose="form").revoked_at is not None


def test_only_therapists_accept(api, cast, answered):
    body = {"keys": [], "patient_revision": answered["patient_revision"]}
    assert api(cast.staff).post(f"/forms/{answered['id']}/accept/", body).json()["code"] == "missing_scope"
    assert api(cast.owner).post(f"/forms/{answered['id']}/dismiss/", {"note": "Nothing."}).status_code == 403
