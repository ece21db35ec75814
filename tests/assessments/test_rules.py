"""The rules of an exam, without a database."""

from decimal import Decimal
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from assessments import rules
from assessments.rules import Truth, classify

THREE = ["taut_band", "hypersensitive_spot", "referred_pain"]
VALUE = {"P": "present", "A": "absent", "U": "not_tested"}
rule_sets = st.sampled_from(sorted(rules.RULE_SETS))
tested_or_not = st.sampled_from(["present", "absent", "not_tested", "equivocal", "declined", "unable"])
signs = st.fixed_dictionaries(
    {**dict.fromkeys(rules.SIGNS, tested_or_not), "spot_in_band": st.sampled_from(rules.YES_NO_UNKNOWN)}
)


def three(letters):
    return {name: VALUE[letter] for name, letter in zip(THREE, letters, strict=True)}


@pytest.mark.parametrize(
    ("letters", "criteria"),
    [
        ("PPP", "met"),
        ("PPA", "met"),
        ("PPU", "met"),
        ("PAU", "indeterminate"),
        ("AUU", "indeterminate"),
        ("PUU", "indeterminate"),
        ("AAP", "not_met"),
        ("AAU", "not_met"),
        ("AAA", "not_met"),
        ("UUU", "indeterminate"),
    ],
)
def test_any_two_of_three_as_the_published_table(letters, criteria):
    for order in permutations(letters):
        assert classify(three(order)).criteria == criteria


@pytest.mark.parametrize(
    ("rule_set", "counts"),
    [
        ("delphi2018_any2", {"met": 7, "not_met": 7, "indeterminate": 13}),
        ("delphi2018_all3", {"met": 1, "not_met": 19, "indeterminate": 7}),
    ],
)
def test_counts_over_all_27_triples(rule_set, counts):
    results = [classify(three(letters), rule_set=rule_set).criteria for letters in product("PAU", repeat=3)]

    assert {name: results.count(name) for name in counts} == counts


@given(signs, rule_sets, st.data())
def test_filling_in_an_unknown_never_changes_a_definite_answer(values, rule_set, data):
    before = classify(values, rule_set=rule_set)
    unknown = [name for name, value in values.items() if rules.truth(value) is Truth.UNKNOWN]
    filled = dict(values)
    for name in unknown:
        choices = ["yes", "no", "unknown"] if name == "spot_in_band" else ["present", "absent", values[name]]
        filled[name] = data.draw(st.sampled_from(choices))

    after = classify(filled, rule_set=rule_set)

    if before.criteria != "indeterminate":
        assert after.criteria == before.criteria


@given(signs, st.permutations(THREE), st.sampled_from(["delphi2018_any2", "delphi2018_all3"]))
def test_the_three_signs_are_symmetric(values, order, rule_set):
    shuffled = {**values, **{name: values[other] for name, other in zip(THREE, order, strict=True)}}

    assert classify(values, rule_set=rule_set).criteria == classify(shuffled, rule_set=rule_set).criteria


@given(signs, signs, rule_sets, st.sampled_from(rules.RECOGNISED_VALUES))
def test_signs_that_a_rule_set_does_not_ask_for_never_change_its_result(values, others, rule_set, recognised):
    asked = rules.RULE_SETS[rule_set].formula.inputs()
    mixed = {name: values[name] if name in asked else others[name] for name in values}

    assert classify(values, recognised=recognised, rule_set=rule_set) == classify(
        mixed, recognised=recognised, rule_set=rule_set
    )


@given(signs, rule_sets, st.sampled_from(rules.RECOGNISED_VALUES), st.sampled_from(rules.CURRENT_SYMPTOM_VALUES))
def test_recognition_never_makes_a_trigger_point_of_what_is_none(values, rule_set, recognised, current):
    found = classify(values, recognised=recognised, current_symptom=current, rule_set=rule_set)
    plain = classify(values, rule_set=rule_set)

    assert found.criteria == plain.criteria
    if found.criteria == "not_met":
        assert found.class_ == "no_trigger_point"
    if found.criteria == "indeterminate":
        assert found.class_ == "indeterminate"
        assert found.missing_tests


@given(signs, rule_sets)
def test_a_result_names_how_it_was_reached(values, rule_set):
    found = classify(values, rule_set=rule_set)

    assert (found.rule_set, found.rule_set_version) == (rule_set, rules.RULE_SETS[rule_set].version)
    assert classify(values, rule_set=found.rule_set) == found


@given(signs, rule_sets)
def test_missing_tests_are_just_those_that_can_decide(values, rule_set):
    """Against a plain search over every outcome of the other unknown signs."""
    formula = rules.RULE_SETS[rule_set].formula
    truths = {name: rules.truth(value) for name, value in values.items()}
    unknown = [name for name in formula.inputs() if truths[name] is Truth.UNKNOWN]
    if len(unknown) > 7:
        unknown = unknown[:7]
        truths |= {n: Truth.ABSENT for n in formula.inputs() if truths[n] is Truth.UNKNOWN and n not in unknown}

    def decides(name):
        others = [n for n in unknown if n != name]
        for outcome in product((Truth.PRESENT, Truth.ABSENT), repeat=len(others)):
            full = {**truths, **dict(zip(others, outcome, strict=True))}
            if formula.evaluate({**full, name: Truth.PRESENT}) is not formula.evaluate({**full, name: Truth.ABSENT}):
                return True
        return False

    assert set(rules.missing_tests(formula, truths)) == {name for name in unknown if decides(name)}


def test_the_first_missing_test_settles_the_case_if_one_alone_can():
    assert classify(three("PAU")).missing_tests == ("referred_pain",)
    assert classify(three("UPU")).missing_tests == ("taut_band", "referred_pain")
    assert classify(three("UUU")).missing_tests == ("hypersensitive_spot", "taut_band", "referred_pain")


def test_no_rule_set_names_a_sign_twice():
    for rule_set in rules.RULE_SETS.values():
        inputs = rule_set.formula.inputs()
        assert len(set(inputs)) == len(inputs)
        assert set(inputs) <= {*rules.SIGNS, "spot_in_band"}
        assert set(inputs) <= set(rules.CHEAPEST_FIRST)


@pytest.mark.parametrize(
    ("recognised", "current", "class_"),
    [
        ("yes", "not_recorded", "active"),
        ("no", "yes", "latent"),
        ("not_asked", "yes", "activity_undetermined"),
        ("unsure", "not_recorded", "activity_undetermined"),
        ("not_asked", "no", "latent"),
    ],
)
def test_active_or_latent_is_what_the_patient_recognises(recognised, current, class_):
    assert classify(three("PPA"), recognised=recognised, current_symptom=current).class_ == class_


def test_a_tender_spot_alone_is_none_but_is_named():
    found = classify(three("APA"))

    assert found.class_ == "no_trigger_point"
    assert found.tender_spot


IN_BAND = {"taut_band": "present", "hypersensitive_spot": "present", "spot_in_band": "yes"}


@pytest.mark.parametrize(
    ("rule_set", "extra", "criteria"),
    [
        ("simons1999", {"palpable_nodule": "present", "restricted_rom": "present"}, "met"),
        ("simons1999", {"palpable_nodule": "present", "restricted_rom": "absent"}, "not_met"),
        ("gerwin1997", {"referred_pain": "present"}, "met"),
        ("gerwin1997", {"referred_pain": "present", "spot_in_band": "no"}, "not_met"),
        ("classic4", {"referred_pain": "present", "local_twitch": "present"}, "met"),
        ("classic4", {"referred_pain": "present"}, "indeterminate"),
        ("bron2011", {"palpable_nodule": "present", "spot_in_band": "unknown"}, "met"),
        ("baeumler2023", {"referred_pain": "absent", "weakness": "present"}, "met"),
        ("baeumler2023", {"referred_pain": "present", "spot_in_band": "no"}, "not_met"),
        ("baeumler2023", dict.fromkeys(["referred_pain", *rules.CONFIRMATORY_SIGNS], "absent"), "not_met"),
        # The nodule is a classical sign there, no complementary one.
        (
            "baeumler2023",
            {
                **dict.fromkeys(["referred_pain", *rules.CONFIRMATORY_SIGNS], "absent"),
                "palpable_nodule": "present",
            },
            "not_met",
        ),
    ],
)
def test_the_older_rule_sets(rule_set, extra, criteria):
    assert classify({**IN_BAND, **extra}, rule_set=rule_set).criteria == criteria


def test_simons_asks_for_no_band_where_no_finger_reaches():
    signs = {"taut_band": "not_reachable", "hypersensitive_spot": "present", "restricted_rom": "present"}

    assert classify(signs, rule_set="simons1999").criteria == "met"
    assert classify(signs, rule_set="delphi2018_any2").criteria == "indeterminate"


def test_red_flags_give_the_highest_action_and_what_blocks():
    gate = rules.red_flag_gate({"neuro_new": "yes", "fever_infection": "yes", "trauma_recent": "no"})

    assert gate == rules.Gate("refer_same_day", ("fever_infection",))
    assert rules.red_flag_gate({}) == rules.Gate("none", ())


@pytest.mark.parametrize(
    ("kgf_cm2", "kpa"), [("2.5", "245.17"), ("0.7", "68.65"), ("1.2", "117.68"), ("1.072", "105.13")]
)
def test_pressure_in_kpa(kgf_cm2, kpa):
    assert rules.kpa_from_kgf_cm2(Decimal(kgf_cm2)).quantize(Decimal("0.01")) == Decimal(kpa)


@given(st.lists(st.decimals(10, 2000, places=1), min_size=1, max_size=3))
def test_the_mean_threshold_lies_between_its_trials(trials):
    mean = rules.mean_ppt_kpa(trials)

    assert min(trials) <= mean <= max(trials)
    assert rules.mean_ppt_kpa([]) is None


def test_the_catalogue_is_whole():
    assert (len(catalogue.MUSCLES), len(catalogue.ZONES), len(catalogue.MOVEMENTS), len(catalogue.CAUTIONS)) == (
        108,
        111,
        55,
        45,
    )
    for muscle in catalogue.MUSCLES.values():
        zones = [*muscle["referral"]["primary"], *muscle["referral"]["spillover"]]
        assert set(zones) <= set(catalogue.ZONES)
        assert {m["movement"] for m in muscle["test_movements"]} <= set(catalogue.MOVEMENTS)
        assert set(muscle["needling"]["cautions"]) <= set(catalogue.CAUTIONS)
    assert set(rules.ROM_HARD_DEG) <= set(catalogue.MOVEMENTS)


# --- Each criterion of each rule set ------------------------------------------------------------------------------

BAND_AND_SPOT = ["taut_band", "hypersensitive_spot"]
# Domain facts 1.2: the signs that a rule set cannot do without.
ESSENTIAL = {
    "delphi2018_all3": [*BAND_AND_SPOT, "referred_pain"],
    "simons1999": [*BAND_AND_SPOT, "palpable_nodule", "spot_in_band", "restricted_rom"],
    "gerwin1997": [*BAND_AND_SPOT, "spot_in_band", "referred_pain"],
    "classic4": [*BAND_AND_SPOT, "spot_in_band", "local_twitch", "referred_pain"],
    "bron2011": [*BAND_AND_SPOT, "palpable_nodule"],
}


def all_of_them(names, answer=True):
    yes, no = ("yes", "present"), ("no", "absent")
    return {name: (yes if answer else no)[name != "spot_in_band"] for name in names}


@pytest.mark.parametrize(("rule_set", "essential"), ESSENTIAL.items())
def test_no_essential_sign_may_be_missing(rule_set, essential):
    everything = all_of_them(essential)

    assert classify(everything, rule_set=rule_set).criteria == "met"
    for name in essential:
        without = {**everything, **all_of_them([name], answer=False)}
        assert classify(without, rule_set=rule_set).criteria == "not_met", name
        unknown = {other: value for other, value in everything.items() if other != name}
        result = classify(unknown, rule_set=rule_set)
        assert (result.criteria, result.missing_tests) == ("indeterminate", (name,))


def test_baeumler_takes_any_complementary_sign_in_place_of_referred_pain():
    """Domain facts 1.4: the spot lies in a band, and the pain is referred or one complementary sign is there."""
    complementary = [
        "local_twitch",
        "jump_sign",
        "restricted_rom",
        "pain_on_contraction",
        "weakness",
        "autonomic",
        "stress_aggravation",
    ]
    none = {**IN_BAND, **dict.fromkeys(["referred_pain", *complementary], "absent")}

    assert classify(none, rule_set="baeumler2023").criteria == "not_met"
    for sign in ["referred_pain", *complementary]:
        assert classify({**none, sign: "present"}, rule_set="baeumler2023").criteria == "met", sign
    for name in IN_BAND:
        without = {**none, "referred_pain": "present", **all_of_them([name], answer=False)}
        assert classify(without, rule_set="baeumler2023").criteria == "not_met", name


def test_the_rule_sets_are_those_of_the_record():
    """A signed document names its rule set and version; a changed rule set gets a higher version."""
    assert set(rules.RULE_SETS) == {"delphi2018_any2", "baeumler2023", *ESSENTIAL}
    assert {rule_set.version for rule_set in rules.RULE_SETS.values()} == {1}
    assert rules.DEFAULT_RULE_SET == "delphi2018_any2"
    assert rules.CRITERIA_VALUES == ["met", "not_met", "indeterminate"]


def test_where_no_finger_reaches_simons_asks_for_the_rest():
    out_of_reach = {"taut_band": "not_reachable"}

    assert classify(out_of_reach, rule_set="simons1999").missing_tests == ("hypersensitive_spot", "restricted_rom")
    for name in ("palpable_nodule", "spot_in_band"):
        signs = {
            **out_of_reach,
            "hypersensitive_spot": "present",
            "restricted_rom": "present",
            **all_of_them([name], answer=False),
        }
        assert classify(signs, rule_set="simons1999").criteria == "met"
    assert classify({**out_of_reach, "hypersensitive_spot": "absent"}, rule_set="simons1999").criteria == "not_met"
    # Only the reason "not reachable" waives the band.
    not_tested = {"taut_band": "not_tested", "hypersensitive_spot": "present", "restricted_rom": "present"}
    assert classify(not_tested, rule_set="simons1999").criteria == "indeterminate"


@pytest.mark.parametrize(
    ("recorded", "truth"),
    [
        ("present", Truth.PRESENT), ("yes", Truth.PRESENT), ("absent", Truth.ABSENT), ("no", Truth.ABSENT),
        *[(value, Truth.UNKNOWN) for value in ("not_tested", "unable", "equivocal", "declined", "not_reachable")],
        ("unknown", Truth.UNKNOWN),
    ],
)  # fmt: skip
def test_what_was_not_examined_is_not_absent(recorded, truth):
    assert rules.truth(recorded) is truth


def test_missing_tests_are_suggested_from_the_finger_to_the_question():
    assert classify({}, rule_set="baeumler2023").missing_tests == (
        "hypersensitive_spot",
        "taut_band",
        "spot_in_band",
        "referred_pain",
        "jump_sign",
        "local_twitch",
        "restricted_rom",
        "pain_on_contraction",
        "weakness",
        "autonomic",
        "stress_aggravation",
    )
    assert classify({}, rule_set="bron2011").missing_tests == ("hypersensitive_spot", "taut_band", "palpable_nodule")
    assert classify(three("PPP")).missing_tests == classify(three("AAA")).missing_tests == ()
    # One that can settle the case alone comes before a cheaper one that cannot.
    formula = rules.all_of("weakness", rules.any_of("taut_band", "jump_sign"))
    assert rules.missing_tests(formula, {}) == ("weakness", "taut_band", "jump_sign")


@pytest.mark.parametrize(
    ("recognised", "current", "class_"),
    [
        ("yes", "no", "active"),
        ("no", "no", "latent"),
        ("unsure", "no", "latent"),
        ("unsure", "yes", "activity_undetermined"),
        ("not_asked", "not_recorded", "activity_undetermined"),
    ],
)
def test_without_a_current_symptom_there_is_nothing_to_recognise(recognised, current, class_):
    result = classify(three("PPA"), recognised=recognised, current_symptom=current)
    assert result.class_ == class_
    assert result.class_ in rules.CLASSES
    assert classify(three("AAA"), recognised=recognised, current_symptom=current).class_ == "no_trigger_point"
    assert classify(three("UUU"), recognised=recognised, current_symptom=current).class_ == "indeterminate"


def test_only_where_there_is_no_trigger_point_a_spot_is_called_tender():
    assert classify({"hypersensitive_spot": "present", "taut_band": "absent", "referred_pain": "absent"}).tender_spot
    assert not classify(three("PPA")).tender_spot
    assert not classify(three("UPU")).tender_spot
    assert not classify(three("PAA")).tender_spot


# --- Each red flag ------------------------------------------------------------------------------------------------

# Domain facts 5: the default action of each, and whether treatment stops until it is answered for.
RED_FLAG_ACTIONS = [
    ("trauma_recent", "hold_treatment", True),
    ("osteoporosis_steroid_fracture_risk", "refer_routine", True),
    ("fever_infection", "refer_same_day", True),
    ("weight_loss_cancer_history", "refer_urgent", True),
    ("night_pain_constant", "refer_routine", False),
    ("neuro_new", "refer_routine", False),
    ("myelopathy", "refer_urgent", True),
    ("cauda_equina", "emergency", True),
    ("vascular_5d_3n", "emergency", True),
    ("severe_headache", "emergency", True),
    ("temporal_arteritis", "refer_same_day", True),
    ("cardiac_mimic", "emergency", True),
    ("visceral_mimic", "refer_routine", False),
    ("dvt_calf", "refer_same_day", True),
    ("inflammatory", "refer_routine", False),
    ("rheumatoid_downs", "hold_treatment", True),
    ("psych_safety", "emergency", False),
]


@pytest.mark.parametrize(("code", "action", "blocks"), RED_FLAG_ACTIONS)
def test_what_one_red_flag_asks_for(code, action, blocks):
    assert rules.red_flag_gate({code: "yes"}) == rules.Gate(action, (code,) if blocks else ())
    for answer in ("no", "not_asked", "declined"):
        assert rules.red_flag_gate({code: answer}) == rules.Gate("none", ())


def test_every_red_flag_is_asked():
    assert list(rules.RED_FLAGS) == [code for code, _, _ in RED_FLAG_ACTIONS]
    everything = rules.red_flag_gate(dict.fromkeys(rules.RED_FLAGS, "yes"))
    assert everything.action == "emergency"
    assert everything.blocking == tuple(sorted(code for code, _, blocks in RED_FLAG_ACTIONS if blocks))


def test_actions_are_ordered_by_urgency():
    assert rules.ACTIONS == [
        "none",
        "watchful_safety_net",
        "hold_treatment",
        "refer_routine",
        "refer_urgent",
        "refer_same_day",
        "emergency",
    ]


@given(st.dictionaries(st.sampled_from(sorted(rules.RED_FLAGS)), st.sampled_from(rules.RED_FLAG_ANSWERS)))
def test_another_answer_never_makes_the_gate_milder(answers):
    gate = rules.red_flag_gate(answers)
    for code in rules.RED_FLAGS:
        stricter = rules.red_flag_gate({**answers, code: "yes"})
        assert rules.ACTIONS.index(stricter.action) >= rules.ACTIONS.index(gate.action)
        assert set(gate.blocking) <= set(stricter.blocking)


# --- Ranges and codes ---------------------------------------------------------------------------------------------


def test_ranges_of_measurements():
    """Domain facts 4.1, 4.3 and 4.4."""
    assert rules.PAIN == (0, 10)
    assert (rules.PPT_HARD_KPA, rules.PPT_SOFT_KPA) == ((10, 2000), (30, 1000))
    assert rules.MAX_PPT_TRIALS == 3


@pytest.mark.parametrize(
    ("movement", "most"),
    [
        ("cervical.flexion", 90),
        ("cervical.extension", 110),
        ("cervical.lateral_flexion", 75),
        ("cervical.rotation", 110),
        ("shoulder.abduction", 360),
    ],
)
def test_how_far_a_joint_can_turn(movement, most):
    assert rules.rom_limits_deg(movement) == (0, most)


@pytest.mark.parametrize(
    ("trials", "mean"), [(["250"], "250.0"), (["100", "101"], "100.5"), (["100.1", "100.2", "100.4"], "100.2")]
)
def test_the_mean_of_trials_to_a_tenth(trials, mean):
    assert str(rules.mean_ppt_kpa(Decimal(trial) for trial in trials)) == mean


def test_codes_of_the_record_stay():
    """They stand in signed documents and in the API; a release may add some and change none."""
    assert rules.SIDES == ["left", "right"]
    assert rules.ZONE_SIDES == ["left", "right", "midline"]
    assert rules.SIGN_VALUES == [
        "present",
        "absent",
        "not_tested",
        "unable",
        "equivocal",
        "declined",
        "not_reachable",
    ]
    assert rules.YES_NO_UNKNOWN == ["yes", "no", "unknown"]
    assert rules.RECOGNISED_VALUES == ["yes", "no", "not_asked", "unsure"]
    assert rules.CURRENT_SYMPTOM_VALUES == ["yes", "no", "not_recorded"]
    assert rules.RED_FLAG_ANSWERS == ["yes", "no", "not_asked", "declined"]
    assert rules.CLASSES == ["active", "latent", "activity_undetermined", "no_trigger_point", "indeterminate"]
    # Domain facts 1.1: what patients feel at the distant place.
    assert rules.REFERRED_QUALITIES == [
        "spreading_pain",
        "deep_pain",
        "dull_ache",
        "tingling",
        "burning",
        "numbness",
        "heaviness",
        "shooting",
        "other",
    ]
    assert rules.TWITCH_METHODS == ["palpation", "needle", "ultrasound"]
    assert rules.ROM_DEVICES == ["crom", "inclinometer", "goniometer", "phone", "visual"]
