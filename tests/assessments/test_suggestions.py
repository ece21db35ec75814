"""Which muscles a drawing suggests, and what the findings explain. Vectors: safety facts, part 8, unless named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import catalogue
from assessments.chart_zones import find_zones, flatten
from assessments.suggestions import (
    WEIGHTS,
    FeltZones,
    SidedZone,
    Suggestion,
    explain_drawing,
    list_together,
    pattern_of,
    score,
    suggest_muscles,
)  # fmt: skip

BIG_FOUR = [key for key, muscle in catalogue.MUSCLES.items() if muscle["tier"] == "big_four"]
ZONES = [
    SidedZone(zone, side)
    for zone, about in catalogue.ZONES.items()
    for side in (("left", "right") if about["sided"] else ("midline",))
]
MUSCLES = [(key, side) for key, muscle in catalogue.MUSCLES.items() for side in muscle["sides"]]
UNHURRIED = settings(deadline=None)  # on a busy machine a pause is no failure
drawings = st.frozensets(st.sampled_from(ZONES), min_size=1, max_size=12)


def right(*zones: str) -> list[SidedZone]:
    return [SidedZone(zone, "right" if catalogue.ZONES[zone]["sided"] else "midline") for zone in zones]


def names(suggestions: list[Suggestion]) -> list[tuple[str, str]]:
    return [(s.muscle, s.side) for s in suggestions]


def test_neck_mastoid_and_temple_put_the_upper_trapezius_first():
    first = suggest_muscles(right("neck.lateral", "head.behind_ear", "head.temple"))[0]
    assert (first.muscle, first.side, first.score) == ("trapezius_upper", "right", 3.0)
    assert first.usually_also == ()


def test_shoulder_angle_and_scapula_put_the_levator_in_the_first_three():
    drawn = right("neck.shoulder_angle", "shoulder.scapula_medial_border")
    assert ("levator_scapulae", "right") in names(suggest_muscles(drawn))[:3]


def test_forehead_and_ear_put_the_clavicular_scm_in_the_first_three():
    assert ("scm_clavicular", "right") in names(suggest_muscles(right("head.forehead", "head.ear")))[:3]


def test_a_band_around_the_head_puts_the_suboccipitals_first():
    drawn = right("head.suboccipital", "head.occiput", "head.temple", "head.eye_orbit")
    assert names(suggest_muscles(drawn))[0] == ("suboccipitals", "right")


def test_a_heel_suggests_muscles_of_leg_and_foot_and_none_of_the_neck():
    suggested = suggest_muscles(right("foot.heel"))
    assert {"soleus", "quadratus_plantae", "abductor_hallucis"} <= {s.muscle for s in suggested[:3]}
    assert "neck" not in {catalogue.MUSCLES[s.muscle]["region"] for s in suggested}


@pytest.mark.parametrize("muscle", BIG_FOUR)
@pytest.mark.parametrize("side", ["left", "right"])
def test_each_of_the_big_four_is_among_the_first_three_for_its_own_pattern(muscle, side):
    drawn = pattern_of(muscle, side).primary
    assert (muscle, side) in names(suggest_muscles(drawn))[:3]


def test_the_other_side_of_the_head_suggests_no_muscle_of_this_one():
    drawn = [SidedZone("head.temple", "left")]
    assert {s.side for s in suggest_muscles(drawn)} == {"left"}


def test_a_pattern_that_may_cross_the_midline_covers_the_other_side_as_spillover():
    [crossing] = [k for k, m in catalogue.MUSCLES.items() if m["referral"]["side_rule"] != "ipsilateral"]
    zone = catalogue.MUSCLES[crossing]["referral"]["primary"][0]
    pattern = pattern_of(crossing, "right")
    assert SidedZone(zone, "right") in pattern.primary
    assert SidedZone(zone, "left") in pattern.spillover


def test_an_unchecked_pattern_is_marked():
    suggested = suggest_muscles(ZONES)
    assert {s.muscle for s in suggested if not s.is_checked} == {
        key for key, m in catalogue.MUSCLES.items() if not m["referral_checked_against_found_page"]
    }


def test_an_empty_drawing_suggests_nothing():
    assert suggest_muscles([]) == []


@UNHURRIED
@given(drawings, st.sampled_from(ZONES), st.sampled_from(MUSCLES))
def test_one_more_covered_zone_never_lowers_a_score(drawn, zone, muscle):
    pattern = pattern_of(*muscle)
    if zone in pattern.primary | pattern.spillover:
        assert score(pattern, drawn | {zone}) >= score(pattern, drawn)
    else:
        assert score(pattern, drawn | {zone}) == score(pattern, drawn)


@UNHURRIED
@given(drawings)
def test_suggestions_cover_the_drawing_and_nothing_else(drawn):
    suggested = suggest_muscles(drawn)
    assert [s.score for s in suggested] == sorted((s.score for s in suggested), reverse=True)
    assert len(set(names(suggested))) == len(suggested)
    for suggestion in suggested:
        pattern = pattern_of(suggestion.muscle, suggestion.side)
        assert set(suggestion.covers) == (pattern.primary | pattern.spillover) & drawn
        assert suggestion.covers
        assert set(suggestion.usually_also) == pattern.primary - drawn


@UNHURRIED
@given(drawings, st.randoms())
def test_the_order_of_drawing_changes_nothing(drawn, random):
    shuffled = sorted(drawn)
    random.shuffle(shuffled)
    assert suggest_muscles(shuffled) == suggest_muscles(drawn)


def test_big_four_are_often_together_and_parts_of_one_muscle_are_no_two():
    assert list_together("trapezius_upper") == ("levator_scapulae", "scm_sternal", "scm_clavicular", "suboccipitals")
    assert "scm_clavicular" not in list_together("scm_sternal")
    assert list_together("soleus") == ()


# --- Explained share ------------------------------------------------------------------------------------------------


def test_felt_zones_explain_their_part_of_the_drawing():
    drawn = right("head.temple", "head.eye_orbit", "foot.heel")
    found = [FeltZones("trapezius_upper", "right", frozenset(right("head.temple", "neck.lateral")))]
    explanation = explain_drawing(drawn, found)
    assert explanation.explained == tuple(right("head.temple"))
    assert explanation.unexplained == tuple(right("head.eye_orbit", "foot.heel"))
    assert explanation.drawn_count == 3
    assert ("trapezius_upper", "right") not in names(list(explanation.still_to_test))
    assert explanation.still_to_test


@UNHURRIED
@given(drawings, drawings)
def test_explained_and_unexplained_are_the_drawing(drawn, felt):
    found = [FeltZones("trapezius_upper", "right", felt)]
    explanation = explain_drawing(drawn, found)
    assert set(explanation.explained) | set(explanation.unexplained) == drawn
    assert set(explanation.explained) == drawn & felt
    assert explanation.drawn_count == len(drawn)
    more = explain_drawing(drawn, [*found, FeltZones("soleus", "left", drawn)])
    assert more.unexplained == ()
    assert more.still_to_test == ()


def test_the_weights_are_those_of_version_1():
    """Another number is another version: whoever changes one changes both."""
    assert (WEIGHTS.version, WEIGHTS.primary, WEIGHTS.spillover, WEIGHTS.absent) == (1, 1.0, 0.5, -0.5)


# --- Zones under a point --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", catalogue.CHART_VIEWS)
def test_the_centre_of_each_zone_lies_in_it(view):
    drawing = catalogue.CHART_VIEWS[view]
    for shape in drawing["zones"]:
        x, y = shape["centre"]
        under = find_zones(view, x / drawing["width"], y / drawing["height"])
        assert SidedZone(shape["zone"], shape["side"]) in under


def test_a_point_beside_the_body_lies_in_no_zone():
    assert find_zones("back", 0.001, 0.001) == frozenset()
    assert find_zones("nowhere", 0.5, 0.5) == frozenset()


@settings(max_examples=30, deadline=None)
@given(st.sampled_from(list(catalogue.CHART_VIEWS)), st.floats(0, 1), st.floats(0, 1))
def test_a_point_and_its_mirror_lie_in_mirrored_zones(view, x, y):
    """The chart is symmetrical; within half a unit of an outline the rounding of the paths may decide otherwise."""
    drawing = catalogue.CHART_VIEWS[view]
    if near_an_outline(view, x * drawing["width"], y * drawing["height"]):
        return
    other = {"head_left": "head_right", "head_right": "head_left"}.get(view, view)
    swap = {"left": "right", "right": "left", "midline": "midline"}
    assert {(z.zone, swap[z.side]) for z in find_zones(view, x, y)} == set(find_zones(other, 1 - x, y))


def near_an_outline(view: str, x: float, y: float) -> bool:
    for shape in catalogue.CHART_VIEWS[view]["zones"]:
        corners = list(flatten(shape["path"]))
        for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True):
            length = (x2 - x1) ** 2 + (y2 - y1) ** 2
            t = 0 if length == 0 else max(0, min(1, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length))
            if (x1 + t * (x2 - x1) - x) ** 2 + (y1 + t * (y2 - y1) - y) ** 2 < 1.5**2:
                return True
    return False
