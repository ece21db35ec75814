"""The session screen starts with last time; what one tap brings back waits until somebody confirms it."""

from __future__ import annotations

import json
from datetime import timedelta
from uuid import uuid4

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import Clinic
from database import tenancy
from tests import builders
from tests.reading import Browser
from treatments import rules
from treatments.models import Session

pytestmark = pytest.mark.django_db
ROW = "0198c0de-0000-7000-8000-000000000001"


@pytest.fixture
def therapist(cast):
    client = Browser(headers={"Accept-Language": "en"})
    client.force_login(cast.therapist)
    return client


@pytest.fixture
def point(api, patient):
    exam = builders.exam(performed_at="2026-11-10T09:00:00Z", red_flags=builders.screen())
    made = api().post(f"/patients/{patient}/assessments/", exam).json()
    assert api().post(f"/assessments/{made['id']}/sign/").status_code == 200
    return made["findings"][0]["trigger_point"]


@pytest.fixture
def treated(api, patient, point):
    """A signed session with a compression at the point."""
    body = {
        "performed_at": "2026-11-10T09:30:00Z",
        "interventions": [
            {"technique": "ischemic_compression", "trigger_point": point,
             "dose": {"hold_s": 60, "repetitions": 3, "pressure_discomfort_0_10": 6}},
        ],
        "measures": [
            {"kind": "pain", "phase": "before", "value": 6},
            {"kind": "pain", "phase": "after", "timing": "immediate", "value": 3},
        ],
        "response": "Turns further.",
    }  # fmt: skip
    made = api().post(f"/patients/{patient}/sessions/", body).json()
    signed = api().post(f"/sessions/{made['id']}/sign/")
    assert signed.status_code == 200, signed.json()
    return patient


def open_screen(therapist, patient):
    started = therapist.post(reverse("start_session", args=[patient]))
    return therapist.get(started["Location"])


def test_the_screen_starts_with_last_time(therapist, treated, point):
    screen = open_screen(therapist, treated)

    last = screen.context["last"]
    assert (last["pain"], last["response"], [row["dose"] for row in last["rows"]]) == (
        "6 → 3",
        "Turns further.",
        ["3 × 60 s"],
    )
    (known,) = [p for p in screen.context["points"] if p["id"] == str(point)]
    assert known["last"] == ["Ischemic compression 3 × 60 s"]
    # What was felt under the pressure is asked again; how long and how often is offered.
    assert known["repeat"] == [{"technique": "ischemic_compression", "dose": {"hold_s": 60, "repetitions": 3}}]


def test_a_technique_that_the_clinic_hides_is_not_brought_back(therapist, treated, cast):
    with tenancy.scope(cast.clinic.pk):
        Clinic.objects.filter(pk=cast.clinic.pk).update(techniques=["stretching"])

    screen = open_screen(therapist, treated)

    assert [point["repeat"] for point in screen.context["points"]] == [[]]


def test_what_was_brought_back_stops_the_signature_until_it_is_confirmed(therapist, treated, point, api):
    screen = open_screen(therapist, treated)
    session = screen.context["session"]
    row = f"interventions/{ROW}"
    fields = {"technique": "ischemic_compression", "trigger_point": str(point), "muscle": "trapezius_upper",
              "side": "right", "dose/hold_s": 60, "unreviewed": True, "ordinal": 0}  # fmt: skip
    save(therapist, session, row, fields)

    refused = api().post(f"/sessions/{session.pk}/sign/")
    review = therapist.get(reverse("review", args=["session", session.pk]))
    save(therapist, session, f"{row}/unreviewed", None, base=True)
    signed = api().post(f"/sessions/{session.pk}/sign/")

    assert ("/interventions/0", "unreviewed") in {(e["pointer"], e["code"]) for e in refused.json()["errors"]}
    assert "copied from the last session" in review.content.decode()
    assert "unreviewed" not in {error["code"] for error in signed.json().get("errors", [])}
    with tenancy.scope(session.clinic_id):
        assert not Session.objects.get(pk=session.pk).interventions.get().unreviewed


def save(client, session, path, value, base=None):
    edit = {"id": str(uuid4()), "path": path, "value": value, "base": base}
    body = {"tab": str(uuid4()), "revision": 1, "edits": [edit]}
    answer = client.post(
        reverse("session_changes", args=[session.pk]), json.dumps(body), content_type="application/json"
    )
    assert answer.status_code == 200, answer.content[:500]


@pytest.mark.parametrize(("ago", "known"), [(timedelta(minutes=20), True), (timedelta(hours=3), False)])
def test_pain_that_was_asked_in_this_visit_is_known(therapist, api, patient, ago, known):
    exam = builders.exam(performed_at=(timezone.now() - ago).isoformat(), pain_now=4)
    api().post(f"/patients/{patient}/assessments/", exam)

    screen = open_screen(therapist, patient).context["screen"]

    assert (screen["pain_known"] and screen["pain_known"]["value"]) == (4 if known else None)


def test_counts_lots_and_what_was_felt_are_never_copied():
    dose = {
        "needles_in": 2,
        "needles_out": 2,
        "brand_lot": "A1",
        "ltr_count": 3,
        "needle_length_mm": 25,
        "depth_mm": None,
    }

    assert rules.repeat_dose("dry_needling", dose) == {"needle_length_mm": 25}
    assert rules.repeat_dose("trigger_point_injection", {"volume_ml": 1}) is None
    assert set(rules.FIELDS) >= rules.OBSERVED
