"""A technique that the clinic hides is refused at every way in; what was recorded with it stays as it is."""

from __future__ import annotations

import json
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Clinic
from accounts.rules import TECHNIQUES
from database import tenancy
from errors.exceptions import Invalid
from scheduling.models import AppointmentType
from scheduling.setup import actions as setup
from tests import builders
from treatments.actions import SESSION
from treatments.api.serializers import NewSessionInput
from treatments.models import Session
from treatments.plans import actions as plans
from treatments.plans.rules import PlanContent

HIDDEN = builders.treatment()["interventions"][0]["technique"]
SHOWN = "massage"
TALK = builders.treatment(interventions=[], notes="Talked.")
CONTENT = PlanContent(problem="Neck pain", sessions=8, weeks=4, minutes=60, techniques=(HIDDEN,))


def hide(cast):
    """As the settings page leaves it."""
    Clinic.objects.filter(pk=cast.clinic.pk).update(techniques=[code for code in TECHNIQUES if code != HIDDEN])


def signed_in(user):
    client = Client()
    client.force_login(user)
    return client


def refusals(answer):
    assert answer.status_code == 400, answer.content
    return [(error["pointer"], error["code"], error["params"]["technique"]) for error in answer.json()["errors"]]


def test_the_api_refuses_it_in_a_new_session_and_names_it(api, cast, patient):
    hide(cast)

    answer = api().post(f"/patients/{patient}/sessions/", builders.treatment())

    assert ("/interventions/0/technique", "technique_hidden", HIDDEN) in refusals(answer)
    with tenancy.scope(cast.clinic.pk):
        assert not Session.objects.exists()


def test_a_draft_keeps_what_it_has_and_takes_no_more(api, cast, patient):
    body = builders.treatment()
    kept = api().post(f"/patients/{patient}/sessions/", body).json()
    empty = api().post(f"/patients/{patient}/sessions/", TALK).json()
    hide(cast)

    assert (
        api().patch(f"/sessions/{kept['id']}/", {"interventions": body["interventions"]}, If_Match='"1"').status_code
        == 200
    )
    answer = api().patch(f"/sessions/{empty['id']}/", {"interventions": body["interventions"]}, If_Match='"1"')

    assert refusals(answer) == [("/interventions/0/technique", "technique_hidden", HIDDEN)]


def test_a_screen_that_still_offers_it_is_told(api, cast, patient):
    session = api().post(f"/patients/{patient}/sessions/", TALK).json()
    hide(cast)
    row = str(uuid.uuid4())
    edits = [
        {"id": "1", "path": f"interventions/{row}", "value": {"technique": HIDDEN, "ordinal": 1}},
        {"id": "2", "path": "notes", "value": "Talked longer.", "base": "Talked."},
    ]

    answer = signed_in(cast.therapist).post(
        f"/sessions/{session['id']}/changes/",
        json.dumps({"tab": str(uuid.uuid4()), "revision": session["revision"], "edits": edits}),
        content_type="application/json",
    )

    assert answer.status_code == 200, answer.content
    assert [(one["id"], "does not use" in one["detail"]) for one in answer.json()["refused"]] == [("1", True)]
    saved = api().get(f"/sessions/{session['id']}/").json()
    assert (saved["notes"], saved["interventions"]) == ("Talked longer.", [])


def test_what_is_signed_stays_readable_and_a_new_version_keeps_it(api, cast, patient):
    body = builders.treatment()
    with tenancy.scope(cast.clinic.pk):
        SESSION.record(
            patient_id=patient, content=builders.content(body, NewSessionInput), by=cast.actor(), at=timezone.now()
        )
        session = Session.objects.get()
        SESSION.freeze(
            document=Session.objects.select_related("patient", "revises").get(),
            content=SESSION.content_of(session), by=cast.actor(), at=timezone.now(),
        )  # fmt: skip
    hide(cast)

    read = api().get(f"/sessions/{session.pk}/")
    assert read.json()["interventions"][0]["technique"] == HIDDEN
    assert api().get(f"/patients/{patient}/history/").status_code == 200
    draft = api().post(f"/sessions/{session.pk}/revisions/")
    assert draft.status_code == 201, draft.content
    sent = {"interventions": body["interventions"]}
    assert api().patch(f"/sessions/{draft.json()['id']}/", sent, If_Match='"1"').status_code == 200


def test_a_plan_keeps_it_and_no_new_plan_takes_it(cast, patient):
    with tenancy.scope(cast.clinic.pk):
        plan = plans.make_plan(patient_id=patient, content=CONTENT, by=cast.actor(), at=timezone.now())
    hide(cast)
    with tenancy.scope(cast.clinic.pk):
        plans.change_plan(plan_id=plan.pk, content=CONTENT, revision=None, by=cast.actor(), at=timezone.now())
        with pytest.raises(Invalid) as refusal:
            plans.check_content(CONTENT, clinic_id=cast.clinic.pk, starts_on=timezone.localdate())
    assert [(error.pointer, error.reason) for error in refusal.value.errors] == [("/techniques", "technique_hidden")]
    therapist = signed_in(cast.therapist)
    assert f'value="{HIDDEN}"' in therapist.get(f"/plans/{plan.pk}/edit/").content.decode()
    assert f'value="{HIDDEN}"' not in therapist.get(f"/patients/{patient}/plans/new/").content.decode()


def test_an_appointment_type_keeps_it_and_no_new_one_takes_it(api, cast):
    values = {"name": "Long", "length_min": 30, "technique": HIDDEN}
    with tenancy.scope(cast.clinic.pk):
        row = setup.save(kind="appointment-types", values=values, by=cast.actor(cast.staff))
    hide(cast)
    with tenancy.scope(cast.clinic.pk):
        setup.save(kind="appointment-types", values={"name": "Longer"}, pk=row.pk, by=cast.actor(cast.staff))

    answer = api(cast.staff).post("/appointment-types/", {**values, "name": "Another"})

    assert refusals(answer) == [("/technique", "technique_hidden", HIDDEN)]
    page = signed_in(cast.staff).get("/scheduling/appointment-types/").content.decode()
    assert f'value="{HIDDEN}"' not in page
    assert f'value="{SHOWN}"' in page
    with tenancy.scope(cast.clinic.pk):
        assert AppointmentType.objects.get().name == "Longer"


def test_another_clinic_still_uses_it(cast):
    hide(cast)
    stranger = cast.actor(cast.stranger, clinic=cast.other_clinic)
    with tenancy.scope(cast.other_clinic.pk):
        other_patient = builders.patient(stranger)
        content = builders.content(builders.treatment(), NewSessionInput)
        SESSION.record(patient_id=other_patient.pk, content=content, by=stranger, at=timezone.now())
        assert Session.objects.count() == 1
