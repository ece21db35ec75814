"""A document at a glance: the same on the review, the signed page and the first page on paper."""

from __future__ import annotations

import math
import re
from html import unescape

import pytest
from django.urls import reverse
from django.utils import translation

from tests import builders
from tests.reading import Browser
from tests.test_documentation_only import switch
from treatments.labels import describe_dose
from workspace import body_pictures

pytestmark = pytest.mark.django_db

NONE = {"taut_band": "absent", "hypersensitive_spot": "absent", "referred_pain": "absent"}
FOUR = [
    builders.finding(),
    builders.finding(muscle="levator_scapulae", referred_pain="absent", recognised="no"),
    builders.finding(muscle="suboccipitals", side="left", recognised="not_asked", **NONE),
    builders.finding(muscle="scm_sternal", hypersensitive_spot="not_tested", referred_pain="absent"),
]


@pytest.fixture
def therapist(cast):
    client = Browser(headers={"Accept-Language": "en"})
    client.force_login(cast.therapist)
    return client


def words_of(answer):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", answer.content.decode())).split())


def body_point(label, place=None, muscle="trapezius_upper", kind="active"):
    return body_pictures.Point(label, kind, f"Point {label}", muscle, "right", place)


def test_markers_never_hide_each_other_and_keep_a_line_to_their_place():
    points = [body_point(str(number), ("neck", 0.5, 0.6)) for number in range(1, 7)]

    (picture,) = body_pictures.draw_points(points)

    at = [tuple(map(float, found)) for found in re.findall(r'class="marker" cx="([\d.]+)" cy="([\d.]+)"', picture.svg)]
    radius = float(re.search(r' r="([\d.]+)"', picture.svg)[1])
    apart = [math.dist(first, second) for index, first in enumerate(at) for second in at[:index]]
    assert len(at) == 6
    assert min(apart) >= 2 * radius
    assert picture.svg.count('class="leader"') >= 5
    assert picture.text == "; ".join(f"{number}: Point {number}" for number in range(1, 7))


def test_each_view_that_holds_a_point_is_a_picture_and_names_are_escaped():
    points = [
        body_point("1", ("neck", 0.5, 0.6)),
        body_point("2", ("back", 0.5, 0.5)),
        body_pictures.Point("<3>", "latent", '"quoted"', "gastrocnemius_medial", "left"),
    ]

    pictures = body_pictures.draw_points(points)

    assert [picture.view for picture in pictures][:1] != []
    assert {"neck", "back"} <= {picture.view for picture in pictures}
    assert all("<3>" not in picture.svg for picture in pictures)
    assert body_pictures.draw_points([body_point("1", muscle="no_such_muscle")]) == []


@pytest.mark.parametrize(
    ("dose", "text"),
    [
        ({"hold_s": 30, "repetitions": 3}, "3 × 30 s"),
        ({"hold_s": 45}, "45 s"),
        ({"repetitions": 10, "sets": 3}, "3 × 10"),
        ({"repetitions": 8}, "8 ×"),
        ({"needles_in": 2, "needles_out": 1, "needle_diameter_mm": 0.25, "needle_length_mm": "25.0"},
         "needles: 2 in, 1 out · 0.25 × 25 mm"),
        ({"rest_s": 10, "tool": "", "minutes": None}, "Rest between: 10 s"),
        ({}, ""),
    ],
)  # fmt: skip
def test_a_dose_is_one_line(dose, text):
    with translation.override("en"):
        assert describe_dose(dose) == text


def test_review_and_signed_page_show_a_row_a_point(therapist, api, patient):
    body = builders.exam(findings=FOUR, red_flags=[{"code": "inflammatory", "answer": "yes"}])
    exam_id = api().post(f"/patients/{patient}/assessments/", body).json()["id"]

    review = therapist.get(reverse("review", args=["exam", exam_id]))
    rows = review.context["summary"].points
    assert [row.number for row in rows] == ["1", "2", "3", "4"]
    assert [mark.text for mark in rows[0].signs][-1] == "+"
    assert [mark.text for mark in rows[2].signs] == ["−", "−", "−", "?"]
    assert "Long morning stiffness" in words_of(review)
    assert review.content.decode().count('<svg xmlns="http://www.w3.org/2000/svg" class="body-picture"') >= 1


def test_a_point_has_the_same_number_in_every_document(therapist, api, patient):
    api().post(f"/patients/{patient}/assessments/", builders.exam(findings=FOUR))
    later = api().post(f"/patients/{patient}/assessments/", builders.exam(findings=[FOUR[2]])).json()
    place = {name: later["findings"][0][name] for name in ("trigger_point", "muscle", "side")}
    treatment = builders.treatment(interventions=[builders.compression() | place])
    session_id = api().post(f"/patients/{patient}/sessions/", treatment).json()["id"]

    exam = therapist.get(reverse("review", args=["exam", later["id"]])).context["summary"]
    session = therapist.get(reverse("review", args=["session", session_id])).context["summary"]

    assert [row.number for row in exam.points] == ["3"]
    assert [row.number for row in session.doses] == ["3"]
    assert all(picture.text.startswith("3: ") for picture in [*exam.pictures, *session.pictures])


def test_without_classes_a_summary_shows_none(therapist, api, patient, cast):
    body = builders.exam(findings=FOUR)
    exam_id = api().post(f"/patients/{patient}/assessments/", body).json()["id"]
    switch(cast, shows=False)

    review = therapist.get(reverse("review", args=["exam", exam_id]))

    assert {row.word for row in review.context["summary"].points} == {""}
    assert 'class="active"' not in review.content.decode()


def test_who_signed_sees_the_three_next_steps_on_that_day(therapist, api, patient, cast):
    exam_id = api().post(f"/patients/{patient}/assessments/", builders.exam(findings=FOUR)).json()["id"]
    review = therapist.get(reverse("review", args=["exam", exam_id]))
    form = {"revision": review.context["document"].revision, "seen": review.context["seen"]}
    signed = therapist.post(reverse("review", args=["exam", exam_id]), form)
    assert signed.status_code == 302, words_of(signed)[:500]

    own = therapist.get(signed["Location"])
    owner = Browser(headers={"Accept-Language": "en"})
    owner.force_login(cast.owner)
    others = owner.get(signed["Location"])

    assert [step.text for step in own.context["next_steps"]] == [
        "Start treatment",
        "Book next appointment",
        "Home programme",
    ]
    assert others.context["next_steps"] == []
