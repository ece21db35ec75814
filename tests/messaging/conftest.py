from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Clinic
from database import tenancy
from messaging import actions, engine
from messaging.models import Message
from patients.models import Patient
from tests import builders


@pytest.fixture
def reachable(in_clinic: Any) -> Patient:
    """A patient with consent to both channels, in a clinic without quiet hours: the test may run at any hour."""
    sending = engine.sending_of(in_clinic.clinic.pk)
    sending.quiet_from = sending.quiet_until = "00:00"
    sending.most_a_day = 100
    sending.save()
    return builders.patient(
        in_clinic.actor(),
        email="ada@mail.example",
        phone="020 7946 0018",
        consent_email="granted",
        consent_sms="granted",
    )


@pytest.fixture
def owe(in_clinic: Any, reachable: Patient) -> Callable[..., Message]:
    """Owe a message that has been due for some seconds."""
    count = iter(range(1000))

    def make(**fields: Any) -> Message:
        fields = {
            "kind": "review_due",
            "channel": "email",
            "patient_id": reachable.pk,
            "about_id": reachable.pk,
        } | fields
        fields.setdefault("dedupe_key", f"test:{next(count)}")
        fields.setdefault("due_at", timezone.now() - timedelta(seconds=30))
        made = actions.enqueue(by=in_clinic.actor(), **fields)
        assert made is not None
        return made

    return make


@pytest.fixture
def hand_over(in_clinic: Any) -> Callable[[], engine.Run]:
    return lambda: engine.hand_over(in_clinic.clinic.pk)


def state(message: Message) -> tuple[str, str]:
    message.refresh_from_db()
    return message.state, message.reason


def elsewhere(clinic: Clinic) -> Any:
    return tenancy.scope(clinic.pk)
