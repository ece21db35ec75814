"""How much of the body a drawing covers, and what has changed since the last one."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import catalogue
from assessments.drawing_extent import WHOLE_VIEWS, compare_drawings, measure_extent, sum_intensity
from assessments.suggestions import SidedZone
from tests import builders

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
ZONES = [
    SidedZone(zone, side)
    for zone, about in catalogue.ZONES.items()
    for side in (("left", "right") if about["sided"] else ("midline",))
]
DRAWINGS = st.frozensets(st.sampled_from(ZONES), max_size=6)


def percents(drawn):
    return {extent.view: extent.percent for extent in measure_extent(drawn)}


def test_all_zones_are_nearly_the_whole_body_and_none_are_nothing():
    assert measure_extent([]) == []
    whole = percents(ZONES)
    assert set(whole) == set(WHOLE_VIEWS)
    assert all(90 <= percent <= 100 for percent in whole.values())


@unhurried
@given(DRAWINGS, DRAWINGS)
def test_more_zones_never_cover_less(one, other):
    less, more = percents(one), percents(one | other)
    assert all(more[view] >= percent for view, percent in less.items())


@unhurried
@given(DRAWINGS, DRAWINGS)
def test_what_is_gained_one_way_is_lost_the_other(now, before):
    change, back = compare_drawings(now, before), compare_drawings(before, now)
    assert (change.gained, change.lost, change.same) == (back.lost, back.gained, back.same)
    assert {*change.gained, *change.same} == now
    assert {*change.lost, *change.same} == before


def test_left_and_right_are_as_large():
    for zone, about in catalogue.ZONES.items():
        if about["sided"]:
            left, right = (percents([SidedZone(zone, side)]) for side in ("left", "right"))
            mirrored = {view.replace("_left", "_right"): percent for view, percent in left.items()}
            assert mirrored == right, zone


def test_only_numbers_are_summed():
    assert sum_intensity([]) is sum_intensity([None]) is None
    assert sum_intensity([6, None, 0, 4]) == 10


@pytest.mark.django_db
def test_a_drawing_is_compared_with_the_last_signed_one(api, patient):
    def drawn(day, *zones, sign=True):
        marks = [{"zone": zone, "side": "right", "intensity": 5} for zone in zones]
        body = builders.exam(performed_at=f"2026-09-{day:02}T09:00:00Z", pain_drawing=marks)
        made = api().post(f"/patients/{patient}/assessments/", body).json()["id"]
        if sign:
            assert api().post(f"/assessments/{made}/sign/").status_code == 200
        return made

    def measured(exam):
        return api().get(f"/assessments/{exam}/drawing/").json()

    first = drawn(1, "head.temple", "neck.lateral")
    assert measured(first)["since_last"] is None
    drawn(2, "head.ear", sign=False)  # a draft is no last drawing
    last = measured(drawn(3, "neck.lateral", "shoulder.top", sign=False))
    assert last["intensity_sum"] == 10
    assert {extent["view"] for extent in last["extent"]} >= {"front", "back"}
    since = last["since_last"]
    assert since["assessment"] == first
    assert since["gained"] == [{"zone": "shoulder.top", "side": "right"}]
    assert since["lost"] == [{"zone": "head.temple", "side": "right"}]
    assert since["same"] == [{"zone": "neck.lateral", "side": "right"}]
