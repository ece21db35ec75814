from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.utils import timezone

from database import tenancy
from homecare import rules
from homecare.models import Programme
from homecare.programmes import actions
from messaging import engine
from patients.models import Patient
from tests import builders

PRESSED = {"muscle": "trapezius_upper", "side": "right"}


# What the source guide leaves open, as a therapist would fill it in.
FILLED = {
    "scan": {"duration_s": 60, "times_per_day": 1},
    "self_pressure": {"repetitions": 2, "times_per_day": 2},
    "side_bends": {"repetitions": 5, "times_per_day": 2},
    "rotations": {"repetitions": 5, "times_per_day": 2},
    "scapular_retraction": {"sets": 3, "repetitions": 12, "days_per_week": 4},
    "chin_tuck": {"hold_s": 10, "repetitions": 10, "times_per_day": 2},
    "neck_isometrics": {"hold_s": 10, "repetitions": 5, "times_per_day": 2},
    "stretch": {"hold_s": 30, "repetitions": 3, "times_per_day": 1},
    "ergonomics": {"break_every_min": 30},
    "own": {"times_per_day": 1},
}


def filled(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Steps with every number that they need."""
    return [{**step, "dose": {**FILLED[step["exercise"]], **step.get("dose", {})}} for step in steps]


def content(**fields: Any) -> dict[str, Any]:
    return {"title": "Neck and shoulders", "note": "", "steps": filled(rules.starter([PRESSED]))} | fields


@pytest.fixture(autouse=True)
def unlimited(settings: Any) -> None:
    """All of these tests come from one address; the one about limits sets them itself."""
    settings.ACCOUNT_RATE_LIMITS = {}


@pytest.fixture
def reachable(cast: Any) -> Patient:
    """A patient born in 1980 with consent to both channels, in a clinic without quiet hours."""
    with tenancy.scope(cast.clinic.pk):
        sending = engine.sending_of(cast.clinic.pk)
        sending.quiet_from = sending.quiet_until = time(0)
        sending.save()
        return builders.patient(
            cast.actor(),
            email="ada@mail.example",
            phone="020 7946 0018",
            consent_email="granted",
            consent_sms="granted",
        )


@pytest.fixture
def running(cast: Any, reachable: Patient) -> Callable[..., Programme]:
    """A published programme with reminders; call it inside the clinic's scope."""

    def make(**options: Any) -> Programme:
        at, by = options.pop("at", timezone.now()), cast.actor()
        reminds = options.pop("reminds", True)
        made = actions.start_programme(patient_id=reachable.pk, content=options.pop("content", content()), by=by, at=at)
        programme = Programme.objects.select_related("patient").get(pk=made.pk)
        values = {"baseline_pain": 4, "review_on": None, "ends_on": None} | options
        actions.publish(revision=None, programme=programme, by=by, at=at, **values)
        if reminds:
            actions.set_reminders(
                programme=programme, channels=["email"], times=[time(8), time(20)], weekdays=range(7), by=by, at=at
            )
        return programme

    return make
