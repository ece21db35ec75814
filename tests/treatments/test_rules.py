"""The rules of a dose, without a database."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from treatments import agents, checks, rules

measured = [
    (code, name) for code, technique in rules.TECHNIQUES.items() for name in technique.dose if rules.is_measured(name)
]


def name_of(refusal):
    """The field that a refusal is about: the end of its pointer."""
    return refusal.pointer.rpartition("/")[2]


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


# What a source or the product's proposal says: (technique, field, lowest and highest that is taken, usual range).
# Domain facts 3.1 (manual), 3.2 (needling), 3.3 (injection), 8.1 (what a patient does alone).
LIMITS = [
    ("ischemic_compression", "hold_s", (5, 300), (20, 120)),
    ("ischemic_compression", "pressure_discomfort_0_10", (0, 10), (3, 7)),
    ("manual_pressure_release", "hold_s", (5, 300), (15, 120)),
    ("manual_pressure_release", "pressure_discomfort_0_10", (0, 10), (0, 6)),
    ("transverse_friction", "minutes", (0.5, 15), (1, 5)),
    ("muscle_energy_technique", "contraction_s", (1, 30), (3, 10)),
    ("muscle_energy_technique", "effort_pct", (0, 100), (10, 40)),
    ("muscle_energy_technique", "repetitions", (1, 20), (2, 6)),
    ("muscle_energy_technique", "stretch_s", (0, 32_767), (10, 60)),
    ("strain_counterstrain", "hold_s", (5, 300), (20, 120)),
    ("strain_counterstrain", "tenderness_drop_pct", (0, 100), None),
    ("massage", "minutes", (1, 180), (10, 90)),
    ("massage", "sessions_per_week", (1, 7), (1, 3)),
    ("massage", "weeks", (1, 52), (1, 12)),
    ("myofascial_release", "hold_s", (10, 900), (60, 300)),
    ("stretching", "hold_s", (3, 180), (10, 60)),
    ("stretching", "repetitions", (0, 32_767), (1, 5)),
    ("strengthening", "days_per_week", (1, 7), None),
    ("self_release_teaching", "hold_s", (0, 120), (30, 45)),
    ("self_release_teaching", "pressure_discomfort_0_10", (0, 7), (5, 6)),
    ("dry_needling", "needle_diameter_mm", (0.1, 0.6), (0.12, 0.4)),
    ("dry_needling", "needle_length_mm", (5, 130), (13, 75)),
    ("dry_needling", "insertions", (0, 60), (1, 20)),
    ("dry_needling", "depth_mm", (0, 130), None),
    ("dry_needling", "retention_s", (0, 3600), (0, 1800)),
    ("dry_needling", "es_hz", (0.5, 250), (1, 100)),
    ("dry_needling", "es_minutes", (0, 60), (5, 30)),
    ("dry_needling", "pain_during_0_10", (0, 10), None),
    ("trigger_point_injection", "concentration_pct", (0, 100), None),
    ("trigger_point_injection", "needle_length_mm", (5, 130), (13, 76)),
    ("trigger_point_injection", "insertions", (0, 60), None),
    ("trigger_point_injection", "pain_during_0_10", (0, 10), None),
    ("ischemic_compression", "rest_s", (0, 32_767), None),
]


@pytest.mark.parametrize(("technique", "name", "hard", "soft"), LIMITS)
def test_limits_hold_to_the_last_step(technique, name, hard, soft):
    step = Decimal("0.01") if rules.FIELDS[name].kind == rules.NUMBER else Decimal(1)
    low, high = (Decimal(str(limit)) for limit in hard)

    for value in (low, high):
        assert codes(technique, {name: value}, {name: "reason"}) == []
    for value in (low - step, high + step):
        assert codes(technique, {name: value}, {name: "reason"}) == ["out_of_range"]
    if soft is None:
        assert codes(technique, {name: low}) == codes(technique, {name: high}) == []
        return
    usual_low, usual_high = (Decimal(str(limit)) for limit in soft)
    for value in (usual_low, usual_high):
        assert codes(technique, {name: value}) == []
    for value in (usual_low - step, usual_high + step):
        expected = "reason_required" if low <= value <= high else "out_of_range"
        assert codes(technique, {name: value}) == [expected]


def test_every_limit_of_a_technique_is_tested():
    limited = {
        (code, name)
        for code, technique in rules.TECHNIQUES.items()
        for name, limits in technique.dose.items()
        if limits.soft or limits.hard != rules.UNLIMITED
    }
    assert limited <= {(code, name) for code, name, _, _ in LIMITS}


@pytest.mark.parametrize(
    ("technique", "typical"),
    [
        ("ischemic_compression", {"hold_s": (30, 90)}),
        ("muscle_energy_technique", {"contraction_s": (7, 10), "repetitions": (3, 5), "stretch_s": (30, 30)}),
        ("strain_counterstrain", {"hold_s": (90, 90)}),
        ("stretching", {"hold_s": (30, 30), "repetitions": (3, 3)}),
        ("strengthening", {"sets": (3, 3), "repetitions": (12, 12), "days_per_week": (4, 4)}),
        (
            "self_release_teaching",
            {"hold_s": (30, 45), "pressure_discomfort_0_10": (5, 6), "repetitions": (1, 3), "rest_s": (30, 30)},
        ),
        ("dry_needling", {}),  # needling has no value that a form may fill in
        ("trigger_point_injection", {}),
    ],
)
def test_forms_are_filled_in_only_with_values_of_a_source(technique, typical):
    dose = rules.TECHNIQUES[technique].dose
    assert {name: limits.typical for name, limits in dose.items() if limits.typical} == typical


@pytest.mark.parametrize("technique", sorted(rules.TECHNIQUES))
def test_only_needles_break_the_skin_and_are_counted(technique):
    uses_needles = technique in ("dry_needling", "trigger_point_injection")

    assert rules.TECHNIQUES[technique].breaks_skin is uses_needles
    assert rules.TECHNIQUES[technique].counts_needles is uses_needles
    assert ({"needles_in", "needles_out"} <= set(rules.TECHNIQUES[technique].dose)) is uses_needles


def test_the_techniques_of_the_record():
    """Their codes stand in signed records, so a release may add some and change none."""
    assert {code for code, *_ in LIMITS} | {"advice"} == set(rules.TECHNIQUES)
    assert rules.NEEDLING_TECHNIQUES == ["superficial", "deep_pistoning", "retained", "retained_rotated", "electrical"]
    assert rules.TWITCH_ELICITED == ["yes", "no", "not_sought"]
    assert rules.MEASURE_KINDS == ["pain", "ppt_kpa", "rom_deg"]
    assert rules.PHASES == ["before", "after"]
    assert rules.TIMINGS == ["immediate", "24h", "48h", "72h", "later"]


UNIT_OF_SUFFIX = {"s": "s", "pct": "%", "mm": "mm", "ml": "mL", "us": "µs", "hz": "Hz", "minutes": "min", "weeks": "wk"}


@pytest.mark.parametrize("name", sorted(rules.FIELDS))
def test_the_unit_shown_is_the_one_in_the_name(name):
    unit = "G" if name == "needle_gauge" else UNIT_OF_SUFFIX.get(name.rpartition("_")[2], "")
    assert rules.FIELDS[name].unit == unit


def test_fields_are_stored_as_exactly_as_they_are_given():
    finer = {"needle_diameter_mm": 2, "concentration_pct": 3, "volume_ml": 2}
    numbers = [name for name, field in rules.FIELDS.items() if field.kind == rules.NUMBER]
    assert {name: rules.FIELDS[name].decimals for name in numbers} == dict.fromkeys(numbers, 1) | finer
    coded = {name: field.codes for name, field in rules.FIELDS.items() if field.codes}
    assert coded == {
        "needling_technique": tuple(rules.NEEDLING_TECHNIQUES),
        "ltr_elicited": tuple(rules.TWITCH_ELICITED),
        "agent": tuple(agents.AGENTS),
    }


def test_what_is_not_measured_has_no_limits():
    """Four kinds of values that are not compared with a number."""
    unmeasured = {"tool": "thumb", "ltr_elicited": "yes", "rotation": True, "expiry_date": "2027-01-31"}
    assert not any(rules.is_measured(name) for name in unmeasured)
    assert codes("ischemic_compression", {"tool": "thumb"}) == []
    assert codes("dry_needling", {"ltr_elicited": "yes", "rotation": True}) == []
    assert rules.is_measured("hold_s")
    assert rules.is_measured("depth_mm")
    assert len({rules.WHOLE, rules.NUMBER, rules.TEXT, rules.CODE, rules.YES_NO, rules.DATE}) == 6


def test_each_field_of_a_dose_is_judged_by_itself():
    dose = {"hold_s": 301, "rest_s": None, "es_hz": 3, "pressure_discomfort_0_10": 2, "tool": "knuckle"}
    refusals = rules.check_dose("ischemic_compression", dose, {"hold_s": "on purpose"})
    assert [(name_of(refusal), refusal.code) for refusal in refusals] == [
        ("hold_s", "out_of_range"),
        ("es_hz", "not_of_this_technique"),
        ("pressure_discomfort_0_10", "reason_required"),
    ]


def test_the_techniques_that_have_a_field():
    assert rules.techniques_with("es_hz") == ["dry_needling"]
    assert rules.techniques_with("needles_in") == ["dry_needling", "trigger_point_injection"]
    assert rules.techniques_with("minutes") == ["transverse_friction", "massage", "myofascial_release", "advice"]


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
    return [(name_of(refusal), refusal.code) for refusal in found]


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


@pytest.mark.parametrize(
    ("cautions", "muscle", "length_mm", "refused"),
    [
        ({"lung"}, "rhomboids", 29, False),
        ({"lung"}, "rhomboids", 30, True),
        ({"nerve"}, "rhomboids", 75, False),
        ({"nerve"}, "suboccipitals", 39, False),
        ({"nerve"}, "suboccipitals", 40, True),
        ({"lung"}, "rhomboids", None, False),
    ],
)
def test_how_long_a_needle_may_be_depends_on_what_lies_there(cautions, muscle, length_mm, refused):
    def check(technique, reasons=None):
        dose = {"needle_length_mm": length_mm}
        near = frozenset(cautions)
        return [
            (name_of(refusal), refusal.code)
            for refusal in rules.check_needle(technique, dose, reasons or {}, muscle=muscle, risk="low", cautions=near)
        ]

    expected = [("needle_length_mm", "reason_required")] if refused else []
    assert check("dry_needling") == check("trigger_point_injection") == expected
    assert check("massage") == []
    assert check("dry_needling", {"needle_length_mm": "tangential"}) == []
    assert check("dry_needling", {"muscle": "a reason for something else"}) == expected


def test_a_blocked_muscle_needs_its_own_reason_beside_that_of_the_needle():
    def fields(reasons):
        refusals = rules.check_needle(
            "dry_needling",
            {"needle_length_mm": 40},
            reasons,
            muscle="intercostals",
            risk="contraindicated_default",
            cautions=frozenset({"lung"}),
        )
        return [(name_of(refusal), refusal.code) for refusal in refusals]

    both = [("muscle", "reason_required"), ("needle_length_mm", "reason_required")]
    assert fields({}) == both
    assert fields({"muscle": "specialist"}) == both[1:]
    assert fields({"needle_length_mm": "tangential"}) == both[:1]


def test_a_whole_session_has_limits_of_its_own():
    assert (rules.NEEDLED_POINTS_SOFT, rules.NEEDLED_POINTS_HARD) == (10, 40)  # domain facts 3.2
    assert rules.LIDOCAINE_PLAIN_SOFT_MG == 300  # domain facts 3.3


@pytest.mark.parametrize(("volume_ml", "percent", "mg"), [(8, 1, 80), ("0.5", "0.25", "1.25"), (1, None, None)])
def test_milligrams_of_what_was_injected(volume_ml, percent, mg):
    assert rules.total_mg(volume_ml, percent) == (None if mg is None else Decimal(mg))
