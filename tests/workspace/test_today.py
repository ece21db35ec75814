"""The therapist's start page: who waits to be seen."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from database import tenancy
from scheduling import rules
from scheduling.booking import actions
from tests import builders
from tests.scheduling.conftest import far_ahead, make_desk
from workspace import queries

pytestmark = pytest.mark.django_db


@pytest.fixture
def seen(api, patient):
    """An exam with an active point, ten days ago."""
    at = (timezone.now() - timedelta(days=10)).isoformat()
    made = api().post(f"/patients/{patient}/assessments/", builders.exam(performed_at=at)).json()
    assert api().post(f"/assessments/{made['id']}/sign/", {}).status_code == 200
    return patient


def due(cast):
    now = timezone.now()
    with tenancy.scope(cast.clinic.pk):
        found = queries.due_patients(
            clinic_id=cast.clinic.pk,
            user_id=cast.therapist.pk,
            since=now - timedelta(days=120),
            until=now - timedelta(days=7),
            now=now,
            limit=12,
        )
    return [(person.pk, points) for person, _at, points in found]


def test_who_has_an_active_point_and_nothing_booked_is_due(cast, seen):
    assert due(cast) == [(seen, 1)]
    browser = Client()
    browser.force_login(cast.therapist)
    assert "1 active point, no appointment booked" in browser.get("/").content.decode()
    with tenancy.scope(cast.clinic.pk):
        desk = make_desk(cast, cast.actor(cast.staff))
        now = timezone.now()
        visit = desk.book(seen, outside_hours=True, at=now, time=desk.time(9, day=far_ahead()))
    assert due(cast) == []
    with tenancy.scope(cast.clinic.pk):
        actions.set_status(
            appointment_id=visit.pk, status=rules.CANCELLED, cancelled_by="clinic", reason="other", by=desk.by, at=now
        )
    assert due(cast) == [(seen, 1)]


def test_who_was_treated_this_week_is_not_due(api, cast, seen):
    at = (timezone.now() - timedelta(days=1)).isoformat()
    made = api().post(f"/patients/{seen}/sessions/", {"performed_at": at})
    assert made.status_code == 201
    assert due(cast) == []


def test_recent_patients_are_of_exams_and_sessions_the_newest_first(api, cast):
    now = timezone.now()
    with tenancy.scope(cast.clinic.pk):
        people = [builders.patient(cast.actor()).pk for _ in range(4)]

    def record(kind, number, days):
        body = {"performed_at": (now - timedelta(days=days)).isoformat()}
        assert api().post(f"/patients/{people[number]}/{kind}/", body).status_code == 201
        return now - timedelta(days=days)

    record("assessments", 0, days=9)
    exam_of_1 = record("assessments", 1, days=2)
    record("sessions", 1, days=5)
    session_of_0 = record("sessions", 0, days=1)
    record("sessions", 2, days=3)
    session_of_3 = record("sessions", 3, days=2)

    with tenancy.scope(cast.clinic.pk):
        key = {"clinic_id": cast.clinic.pk, "user_id": cast.therapist.pk}
        three = queries.recent_patients(**key, limit=3)
        nobody = queries.recent_patients(clinic_id=cast.clinic.pk, user_id=cast.colleague.pk, limit=3)
    in_order = sorted([(people[1], exam_of_1), (people[3], session_of_3)])  # at the same moment: by id
    assert [(person.pk, at) for person, at in three] == [(people[0], session_of_0), *in_order]
    assert nobody == []
