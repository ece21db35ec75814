"""Scores of outcome measures against the vectors of the domain facts (section 10), and their properties."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from assessments import measures
from assessments.measures import BETTER, Subject
from assessments.outcomes import rules
from assessments.outcomes.rules import Activity, NewOutcome

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
NECK = frozenset({"neck"})


def entered(measure, **fields):
    return NewOutcome(measure=measure, performed_at=NOON, **fields)


def ndi(*items, **fields):
    return entered("ndi", items=items, **fields)


def faults(outcome, at=NOON):
    return [(error.pointer, error.reason) for error in rules.check(outcome, at=at).errors]


def with_sum(total, missing=0):
    """Ten items of 0 to 5 that come to a sum, the last of them not answered."""
    answered = 10 - missing
    items = [total // answered + (number < total % answered) for number in range(answered)]
    return (*items, *[None] * missing)


# --- Vectors of domain facts 10.2: Neck Disability Index ------------------------------------------------------

VECTORS = [
    ("N1 PACIO example 1", (2, 1, 2, 2, 3, 2, 2, 2, 2, 2), "20.00", "40.00", "moderate"),
    ("N2 all 0", (0,) * 10, "0.00", "0.00", "none"),
    ("N3 all 5", (5,) * 10, "50.00", "100.00", "complete"),
    ("N4 Oswestry-style, all answered", with_sum(16), "16.00", "32.00", "moderate"),
    ("N5 one missing", with_sum(16, missing=1), "17.78", "35.56", "moderate"),
    *(
        (f"N6 raw {raw}, Vernon's bands", with_sum(raw), f"{raw}.00", f"{raw * 2}.00", band)
        for raw, band in [
            (4, "none"), (5, "mild"), (14, "mild"), (15, "moderate"),
            (24, "moderate"), (25, "severe"), (34, "severe"), (35, "complete"),
        ]
    ),
]  # fmt: skip


@pytest.mark.parametrize(("items", "raw", "percent", "band"), [v[1:] for v in VECTORS], ids=[v[0] for v in VECTORS])
def test_the_neck_disability_index_of_domain_facts_10_2(items, raw, percent, band):
    score = rules.score(ndi(*items))

    assert (str(score.value), str(score.percent), score.band) == (raw, percent, band)


def test_n7_with_three_missing_there_is_no_score():
    score = rules.score(ndi(*with_sum(16, missing=3)))

    assert (score.value, score.percent, score.band) == (None, None, "")
    assert faults(ndi(*with_sum(16, missing=3))) == []
    assert faults(ndi(*with_sum(16, missing=3), total=Decimal(16))) == [("/total", "no_score.total")]


def test_34_is_severe_by_vernon_and_not_complete_as_in_cms():
    assert rules.score(ndi(*with_sum(34))).band == "severe"


def test_nothing_is_rounded_before_the_band_is_chosen():
    # 8 answered with a sum of 12 are exactly 15; 9 with 13 are 14.44, still mild.
    assert rules.score(ndi(*with_sum(12, missing=2))).band == "moderate"
    assert rules.score(ndi(*with_sum(13, missing=1))).band == "mild"


def test_a_total_that_the_answers_do_not_give_is_refused_with_the_right_one():
    problems = rules.check(ndi(*VECTORS[0][1], total=Decimal(40)), at=NOON)

    [error] = problems.errors
    assert (error.pointer, error.reason, str(error.params["right"])) == ("/total", "differs.total", "20.00")
    assert faults(ndi(*VECTORS[0][1], total=Decimal(20))) == []
    assert faults(ndi(*with_sum(16, missing=1), total=Decimal("17.8"))) == []


@given(st.lists(st.none() | st.integers(0, 5), min_size=10, max_size=10))
def test_missing_items_rule(items):
    """The author's rule and the Oswestry rule are one; a score lies within the scale; order does not matter."""
    answered = [item for item in items if item is not None]
    exact = rules.score_items(items, count=10, answered_least=8)
    if len(answered) < 8:
        assert exact is None
        return
    mean = Fraction(sum(answered), len(answered))
    assert exact == sum(answered) + (10 - len(answered)) * mean
    assert exact * 2 == Fraction(100 * sum(answered), 5 * len(answered))
    assert 0 <= exact <= 50
    assert rules.score_items(sorted(items, key=str), count=10, answered_least=8) == exact


# --- Domain facts 10.4 ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kgf", "kpa"), [("2.5", "245.17"), ("0.7", "68.65"), ("1.2", "117.68")])
def test_kgf_to_kpa_of_domain_facts_10_4(kgf, kpa):
    assert f"{float(rules.to_kpa(Decimal(kgf), 'kgf/cm2', Decimal(1))):.2f}" == kpa


@pytest.mark.parametrize(("kpa", "kgf"), [("105.11", "1.072"), ("28.36", "0.289"), ("75.49", "0.770")])
def test_kpa_to_kgf_of_domain_facts_10_4(kpa, kgf):
    assert f"{float(Fraction(kpa) / Fraction('98.0665')):.3f}" == kgf


@given(
    st.decimals(min_value=1, max_value=100, places=2),
    st.decimals(min_value="0.1", max_value=5, places=2),
    st.sampled_from(rules.PRESSURE_UNITS),
)
def test_a_force_on_an_area_is_that_pressure(value, area, unit):
    kpa = rules.to_kpa(value, unit, area)
    if unit in rules.KPA_OF_FORCE_ON_A_CM2:
        per_cm2 = {"N": "N/cm2", "kgf": "kgf/cm2"}[unit]
        assert kpa * Fraction(area) == rules.to_kpa(value, per_cm2, area)
    assert rules.to_kpa(value * 2, unit, area) == 2 * kpa


def test_a_force_without_the_probes_area_is_no_pressure():
    with pytest.raises(ValueError, match="kgf"):
        rules.to_kpa(Decimal(2), "kgf", None)


def psfs(measure, *values):
    activities = [Activity(text=f"Activity {n}", value=Decimal(value)) for n, value in enumerate(values)]
    return entered(measure, activities=tuple(activities))


def test_psfs_of_domain_facts_10_4_and_never_improved_by_an_unverified_threshold():
    before, after = psfs("psfs", 2, 4, 6), psfs("psfs", 5, 6, 7)
    assert [str(rules.score(one).value) for one in (before, after)] == ["4.00", "6.00"]

    change = measures.compare("psfs", Decimal(4), Decimal(6), Subject(NECK))

    assert (change.difference, change.direction) == (Decimal(2), BETTER)
    assert (change.beyond, change.within, change.between) == ((), (), ())
    assert {threshold.kind for threshold in change.unverified} == {"mdc", "mcid"}


def test_psfs_2_runs_the_other_way_and_is_never_mixed_with_the_first():
    assert measures.compare("psfs2", Decimal(6), Decimal(4), Subject()).direction == BETTER
    assert rules.series_key(psfs("psfs", 2, 4, 6)) != rules.series_key(psfs("psfs2", 2, 4, 6))


def test_nprs_7_to_4_of_domain_facts_10_4_names_all_and_flags_the_disagreement():
    change = measures.compare("nprs", Decimal(7), Decimal(4), Subject(NECK))

    assert {(t.kind, t.source) for t in change.beyond} == {
        ("mcid", "Cleland 2008"), ("roc_cut", "Kovacs 2008"), ("mcid", "Salaffi 2004"),
    }  # fmt: skip
    assert {(t.kind, t.source) for t in change.within} == {("mdc", "Kovacs 2008")}


# --- Thresholds -----------------------------------------------------------------------------------------------


def test_thresholds_of_the_neck_disability_index_stand_side_by_side():
    subject = rules.subject_of(ndi(*with_sum(20)), frozenset())
    change = measures.compare("ndi", Decimal(20), Decimal(13), subject)

    assert {str(t.amount) for t in change.beyond} == {"5", "5.5"}
    assert {str(t.amount) for t in change.within} == {"7.5", "9.5", "10.2"}


def test_general_knowledge_is_marked():
    unverified = {code for code, rows in measures.THRESHOLDS.items() if any(not t.is_verified for t in rows)}
    assert unverified == {"psfs", "groc15", "hit6"}


@given(
    st.sampled_from(list(measures.THRESHOLDS)),
    st.decimals(min_value=0, max_value=100, places=1),
    st.decimals(min_value=0, max_value=100, places=1),
)
def test_no_change_is_judged_by_a_threshold_that_nobody_has_read(kind, before, after):
    subject = Subject(complaints=frozenset(measures.POPULATIONS), muscle="trapezius_upper", movement="cervical.flexion")
    change = measures.compare(kind, before, after, subject)

    assert all(t.is_verified for t in (*change.beyond, *change.within, *change.between))
    assert not any(t.is_verified for t in change.unverified)
    if change.direction != BETTER:
        assert not any(t.kind in measures.OF_IMPROVEMENT for t in change.beyond)


def test_every_measure_of_the_catalogue_can_be_read():
    for code, measure in catalogue.MEASURES.items():
        assert measure["entry"] in rules.FIELDS_OF, code
        assert measure["low"] < measure["high"], code
        assert measure["better"] in ("lower", "higher"), code
        assert measure["licence"], code
        assert measure["source"], code


# --- What can be entered --------------------------------------------------------------------------------------

GOOD = {
    "nprs": {"value": Decimal(7)},
    "ndi": {"items": (2,) * 10},
    "psfs": {"activities": tuple(Activity(text=text, value=Decimal(3)) for text in "abc")},
    "ppt": {"trials": (Decimal("1.9"),), "unit": "kgf/cm2", "probe_area_cm2": Decimal(1),
            "muscle": "trapezius_upper", "side": "right"},
    "start": {"group": "medium"},
    "rom_rotation_left": {"value": Decimal(60), "device": "crom"},
    "phq2": {"items": (1, 1)},
}  # fmt: skip


@pytest.mark.parametrize("measure", GOOD)
def test_what_is_right_is_taken_and_kept_as_it_was_entered(measure):
    outcome = entered(measure, **GOOD[measure])
    assert faults(outcome) == []
    kept = rules.from_answers(measure, NOON, rules.to_answers(outcome), muscle=outcome.muscle, side=outcome.side)
    assert kept == outcome


@pytest.mark.parametrize(("measure", "changes", "fault"), [
    ("nprs", {"value": None}, ("/value", "required.outcome_value")),
    ("nprs", {"value": Decimal(11)}, ("/value", "out_of_range")),
    ("nprs", {"value": Decimal("6.5")}, ("/value", "invalid.whole_number")),
    ("nprs", {"items": (1,)}, ("/items", "not_of_this_measure")),
    ("nprs", {"device": "crom"}, ("/device", "not_of_this_measure")),
    ("ndi", {"items": (2,) * 9}, ("/items", "wrong_number.items")),
    ("ndi", {"items": (6, *(2,) * 9)}, ("/items/0", "out_of_range")),
    ("ndi", {"items": (None,) * 10}, ("/items", "required.items")),
    ("psfs", {"activities": GOOD["psfs"]["activities"][:2]}, ("/activities", "wrong_number.activities")),
    ("psfs", {"activities": (*GOOD["psfs"]["activities"][:2], Activity(text=" B", value=Decimal(1)))},
     ("/activities", "duplicate.activity")),
    ("psfs", {"activities": (*GOOD["psfs"]["activities"][:2], Activity(text="", value=Decimal(1)))},
     ("/activities/2/text", "required.activity")),
    ("psfs", {"activities": (*GOOD["psfs"]["activities"][:2], Activity(text="d", value=Decimal(11)))},
     ("/activities/2/value", "out_of_range")),
    ("ppt", {"probe_area_cm2": None}, ("/probe_area_cm2", "required.probe_area")),
    ("ppt", {"trials": (Decimal("0.01"),)}, ("/trials/0", "out_of_range.pressure")),
    ("ppt", {"trials": (Decimal("0.2"),)}, ("/reason", "reason_required.pressure")),
    ("ppt", {"trials": ()}, ("/trials", "wrong_number.trials")),
    ("ppt", {"unit": "psi"}, ("/unit", "unknown_code.pressure")),
    ("ppt", {"muscle": "heart"}, ("/muscle", "unknown_muscle")),
    ("ppt", {"side": ""}, ("/side", "required.side")),
    ("start", {"group": "none"}, ("/group", "unknown_code.risk_group")),
    ("rom_rotation_left", {"device": "eye"}, ("/device", "unknown_code.device")),
    ("nothing", {}, ("/measure", "unknown_code.measure")),
])  # fmt: skip
def test_what_cannot_be_is_named_at_its_field(measure, changes, fault):
    assert fault in faults(entered(measure, **GOOD.get(measure, {}) | changes))


def test_a_result_of_tomorrow_is_refused():
    assert faults(entered("nprs", value=Decimal(1)), at=datetime(2026, 11, 19, tzinfo=UTC)) == [
        ("/performed_at", "in_future.outcome")
    ]


@pytest.mark.parametrize(("items", "is_positive"), [((1, 1), False), ((2, 1), True), ((3, 3), True)])
def test_the_mood_screen_asks_from_3_on(items, is_positive):
    assert rules.score(entered("phq2", items=items)).is_positive is is_positive


def test_only_what_was_measured_alike_is_compared():
    by_crom, by_eye = (entered("rom_flexion", value=Decimal(40), device=device) for device in ("crom", "visual"))
    assert rules.series_key(by_crom) != rules.series_key(by_eye)
    assert rules.series_key(psfs("psfs", 1, 2, 3)) == rules.series_key(psfs("psfs", 4, 5, 6))


# --- Time points ----------------------------------------------------------------------------------------------

BEGIN = date(2026, 3, 2)


@pytest.mark.parametrize(("days_since", "recorded_on", "week"), [
    (0, [], 0), (0, [0], None), (13, [0], None), (14, [0], 2), (14, [0, 8], None), (14, [0, 7], 2),
    (15, [0, 15], None), (22, [0], None), (28, [0, 14], 4), (84, [0, 14, 28], 12), (300, [0, 14, 28], 12),
])  # fmt: skip
def test_a_result_counts_for_the_time_point_that_it_lies_nearest_to(days_since, recorded_on, week):
    days = {"ndi": [date.fromordinal(BEGIN.toordinal() + day) for day in recorded_on]}
    today = date.fromordinal(BEGIN.toordinal() + days_since)

    due = rules.find_due([0, 2, 4, 12], ["ndi"], days, starts_on=BEGIN, today=today)

    assert (due and due[0].week) == week


def test_what_is_missing_is_named():
    due = rules.find_due([0], ["nprs", "ndi"], {"ndi": [BEGIN]}, starts_on=BEGIN, today=BEGIN)

    assert due is not None
    assert due[1] == ["nprs"]


@given(st.sets(st.integers(0, 104), min_size=1, max_size=8), st.integers(0, 800))
def test_each_day_belongs_to_one_time_point(weeks, day):
    today = date.fromordinal(BEGIN.toordinal() + day)
    points = rules.time_points(sorted(weeks), starts_on=BEGIN)

    assert sum(point.from_day <= today <= point.until_day for point in points) == 1
    assert all(point.from_day <= point.due_on <= point.until_day for point in points)
