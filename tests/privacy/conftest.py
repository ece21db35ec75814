"""A patient with a bit of everything, committed; and what an erasure needs: 14 days that are over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.utils import timezone

from assessments.models import Assessment
from database import tenancy
from privacy import actions
from tests import builders
from tests.api import Api
from tests.committed import committed, committed_patient, superuser
from tests.records.test_chain import sign_exam, sign_session
from treatments.models import Session

__all__ = ["committed"]
REASON = "Asked for in writing."


@pytest.fixture
def rich(committed: Any) -> tuple[Any, UUID]:
    """The cast, and a patient with signed documents, an addendum, a consent, an event, a programme, a draft."""
    patient = committed_patient(committed)
    sign_session(committed, patient)
    exam = sign_exam(committed, patient)
    api = Api(committed.therapist)
    with tenancy.scope(committed.clinic.pk):
        session = Session.objects.filter(patient_id=patient).values_list("pk", flat=True)[0]
        document = Assessment.objects.get(record_id=exam.pk).pk
    for path, body in [
        (f"/assessments/{document}/addenda/", {"text": "It was the left side, said Ada."}),
        (f"/patients/{patient}/consents/", builders.consent()),
        (f"/patients/{patient}/adverse-events/", builders.adverse_event(session=str(session))),
        (
            f"/patients/{patient}/programmes/",
            {"title": "Neck", "steps": [{"exercise": "chin_tuck", "dose": {"hold_s": 10, "repetitions": 5}}]},
        ),
        (f"/patients/{patient}/assessments/", builders.exam()),
    ]:
        answer = api.post(path, body)
        assert answer.status_code == 201, answer.content
        if "/programmes/" in path:
            published = api.post(f"/programmes/{answer.json()['id']}/publish/", {})
            assert published.status_code == 200, published.content
    return committed, patient


def begin_erasure(cast: Any, patient: UUID) -> Any:
    with tenancy.scope(cast.clinic.pk):
        return actions.begin_erasure(
            patient_id=patient,
            reason=REASON,
            despite_law=False,
            revision=None,
            by=cast.actor(cast.owner),
            at=timezone.now(),
        )


def restrict(cast: Any, patient: UUID) -> Any:
    with tenancy.scope(cast.clinic.pk):
        return actions.restrict(
            patient_id=patient, reason=REASON, revision=None, by=cast.actor(cast.owner), at=timezone.now()
        )


def make_due(case: Any) -> None:
    """Move a case 15 days into the past, which no role of Palpate can do."""
    with superuser() as link:
        link.execute("SET session_replication_role = replica")
        link.execute(
            "UPDATE privacy_rightscase SET begun_at = begun_at - %(by)s, due_at = due_at - %(by)s WHERE id = %(id)s",
            {"by": timedelta(days=15), "id": case.pk},
        )
    connection.close()
