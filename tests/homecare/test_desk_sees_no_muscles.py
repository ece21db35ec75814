"""The desk sees what a patient does at home and how it goes, and not the muscles: those are what an exam found."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client
from django.utils import timezone

import catalogue
from database import tenancy
from homecare import rules
from homecare.checkins import actions as check_in_actions
from homecare.models import CheckIn, Step, StepAnswer
from homecare.programmes import actions
from tests.api import Api
from tests.homecare.conftest import content

NAMES = [catalogue.MUSCLES["trapezius_upper"]["name"], "trapezius"]


@pytest.fixture
def programme(cast, reachable):
    """One that was given, answered and is being changed."""
    with tenancy.scope(cast.clinic.pk):
        by, at = cast.actor(), timezone.now()
        made = actions.start_programme(patient_id=reachable.pk, content=content(), by=by, at=at)
        actions.publish(revision=None, programme=made, by=by, at=at)
        actions.write_draft(programme=made, content=content(), by=by, at=at)
        answers = rules.CheckInAnswers(pain=3, note="better")
        answered = check_in_actions.answer_day(programme_id=made.pk, answers=answers, link=None, by=by, at=at)
        assert answered is not None
        step = Step.objects.filter(version__programme=made, exercise="scan")[0]
        spot = {"zone": "neck.posterior", "side": "left", "tenderness": 4}
        StepAnswer.objects.update_or_create(
            clinic=cast.clinic, check_in=CheckIn.objects.get(), step=step, defaults={"done": "yes", "spots": [spot]}
        )
    return made


def page(user, path):
    client = Client()
    client.force_login(user)
    return client.get(path)


def test_the_api_hides_muscles_from_the_desk(cast, programme):
    paths = [
        f"/programmes/{programme.pk}/",
        f"/patients/{programme.patient_id}/programmes/",
        f"/programmes/{programme.pk}/adherence/",
        f"/programmes/{programme.pk}/check-ins/",
        f"/patients/{programme.patient_id}/check-ins/",
    ]
    staff, therapist, owner = Api(cast.staff), Api(cast.therapist), Api(cast.owner)
    for path in paths:
        answer = staff.get(path)
        assert answer.status_code == 200, path
        assert "trapezius" not in json.dumps(answer.json()), path
        assert "neck.posterior" not in json.dumps(answer.json()), path
    assert "neck.posterior" in json.dumps(therapist.get(paths[3]).json())
    steps = staff.get(paths[0]).json()
    for shown in (steps["content"], steps["draft"]):
        assert {(s["muscle"], s["side"], s["trigger_point"]) for s in shown["steps"]} == {(None, None, None)}
        assert {"self_pressure", "chin_tuck"} <= {s["exercise"] for s in shown["steps"]}
    for reader in (therapist, owner):
        assert "trapezius_upper" in json.dumps(reader.get(paths[0]).json())


def test_the_pages_hide_muscles_from_the_desk(cast, programme):
    paths = [
        f"/programmes/{programme.pk}/",
        f"/patients/{programme.patient_id}/home/",
        f"/patients/{programme.patient_id}/",
        "/",
        "/worklist/",
    ]
    for path in paths:
        answer = page(cast.staff, path)
        assert answer.status_code == 200, path
        assert not re.search("|".join(NAMES), answer.content.decode(), re.IGNORECASE), path
    assert b"/sheet/" not in page(cast.staff, paths[0]).content
    assert page(cast.staff, f"/programmes/{programme.pk}/sheet/").status_code == 403
    assert b"Tender spots" not in page(cast.staff, paths[0]).content
    for user in (cast.therapist, cast.owner):
        assert b"Tender spots" in page(user, paths[0]).content
        assert re.search(NAMES[0], page(user, paths[0]).content.decode(), re.IGNORECASE)
        assert page(user, f"/programmes/{programme.pk}/sheet/").status_code == 200
