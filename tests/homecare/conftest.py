from __future__ import annotations

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest
from django.utils import timezone

from clinic import tenancy
from homecare import actions, rules
from homecare.models import Programme
from messaging import engine
from patients.models import Patient
from tests import builders

PRESSED = {"muscle": "trapezius_upper", "side": "right"}


def content(**fields: Any) -> dict[str, Any]:
    return {"title": "Neck and shoulders", "note": "", "steps": rules.starter([PRESSED])} | fields


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
            cast.caller(), email="ada@mail.example", phone="020 7946 0018", consent_email="granted",
            consent_sms="granted",
        )  # fmt: skip


@pytest.fixture
def running(cast: Any, reachable: Patient) -> Callable[..., Programme]:
    """A published programme with reminders; call it inside the clinic's scope."""

    def make(**options: Any) -> Programme:
        at, by = options.pop("at", timezone.now()), cast.caller()
        reminds = options.pop("reminds", True)
        made = actions.start_programme(patient_id=reachable.pk, content=options.pop("content", content()), by=by, at=at)
        programme = Programme.objects.select_related("patient").get(pk=made.pk)
        values = {"baseline_pain": 4, "review_on": None, "ends_on": None} | options
        actions.publish(programme=programme, by=by, at=at, **values)
        if reminds:
            actions.set_reminders(
                programme=programme, channels=["email"], times=[time(8), time(20)], weekdays=range(7), by=by, at=at
            )
        return programme

    return make
