"""The pain drawing by link: tapped by the patient, read by the therapist, then in the draft of an exam."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

import catalogue
from assessments.models import Assessment, PainMark
from messaging import links
from patient_forms.models import FormRequest
from tests.patient_forms.test_intake import person, reachable, read, row, unlimited  # noqa: F401 - fixtures
from tests.reading import revisions_on

pytestmark = pytest.mark.django_db
DRAWN = {
    "drawing": ["head.temple/right", "neck.lateral/right", "neck.base_c7/midline"],
    "intensity:head.temple/right": "6",
    "intensity:neck.lateral/right": "",
    "qualities": ["ache", "burning"],
    "note": "Worse in the evening.",
}
MARKS = [("head.temple", "right", 6), ("neck.lateral", "right", None), ("neck.base_c7", "midline", None)]


@pytest.fixture
def visitor(cast, reachable):  # noqa: F811 - the fixture
    assert person(cast.staff).post(f"/patients/{reachable}/forms/", {"form": "pain_drawing"}).status_code == 302
    client = Client()
    client.post(f"/c/{links.token_of(row(cast).link_id)}/", {"year": "1980"})
    return client


@pytest.fixture
def answered(cast, visitor):
    assert visitor.post("/c/form/", DRAWN)["Location"] == "/c/form/thanks/"
    return row(cast)


def accept(cast, request_row, **changes):
    therapist = person(cast.therapist)
    path = f"/forms/{request_row.pk}/"
    return therapist.post(path, {**revisions_on(therapist.get(path)), "key": ["drawing"], **changes})


def marks(cast):
    return [(m.zone_id, m.side, m.intensity) for m in sorted(read(cast, PainMark), key=lambda m: m.ordinal)]


def test_the_page_has_the_chart_and_every_place_as_a_list(visitor):
    page = visitor.get("/c/form/").content.decode()
    assert "<body-chart" in page
    assert page.count('name="drawing"') == sum(2 if zone["sided"] else 1 for zone in catalogue.ZONES.values())
    assert len(page) < 60_000


def test_a_drawing_waits_for_the_therapist(cast, answered):
    assert answered.answers["drawing"]["head.temple/right"] == 6
    assert read(cast, Assessment) == []
    review = person(cast.therapist).get(f"/forms/{answered.pk}/").content.decode()
    assert "Temple, right: 6 / 10; Side of neck, right; " in review
    assert "aching, burning" in review
    assert "Worse in the evening." in review


def test_accepted_it_begins_an_exam(cast, answered):
    assert accept(cast, answered).status_code == 302
    [exam] = read(cast, Assessment)
    assert (exam.recorded_by_id, exam.signed_at) == (cast.therapist.pk, None)
    assert marks(cast) == MARKS


def test_accepted_it_joins_the_draft_and_changes_nothing_in_it(cast, answered, api, reachable):  # noqa: F811
    drawn = [{"zone": "head.temple", "side": "right", "intensity": 2}]
    begun = {"performed_at": timezone.now().isoformat(), "pain_drawing": drawn, "pain_now": 5}
    assert api().post(f"/patients/{reachable}/assessments/", begun).status_code == 201
    accept(cast, answered)
    [exam] = read(cast, Assessment)
    assert exam.pain_now == 5
    assert marks(cast) == [("head.temple", "right", 2), *MARKS[1:]]


def test_left_out_it_is_not_written(cast, answered):
    assert accept(cast, answered, key=[]).status_code == 302
    assert read(cast, Assessment) == []
    assert read(cast, FormRequest)[0].status == "accepted"


def test_only_a_therapist_accepts(cast, answered):
    owner = person(cast.owner)
    assert owner.post(f"/forms/{answered.pk}/", {"key": ["drawing"], "revision": "2"}).status_code in (403, 409)
    assert read(cast, Assessment) == []


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ({"drawing": ["moon/left"]}, "Choose one of the answers."),
        ({"drawing": ["neck.base_c7/left"]}, "Choose one of the answers."),
        ({"drawing": ["head.temple/left"], "intensity:head.temple/left": "11"}, "Choose a number from 0 to 10"),
    ],
)
def test_what_cannot_be_is_named_and_the_drawing_stays(cast, visitor, sent, said):
    page = visitor.post("/c/form/", {**DRAWN, **sent})
    assert page.status_code == 400
    assert said in page.content.decode()
    assert "Worse in the evening." in page.content.decode()
    assert row(cast).status == "sent"


def test_an_empty_drawing_is_an_answer(cast, visitor):
    visitor.post("/c/form/", {})
    assert row(cast).status == "answered"
    assert (
        "nothing that is not recorded already" in person(cast.therapist).get(f"/forms/{row(cast).pk}/").content.decode()
    )
