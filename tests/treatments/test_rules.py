"""The rules of a dose, without a database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assessments import catalogue
from treatments import checks, rules

measured = [
    (code, name) for code, technique in rules.TECHNIQUES.items() for name in technique.dose if rules.is_measured(name)
]


def codes(technique, dose, reasons=None):
    return [refusal.code for refusal in rules.check_dose(technique, dose, reasons or {})]


@given(st.sampled_from(measured), st.decimals(-10, 40_000, places=2), st.booleans())
def test_a_value_is_refused_questioned_or_taken(field, value, has_reason):
    technique, name = field
    limits = rules.TECHNIQUES[technique].dose[name]
    low, high = (Decimal(str(limit)) for limit in limits.hard)
    soft = [Decimal(str(limit)) for limit in limits.soft or limits.hard]

    found = codes(technique, {name: value}, {name: "on purpose"} if has_reason else {})

    if not low <= value <= high:
        assert found == ["out_of_range"]
    elif not soft[0] <= value <= soft[1] and not has_reason:
        assert found == ["reason_required"]
    else:
        assert found == []


@given(st.sampled_from(sorted(rules.TECHNIQUES)), st.sampled_from(sorted(rules.FIELDS)))
def test_a_field_of_another_technique_is_refused(technique, name):
    refused = "not_of_this_technique" in codes(technique, {name: 1}, {name: "reason"})

    assert refused == (name not in rules.TECHNIQUES[technique].dose)


def test_soft_limits_lie_within_hard_ones_and_typical_values_within_soft():
    for code, technique in rules.TECHNIQUES.items():
        for name, limits in technique.dose.items():
            for outer, inner in ((limits.hard, limits.soft), (limits.soft or limits.hard, limits.typical)):
                if inner:
                    assert outer[0] <= inner[0] <= inner[1] <= outer[1], (code, name)
            assert name in rules.FIELDS


def test_every_dose_field_belongs_to_a_technique():
    assert all(rules.techniques_with(name) for name in rules.FIELDS)


def needle(muscle, length_mm, reasons=None):
    needling = catalogue.MUSCLES[muscle]["needling"]
    found = rules.check_needle(
        "dry_needling",
        {"needle_length_mm": length_mm},
        reasons or {},
        muscle=muscle,
        risk=needling["risk"],
        cautions=frozenset(needling["cautions"]),
    )
    return [(refusal.pointer.rpartition("/")[2], refusal.code) for refusal in found]


@pytest.mark.parametrize(
    ("muscle", "length_mm", "refused"),
    [
        ("trapezius_upper", 25, []),
        ("trapezius_upper", 30, [("needle_length_mm", "reason_required")]),
        ("suboccipitals", 39, []),
        ("suboccipitals", 40, [("needle_length_mm", "reason_required")]),
        ("gluteus_medius", 75, []),
        ("longus_colli", 15, [("muscle", "reason_required")]),
    ],
)
def test_a_needle_near_lung_cord_or_throat_wants_a_reason(muscle, length_mm, refused):
    assert needle(muscle, length_mm) == refused
    assert needle(muscle, length_mm, {"needle_length_mm": "tangential", "muscle": "specialist"}) == []


def test_milligrams_are_millilitres_times_percent_times_ten():
    assert rules.total_mg(8, 1) == 80
    assert rules.total_mg(None, 1) is None


@pytest.mark.parametrize(
    ("needles_in", "needles_out", "stopped"), [(1, 1, False), (2, 1, True), (None, None, True), (3, None, True)]
)
def test_needles_in_are_needles_out(needles_in, needles_out, stopped):
    dose = {"needles_in": needles_in, "needles_out": needles_out}

    assert bool(checks.needle_problems([("massage", {}), ("dry_needling", dose)])) is stopped
