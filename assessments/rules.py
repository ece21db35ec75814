"""
Clinical rules of an exam, as plain functions over plain values: classification, red flags, ranges.

Sources are named at each table. Numbers marked (general knowledge) there are not used as hard limits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from fractions import Fraction

# The red flags have modules of their own; most who ask for the rules of an exam want these too.
from assessments.red_flag_table import ACTIONS, RED_FLAG_ANSWERS, RED_FLAGS, RedFlag
from assessments.red_flags import Gate, red_flag_gate

__all__ = ["ACTIONS", "RED_FLAGS", "RED_FLAG_ANSWERS", "Gate", "RedFlag", "red_flag_gate"]

SIDES = ["left", "right"]
ZONE_SIDES = ["left", "right", "midline"]

# --- Signs ----------------------------------------------------------------------------------------------------

# What may be recorded of a sign. Everything but the first two is "unknown" to the rules; the reason is kept.
SIGN_VALUES = ["present", "absent", "not_tested", "unable", "equivocal", "declined", "not_reachable"]
YES_NO_UNKNOWN = ["yes", "no", "unknown"]
RECOGNISED_VALUES = ["yes", "no", "not_asked", "unsure"]
CURRENT_SYMPTOM_VALUES = ["yes", "no", "not_recorded"]
REFERRED_QUALITIES = [
    "spreading_pain", "deep_pain", "dull_ache", "tingling", "burning", "numbness", "heaviness", "shooting", "other",
]  # fmt: skip
TWITCH_METHODS = ["palpation", "needle", "ultrasound"]

# The signs of a finding that have SIGN_VALUES. `spot_in_band` has YES_NO_UNKNOWN.
CONFIRMATORY_SIGNS = [
    "palpable_nodule", "local_twitch", "jump_sign", "restricted_rom", "pain_on_contraction", "weakness", "autonomic",
    "stress_aggravation",
]  # fmt: skip
SIGNS = ["taut_band", "hypersensitive_spot", "referred_pain", *CONFIRMATORY_SIGNS]


class Truth(Enum):
    """Strong Kleene logic: what was not tested is neither."""

    PRESENT = "P"
    ABSENT = "A"
    UNKNOWN = "U"


def truth(value: str) -> Truth:
    """What a recorded value says to the rules."""
    if value in ("present", "yes"):
        return Truth.PRESENT
    if value in ("absent", "no"):
        return Truth.ABSENT
    return Truth.UNKNOWN


# --- Rule sets ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class AtLeast:
    """
    At least `count` of the parts are present. A part is a sign's name or another AtLeast.

    No sign may stand in a formula twice: then three-valued evaluation is exact, and no answer is missed.
    """

    count: int
    parts: tuple[str | AtLeast, ...]

    def inputs(self) -> tuple[str, ...]:
        names: list[str] = []
        for part in self.parts:
            names += [part] if isinstance(part, str) else part.inputs()
        return tuple(names)

    def evaluate(self, values: Mapping[str, Truth]) -> Truth:
        judged = [
            values.get(part, Truth.UNKNOWN) if isinstance(part, str) else part.evaluate(values) for part in self.parts
        ]
        present = judged.count(Truth.PRESENT)
        if present >= self.count:
            return Truth.PRESENT
        if present + judged.count(Truth.UNKNOWN) < self.count:
            return Truth.ABSENT
        return Truth.UNKNOWN


def all_of(*parts: str | AtLeast) -> AtLeast:
    return AtLeast(len(parts), parts)


def any_of(*parts: str | AtLeast) -> AtLeast:
    return AtLeast(1, parts)


@dataclass(frozen=True)
class RuleSet:
    """
    When a palpated spot counts as a trigger point.

    :ivar waived_if_unreachable: signs that are not asked for in a muscle that the finger cannot reach
    """

    id: str
    version: int
    label: str
    formula: AtLeast
    source: str
    waived_if_unreachable: frozenset[str] = frozenset()


# Reproduction of the usual pain, which simons1999 and gerwin1997 list with the criteria, is here what it is in all
# the sets: what tells active from latent. So recognition never makes a trigger point of what is none.
RULE_SETS = {
    rule_set.id: rule_set
    for rule_set in [
        RuleSet(
            "delphi2018_any2",
            1,
            "Delphi 2018: any two of taut band, hypersensitive spot, referred pain",
            AtLeast(2, ("taut_band", "hypersensitive_spot", "referred_pain")),
            "Fernandez-de-las-Penas & Dommerholt, Pain Med 2018;19:142-150. The threshold of two is widely quoted; it "
            "was not verified in the full text.",
        ),
        RuleSet(
            "delphi2018_all3",
            1,
            "Delphi 2018, strict: taut band, hypersensitive spot and referred pain",
            all_of("taut_band", "hypersensitive_spot", "referred_pain"),
            "From the wording 'cluster of three' in Fernandez-de-las-Penas & Dommerholt, Pain Med 2018;19:142-150.",
        ),
        RuleSet(
            "simons1999",
            1,
            "Simons 1999: tender nodule in a taut band, painful limit to stretch",
            all_of("taut_band", "hypersensitive_spot", "palpable_nodule", "spot_in_band", "restricted_rom"),
            "Simons, Travell & Simons 1999 (general knowledge).",
            waived_if_unreachable=frozenset({"taut_band", "palpable_nodule", "spot_in_band"}),
        ),
        RuleSet(
            "gerwin1997",
            1,
            "Gerwin 1997: tenderness in a taut band, referred pain",
            all_of("taut_band", "hypersensitive_spot", "spot_in_band", "referred_pain"),
            "Gerwin et al., Pain 1997;69:65.",
        ),
        RuleSet(
            "classic4",
            1,
            "Four classic signs: taut band, spot in the band, twitch response, referred pain",
            all_of("taut_band", "hypersensitive_spot", "spot_in_band", "local_twitch", "referred_pain"),
            "As used in the cohorts of Ribeiro et al., BMC Musculoskelet Disord 2018;19:252, Table 3.",
        ),
        RuleSet(
            "bron2011",
            1,
            "Bron 2011: painful nodule in a taut band",
            all_of("taut_band", "palpable_nodule", "hypersensitive_spot"),
            "Bron 2011, in Ribeiro et al., BMC Musculoskelet Disord 2018;19:252, Table 3.",
        ),
        RuleSet(
            "baeumler2023",
            1,
            "Baeumler 2023: spot inside a taut band, and referred pain or one complementary sign",
            all_of(
                "taut_band",
                "hypersensitive_spot",
                "spot_in_band",
                any_of(
                    "referred_pain",
                    *(sign for sign in CONFIRMATORY_SIGNS if sign != "palpable_nodule"),  # classical there
                ),
            ),
            "Baeumler, Hupe & Irnich, BMC Musculoskelet Disord 2023;24, doi 10.1186/s12891-023-06129-y.",
        ),
    ]
}
DEFAULT_RULE_SET = "delphi2018_any2"

CRITERIA = {Truth.PRESENT: "met", Truth.ABSENT: "not_met", Truth.UNKNOWN: "indeterminate"}
CRITERIA_VALUES = list(CRITERIA.values())
CLASSES = ["active", "latent", "activity_undetermined", "no_trigger_point", "indeterminate"]

# The order in which a missing test is suggested: what the finger on the spot tells first, what asks for a stretch,
# a resisted movement or a question last.
CHEAPEST_FIRST = [
    "hypersensitive_spot", "taut_band", "spot_in_band", "palpable_nodule", "referred_pain", "jump_sign",
    "local_twitch", "restricted_rom", "pain_on_contraction", "weakness", "autonomic", "stress_aggravation",
]  # fmt: skip


@dataclass(frozen=True)
class Classification:
    """
    What a rule set makes of a finding.

    :ivar missing_tests: only when indeterminate: the tests whose outcome still matters, those that could settle the
        case alone first, the cheaper ones first among them
    :ivar tender_spot: no trigger point, but a hypersensitive spot
    """

    criteria: str
    class_: str
    rule_set: str
    rule_set_version: int
    missing_tests: tuple[str, ...]
    tender_spot: bool


def classify(
    signs: Mapping[str, str],
    *,
    recognised: str = "not_asked",
    current_symptom: str = "not_recorded",
    rule_set: str = DEFAULT_RULE_SET,
) -> Classification:
    """
    Classify one palpated spot by strong Kleene logic.

    :param signs: sign to recorded value (SIGN_VALUES; `spot_in_band` YES_NO_UNKNOWN); what is not there is unknown
    :param recognised: whether the patient knows the sensation as their own (RECOGNISED_VALUES)
    :param current_symptom: whether the patient has a symptom at present (CURRENT_SYMPTOM_VALUES)
    :raises KeyError: the rule set is unknown
    Source: domain facts 1.2 and 1.6; Fernandez-de-las-Penas & Dommerholt 2018 for active and latent.
    """
    chosen = RULE_SETS[rule_set]
    formula = formula_of(chosen, signs)
    values = {name: truth(value) for name, value in signs.items()}
    result = formula.evaluate(values)
    return Classification(
        criteria=CRITERIA[result],
        class_=_class(result, recognised, current_symptom),
        rule_set=chosen.id,
        rule_set_version=chosen.version,
        missing_tests=missing_tests(formula, values) if result is Truth.UNKNOWN else (),
        tender_spot=result is Truth.ABSENT and values.get("hypersensitive_spot") is Truth.PRESENT,
    )


def _class(result: Truth, recognised: str, current_symptom: str) -> str:
    if result is Truth.ABSENT:
        return "no_trigger_point"
    if result is Truth.UNKNOWN:
        return "indeterminate"
    if recognised in ("yes", "no"):
        return "active" if recognised == "yes" else "latent"
    if current_symptom == "no":
        return "latent"  # there is nothing to recognise
    return "activity_undetermined"


def formula_of(rule_set: RuleSet, signs: Mapping[str, str]) -> AtLeast:
    """The formula without the signs that the rule set waives where the finger cannot reach the band."""
    waived = rule_set.waived_if_unreachable
    if not waived or signs.get("taut_band") != "not_reachable":
        return rule_set.formula
    parts = tuple(part for part in rule_set.formula.parts if part not in waived)
    return AtLeast(rule_set.formula.count - len(waived), parts)


def missing_tests(formula: AtLeast, values: Mapping[str, Truth]) -> tuple[str, ...]:
    """
    The unknown signs whose outcome still matters, cheapest first; those that could settle the case alone stand first.
    """
    relevant = _relevant(formula, values)

    def settles(name: str) -> bool:
        outcomes = (formula.evaluate({**values, name: t}) for t in (Truth.PRESENT, Truth.ABSENT))
        return any(outcome is not Truth.UNKNOWN for outcome in outcomes)

    return tuple(sorted(relevant, key=lambda name: (not settles(name), CHEAPEST_FIRST.index(name))))


def _relevant(formula: AtLeast, values: Mapping[str, Truth]) -> list[str]:
    """
    The unknown signs that decide for some outcome of the others. A part of an undecided "at least" always may: there
    are too few present ones without it, and enough with it. (Exact because no sign stands in a formula twice.)
    """
    if formula.evaluate(values) is not Truth.UNKNOWN:
        return []
    tests: list[str] = []
    for part in formula.parts:
        if isinstance(part, AtLeast):
            tests += _relevant(part, values)
        elif values.get(part, Truth.UNKNOWN) is Truth.UNKNOWN:
            tests.append(part)
    return tests


# --- Ranges ---------------------------------------------------------------------------------------------------

PAIN = (0, 10)  # NPRS; domain facts 4.1
PPT_HARD_KPA = (Decimal(10), Decimal(2000))  # domain facts 4.3
PPT_SOFT_KPA = (Decimal(30), Decimal(1000))
KPA_PER_KGF_CM2 = Decimal("98.0665")  # exact; domain facts 4.3
MAX_PPT_TRIALS = 3
# Degrees; domain facts 4.4. Other movements have no published limit there, so only a full turn bounds them.
ROM_HARD_DEG = {
    "cervical.flexion": (0, 90),
    "cervical.extension": (0, 110),
    "cervical.lateral_flexion": (0, 75),
    "cervical.rotation": (0, 110),
}
FULL_TURN_DEG = (0, 360)
ROM_DEVICES = ["crom", "inclinometer", "goniometer", "phone", "visual"]


def kpa_from_kgf_cm2(value: Decimal) -> Decimal:
    """Pressure in kPa, from kgf/cm²; 1 kgf/cm² is 98.0665 kPa exactly."""
    return value * KPA_PER_KGF_CM2


def mean_ppt_kpa(trials: Iterable[Decimal]) -> Decimal | None:
    """The mean of one to three trials in kPa, to a tenth; None without any. Source: domain facts 4.3."""
    values = list(trials)
    if not values:
        return None
    mean = sum((Fraction(v) for v in values), Fraction(0)) / len(values)
    return (Decimal(mean.numerator) / Decimal(mean.denominator)).quantize(Decimal("0.1"))


def rom_limits_deg(movement: str) -> tuple[int, int]:
    return ROM_HARD_DEG.get(movement, FULL_TURN_DEG)
