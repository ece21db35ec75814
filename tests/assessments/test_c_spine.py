"""The Canadian C-spine rule, without a database."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import c_spine
from assessments.c_spine import EXCLUSIONS, HIGH_RISK, INPUTS, LOW_RISK, ROTATION, apply_rule

CLEAR = {**dict.fromkeys([*EXCLUSIONS, *HIGH_RISK], "no"), **dict.fromkeys([*LOW_RISK, *ROTATION], "yes")}
values = st.fixed_dictionaries({name: st.sampled_from(c_spine.VALUES) for name in INPUTS})


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "cleared"),
        *(({name: "yes"}, "image") for name in HIGH_RISK),
        *(({name: "yes"}, "cannot_clear") for name in EXCLUSIONS),
        *(({name: "no"}, "image") for name in ROTATION),
        *(({name: "no"}, "cleared") for name in LOW_RISK),
        *(({name: "unknown"}, "cannot_clear") for name in INPUTS),
        (dict.fromkeys(LOW_RISK, "no"), "image"),
        ({"limb_paraesthesiae": "yes", "unstable": "unknown"}, "image"),
    ],
)
def test_outcomes(changes, outcome):
    assert apply_rule({**CLEAR, **changes}) == outcome


def test_what_is_missing_is_unknown():
    assert apply_rule({}) == "cannot_clear"
    for name in INPUTS:
        assert apply_rule({key: value for key, value in CLEAR.items() if key != name}) == "cannot_clear"


@given(values)
def test_an_unknown_never_clears(inputs):
    if "unknown" in inputs.values():
        assert apply_rule(inputs) != "cleared"


@given(values, st.sampled_from([*EXCLUSIONS, *HIGH_RISK]))
def test_one_more_danger_never_clears(inputs, name):
    assert apply_rule({**inputs, name: "yes"}) != "cleared"


@pytest.mark.parametrize(
    ("birth_date", "under_16", "over_65"),
    [
        (date(1961, 11, 20), "no", "yes"),
        (date(1961, 11, 21), "no", "no"),
        (date(2010, 11, 20), "no", "no"),
        (date(2010, 11, 21), "yes", "no"),
    ],
)
def test_age_is_worked_out_from_the_birth_date(birth_date, under_16, over_65):
    inputs = c_spine.with_age({"under_16": "unknown"}, birth_date=birth_date, on=date(2026, 11, 20))

    assert (inputs["under_16"], inputs["age_65_or_over"]) == (under_16, over_65)
    assert c_spine.with_age({"unstable": "no"}, birth_date=None, on=date(2026, 11, 20)) == {"unstable": "no"}
