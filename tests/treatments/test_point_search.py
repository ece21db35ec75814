"""Which trigger points to see to: by muscle, side, state and last treatment; through the page and the API."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Clinic
from audit.models import AuditEvent
from database import tenancy
from tests import builders

pytestmark = pytest.mark.django_db
LEVATOR = {"muscle": "levator_scapulae", "side": "right"}
NOT_MET = {"taut_band": "absent", "hypersensitive_spot": "absent", "referred_pain": "absent", "recognised": "no"}


def days_ago(days):
    return (timezone.now() - timedelta(days=days)).isoformat()


def found_at(api, patient, days, **finding):
    findings = [builders.finding(**LEVATOR | finding)]
    body = builders.exam(performed_at=days_ago(days), findings=findings, red_flags=builders.screen())
    made = api().post(f"/patients/{patient}/assessments/", body).json()
    assert api().post(f"/assessments/{made['id']}/sign/").status_code == 200
    return made["findings"][0]["trigger_point"]


def treated_at(api, patient, days, **about):
    body = builders.treatment(performed_at=days_ago(days), interventions=[builders.compression() | LEVATOR | about])
    made = api().post(f"/patients/{patient}/sessions/", body)
    assert made.status_code == 201, made.json()
    signed = api().post(f"/sessions/{made.json()['id']}/sign/")
    assert signed.status_code == 200, signed.json()


def search(api, **query):
    answer = api().post("/trigger-points/search/", LEVATOR | query)
    assert answer.status_code == 200, answer.json()
    return [(row["id"], row["course"] and row["course"]["state"]) for row in answer.json()["results"]]


def test_active_right_levator_not_treated_for_14_days(api, patient):
    point = found_at(api, patient, 20)
    assert search(api, state="active", not_treated_days=14) == [(point, "active")]
    assert search(api, state="latent") == search(api, side="left") == search(api, muscle="soleus") == []

    treated_at(api, patient, 15)
    assert search(api, state="active", not_treated_days=14) == [(point, "active")]
    assert search(api, state="active", not_treated_days=16) == []
    treated_at(api, patient, 3, trigger_point=point)
    assert search(api, state="active", not_treated_days=14) == []
    assert search(api, state="active") == [(point, "active")]


def test_a_treatment_of_another_point_there_does_not_count_until_they_are_merged(api, patient):
    point = found_at(api, patient, 20)
    other = found_at(api, patient, 19, new_point=True)
    treated_at(api, patient, 3, trigger_point=other)
    assert search(api, not_treated_days=14) == [(point, "active")]

    api().post(f"/trigger-points/{other}/merge/", {"into": point, "reason": "One band."})
    assert search(api, not_treated_days=14) == []


def test_what_is_active_again_is_found_as_active_and_as_recurred(api, patient):
    point = found_at(api, patient, 40)
    found_at(api, patient, 30, **NOT_MET)
    found_at(api, patient, 20, **NOT_MET)
    assert search(api, state="resolved") == [(point, "resolved")]
    found_at(api, patient, 10)
    assert search(api, state="active") == search(api, state="recurred") == [(point, "recurred")]


def test_nobody_out_of_care_no_other_clinic_and_no_draft(api, cast, patient):
    body = builders.exam(findings=[builders.finding(**LEVATOR)])
    api().post(f"/patients/{patient}/assessments/", body)
    assert search(api) == []
    found_at(api, patient, 20)
    assert api(cast.stranger).post("/trigger-points/search/", LEVATOR).json()["results"] == []
    api().patch(f"/patients/{patient}/", {"status": "discharged"}, If_Match="*")
    assert search(api) == []


def test_what_cannot_be_searched_for(api, cast):
    def code(**query):
        return api().post("/trigger-points/search/", LEVATOR | query).json()["errors"][0]["code"]

    assert code(muscle="nose") == "unknown_muscle"
    assert code(state="angry") == "invalid_choice"
    with tenancy.scope(cast.clinic.pk):
        Clinic.objects.filter(pk=cast.clinic.pk).update(shows_classification=False)
    assert code(state="active") == "no_states"


def test_a_program_that_may_not_read_findings_is_told(api, cast):
    program = builders.program(cast.clinic, scopes="treatments:read", acts_for=cast.therapist)
    answer = api(program).post("/trigger-points/search/", LEVATOR)
    assert (answer.status_code, answer.json()["scope"]) == (403, "assessments:read")


def test_the_page_finds_the_same_and_the_search_is_audited(api, cast, patient):
    found_at(api, patient, 20)
    client = Client()
    client.force_login(cast.therapist)
    assert "Search trigger points" in client.get("/points/").content.decode()
    page = client.post("/points/", LEVATOR | {"state": "active", "not_treated_days": "14"}).content.decode()
    assert f"/patients/{patient}/points/" in page
    with tenancy.scope(cast.clinic.pk):
        event = AuditEvent.objects.filter(action="trigger_point.search").order_by("-id").first()
        assert [str(one) for one in event.patient_ids] == [str(patient)]
    assert client.post("/points/", LEVATOR | {"not_treated_days": "-1"}).status_code == 400
    client.force_login(cast.staff)
    assert client.post("/points/", LEVATOR).status_code == 403


def test_points_are_merged_and_split_on_the_page(api, cast, patient):
    point, other = found_at(api, patient, 20), found_at(api, patient, 19, new_point=True)
    client = Client()
    client.force_login(cast.therapist)
    page = f"/patients/{patient}/points/"
    assert 'id="point-2"' in client.get(page).content.decode()
    assert client.post(f"/points/{other}/merge/", {"into": point, "reason": ""}).status_code == 400
    assert client.post(f"/points/{other}/merge/", {"into": point, "reason": "One band."}).status_code == 302
    shown = client.get(page).content.decode()
    assert 'id="point-2"' not in shown
    assert "Split off point 2" in shown
    assert client.post(f"/points/{other}/split/", {"reason": "Two bands."}).status_code == 302
    assert 'id="point-2"' in client.get(page).content.decode()
    client.force_login(cast.staff)
    assert client.get(page).status_code == 403
