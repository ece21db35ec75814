"""What a change of a measure means: by each source, only where it fits, and never an improvement that is none."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import measures
from assessments.measures import BETTER, SAME, WORSE, Subject

NECK = Subject(regions=frozenset({"neck"}))
KNEE = Subject(regions=frozenset({"thigh", "leg"}))
ROTATION = Subject(movement="cervical.rotation")


def named(thresholds):
    return [(threshold.kind, threshold.source) for threshold in thresholds]


def test_pain_of_the_neck_from_7_to_4():
    """Domain facts 4.1; the example of the clinical review."""
    change = measures.compare("pain", Decimal(7), Decimal(4), NECK)

    assert (change.difference, change.direction) == (-3, BETTER)
    assert named(change.beyond) == [("mcid", "Cleland 2008"), ("roc_cut", "Kovacs 2008"), ("mcid", "Salaffi 2004")]
    assert named(change.within) == [("mdc", "Kovacs 2008")]


def test_the_neck_s_figures_are_not_used_for_a_knee():
    change = measures.compare("pain", Decimal(7), Decimal(4), KNEE)

    assert named(change.beyond) == [("mcid", "Salaffi 2004")]
    assert change.within == ()


@pytest.mark.parametrize("regions", [set(), {"neck", "leg"}, {"shoulder"}])
def test_nor_where_the_complaint_is_not_known_or_is_elsewhere_too(regions):
    thresholds = measures.fitting_thresholds("pain", Subject(regions=frozenset(regions)))

    assert named(thresholds) == [("mcid", "Salaffi 2004")]


def test_worse_by_3_is_never_an_improvement():
    change = measures.compare("pain", Decimal(4), Decimal(7), NECK)

    assert change.direction == WORSE
    assert change.beyond == ()
    assert named(change.within) == [("mdc", "Kovacs 2008")]


@pytest.mark.parametrize(
    ("before", "after", "beyond"),
    [(9, 7, True), (9, 8, False), (3, 2, True), (4, 3, False)],
)
def test_a_third_is_enough_for_salaffi_as_two_points_are(before, after, beyond):
    change = measures.compare("pain", Decimal(before), Decimal(after), KNEE)

    assert bool(change.beyond) is beyond


@pytest.mark.parametrize(
    ("after", "group"),
    [(60, "within"), (61.9, "within"), (62, "between"), (69.9, "between"), (70, "beyond"), (30, "beyond")],
)
def test_range_of_the_neck_from_50(after, group):
    """Natural variation is 12 to 20 degrees (Christensen 1998; domain facts 4.4)."""
    change = measures.compare("rom_deg", Decimal(50), Decimal(str(after)), ROTATION)

    groups = {"within": change.within, "between": change.between, "beyond": change.beyond}
    assert [name for name, thresholds in groups.items() if thresholds] == [group]


def test_other_ranges_have_no_figure():
    assert measures.fitting_thresholds("rom_deg", Subject(movement="shoulder.flexion")) == ()


@pytest.mark.parametrize(("muscle", "count"), [("trapezius_upper", 1), ("soleus", 0), ("", 0)])
def test_a_pressure_threshold_has_a_figure_only_where_it_was_measured(muscle, count):
    """Domain facts 13 on 4.3: more than a quarter of the mean at upper trapezius and deltoid."""
    assert len(measures.fitting_thresholds("ppt_kpa", Subject(muscle=muscle))) == count


def test_a_quarter_of_the_threshold():
    upper_trapezius = Subject(muscle="trapezius_upper")

    assert measures.compare("ppt_kpa", Decimal(200), Decimal(249), upper_trapezius).beyond == ()
    assert len(measures.compare("ppt_kpa", Decimal(200), Decimal(250), upper_trapezius).beyond) == 1


def test_every_threshold_says_what_it_is_and_of_whom():
    for thresholds in measures.THRESHOLDS.values():
        for threshold in thresholds:
            assert threshold.kind in measures.KINDS
            assert threshold.population in measures.POPULATIONS
            assert threshold.source
            assert threshold.amount is not None or threshold.percent is not None


SUBJECTS = st.builds(
    Subject,
    regions=st.frozensets(st.sampled_from(["head", "neck", "shoulder", "leg"])),
    movement=st.sampled_from(["", "cervical.flexion", "shoulder.flexion"]),
    muscle=st.sampled_from(["", "trapezius_upper", "soleus"]),
)


@given(st.sampled_from(list(measures.THRESHOLDS)), st.integers(0, 10), st.integers(0, 10), SUBJECTS)
def test_a_threshold_of_improvement_is_reached_by_improvements_only(kind, before, after, subject):
    change = measures.compare(kind, Decimal(before), Decimal(after), subject)

    if change.direction in (WORSE, SAME):
        assert not any(t.kind in measures.OF_IMPROVEMENT for t in change.beyond)
    all_named = [*change.beyond, *change.within, *change.between]
    assert len(set(all_named)) == len(all_named)
    assert set(all_named) <= set(measures.fitting_thresholds(kind, subject))


@given(st.sampled_from(list(measures.THRESHOLDS)), st.integers(0, 10), st.integers(0, 9), SUBJECTS)
def test_a_larger_change_reaches_at_least_as_many_thresholds(kind, before, step, subject):
    sign = 1 if measures.HIGHER_IS_BETTER[kind] else -1
    small = measures.compare(kind, Decimal(before), Decimal(before + sign * step), subject)
    large = measures.compare(kind, Decimal(before), Decimal(before + sign * (step + 1)), subject)

    assert set(small.beyond) <= set(large.beyond)
