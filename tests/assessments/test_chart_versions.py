"""Points of the first chart on the one of today."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import catalogue
from assessments.chart_versions import CURRENT, current_place
from assessments.chart_zones import flatten, is_inside
from tests import builders

# Of each muscle's shape on the first chart, some places inside it: view, muscle, side, places as shares of the view.
FIRST = json.loads((Path(__file__).parents[1] / "data" / "chart/points_of_version_1.json").read_text())


def shape_of(view, muscle, side):
    drawn = catalogue.CHART_VIEWS[view]
    shape = next(s for s in drawn["muscles"] if (s["muscle"], s["side"]) == (muscle, side))
    return drawn, list(flatten(shape["path"]))


def test_no_point_of_the_first_chart_changes_its_muscle():
    assert sum(len(places) for *_shape, places in FIRST) == 1140
    for view, muscle, side, places in FIRST:
        for x, y in places:
            place = current_place(view, x, y, chart=1, muscle=muscle, side=side)
            drawn, outline = shape_of(place.view, muscle, side)
            at = (place.x * drawn["width"], place.y * drawn["height"])
            assert is_inside(at, outline), (view, muscle, side, x, y, place)


def test_a_point_stays_where_it_was_on_the_body():
    """The middle of the neck's nape: 300/600, 288/480 of the first window is 137.2 units below the top."""
    place = current_place("neck", 0.5, 0.6, chart=1, muscle="no such muscle", side="right")
    assert (place.view, place.x) == ("neck", 0.5)
    assert place.y == pytest.approx(((0.6 * 480 / 2.3 + 12) - 8) * 2.75 / 600, abs=1e-4)


def test_what_the_close_up_no_longer_shows_is_on_the_whole_figure():
    place = current_place("neck", 0.99, 0.9, chart=1, muscle="no such muscle", side="right")
    assert place.view == "back"
    assert place.x == pytest.approx((0.99 * 600 - 300) / 2.3 / 400 + 0.5, abs=1e-4)


def test_a_point_of_today_stays_as_it_is():
    place = current_place("neck", 0.123, 0.987, chart=CURRENT, muscle="trapezius_upper", side="left")
    assert (place.view, place.x, place.y) == ("neck", 0.123, 0.987)


@pytest.mark.django_db
def test_a_document_keeps_the_version_that_was_sent(api, patient):
    point = {"view": "neck", "x": 0.55, "y": 0.5}
    findings = [
        builders.finding(point=point),
        builders.finding(side="left", point={**point, "chart": 2}),
    ]
    answer = api().post(f"/patients/{patient}/assessments/", builders.exam(findings=findings)).json()
    assert [f["point"] for f in answer["findings"]] == [{**point, "chart": 1}, {**point, "chart": 2}]
    refused = builders.finding(point={**point, "chart": 3})
    answer = api().post(f"/patients/{patient}/assessments/", builders.exam(findings=[refused])).json()
    assert [(e["pointer"], e["code"]) for e in answer["errors"]] == [("/findings/0/point/chart", "max_value")]


@pytest.mark.django_db
def test_the_same_place_on_both_charts_is_one_point(api, patient):
    def seen(day, **point):
        body = builders.exam(performed_at=f"2026-09-0{day}T09:00:00Z", findings=[builders.finding(point=point)])
        made = api().post(f"/patients/{patient}/assessments/", body).json()
        api().post(f"/assessments/{made['id']}/sign/")
        return made["findings"][0]["trigger_point"]

    first = {"view": "neck", "x": 0.6, "y": 0.62}
    today = current_place(**first, chart=1, muscle="trapezius_upper", side="right")
    assert seen(1, **first) == seen(2, view=today.view, x=today.x, y=today.y, chart=2)
