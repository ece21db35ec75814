"""Suggestions and the explained share at page, API and in the document."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import actions
from accounts.models import Clinic
from assessments.web import chart
from database import tenancy

DRAWN = [{"zone": zone, "side": "right"} for zone in ("neck.lateral", "head.behind_ear", "head.temple", "foot.heel")]
FINDING = {
    "muscle": "trapezius_upper",
    "side": "right",
    "taut_band": "present",
    "hypersensitive_spot": "present",
    "referred_pain": "present",
    "referred_to": [{"zone": "head.temple", "side": "right"}, {"zone": "head.behind_ear", "side": "right"}],
    "recognised": "yes",
}


def record(api, patient, **content):
    body = {"performed_at": (timezone.now() - timedelta(hours=1)).isoformat(), "pain_drawing": DRAWN, **content}
    return api().post(f"/patients/{patient}/assessments/", body).json()["id"]


@pytest.fixture
def page(cast):
    client = Client()
    client.force_login(cast.therapist)
    return client


def test_a_drawing_suggests_an_order(api, patient):
    answer = api().get(f"/assessments/{record(api, patient)}/drawing/").json()
    first = answer["suggestions"][0]
    assert (first["muscle"], first["side"]) == ("trapezius_upper", "right")
    assert first["covers"] == [
        {"zone": zone, "side": "right"} for zone in ("head.temple", "head.behind_ear", "neck.lateral")
    ]
    assert first["often_together"] == ["levator_scapulae", "scm_sternal", "scm_clavicular", "suboccipitals"]
    assert len(answer["unexplained"]) == len(answer["drawn"]) == 4
    assert answer["weights_version"] == 1


def test_findings_explain_a_part_of_it(api, patient):
    answer = api().get(f"/assessments/{record(api, patient, findings=[FINDING])}/drawing/").json()
    assert [zone["zone"] for zone in answer["explained"]] == ["head.temple", "head.behind_ear"]
    assert [zone["zone"] for zone in answer["unexplained"]] == ["neck.lateral", "foot.heel"]
    assert "trapezius_upper" not in {s["muscle"] for s in answer["still_to_test"]}


def test_a_tender_spot_explains_the_zone_that_it_lies_in(api, patient):
    spot = {**FINDING, "referred_pain": "absent", "referred_to": [], "point": {"view": "neck", "x": 0.63, "y": 0.375}}
    tender = api().get(f"/assessments/{record(api, patient, findings=[spot])}/drawing/").json()["explained"]
    calm = {**spot, "hypersensitive_spot": "absent", "recognised": "not_asked"}
    not_tender = api().get(f"/assessments/{record(api, patient, findings=[calm])}/drawing/").json()["explained"]
    drawn_under = [zone for zone in tender if zone["zone"] in ("head.behind_ear", "neck.lateral")]
    assert drawn_under
    assert not_tender == []


def test_no_drawing_suggests_nothing(api, patient):
    answer = api().get(f"/assessments/{record(api, patient, pain_drawing=[])}/drawing/").json()
    assert answer["drawn"] == answer["suggestions"] == answer["still_to_test"] == []


def test_another_clinic_sees_nothing_of_it(api, cast, patient):
    exam = record(api, patient)
    assert api(cast.stranger).get(f"/assessments/{exam}/drawing/").status_code == 404


def test_the_screen_gets_the_first_five(api, patient, page):
    exam = record(api, patient, findings=[FINDING])
    screen = page.get(f"/exams/{exam}/").context["screen"]["derived"]["drawing"]
    assert len(screen["suggestions"]) == 5
    assert len(screen["explained"]) == 2


def test_review_and_document_say_what_is_explained(api, patient, page):
    exam = record(api, patient, findings=[FINDING])
    review = page.get(f"/documents/exam/{exam}/review/").content.decode()
    assert "2 of 4 drawn zones" in review
    assert api().post(f"/assessments/{exam}/sign/", {}).status_code == 200
    document = page.get(f"/documents/exam/{exam}/").content.decode()
    assert "2 of 4 drawn zones" in document
    assert "it is not signed" in document


def test_documentation_only_shows_the_drawing_alone(api, cast, patient, page):
    exam = record(api, patient, findings=[FINDING])
    with tenancy.scope(cast.clinic.pk):
        clinic = Clinic.objects.get(pk=cast.clinic.pk)
        actions.set_display_mode(clinic=clinic, shows_classification=False, revision=None, by=cast.actor(cast.owner))
    answer = api().get(f"/assessments/{exam}/drawing/").json()
    assert len(answer["drawn"]) == 4
    assert answer["suggestions"] == answer["explained"] == answer["unexplained"] == answer["still_to_test"] == []
    assert page.get(f"/exams/{exam}/").context["screen"]["derived"]["drawing"] is None
    assert "drawn zones" not in page.get(f"/documents/exam/{exam}/review/").content.decode()


def test_the_chart_knows_what_sets_a_muscle_off_and_what_comes_with_it(page):
    for language, set_off, felt in [
        ("en", "prolonged desk or keyboard work", "ear fullness"),
        ("de", "langes Arbeiten am Schreibtisch oder an der Tastatur", "Völlegefühl im Ohr"),
    ]:
        answer = page.get(reverse("chart", args=[chart.version(), language]))
        muscles = json.loads(gzip.decompress(answer.content))["muscles"]
        assert set_off in muscles["trapezius_upper"]["a"]
        assert felt in muscles["scm_clavicular"]["f"]
