"""
What a number and a change of it mean: thresholds, each with its kind, its population and its source. Plain Python.

Sources disagree, so all that fit are named side by side and none is chosen. A threshold is used only where it fits: a
figure from people with neck pain says nothing about a knee. The figures stand in the catalogue (`measures.json`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import catalogue

# --- Kinds ----------------------------------------------------------------------------------------------------

MDC = "mdc"  # minimal detectable change: less may be measurement error
MCID = "mcid"  # minimal clinically important difference: patients notice it
ROC_CUT = "roc_cut"  # the cut-off that tells improved from unchanged patients best
NATURAL_VARIATION = "natural_variation"  # what differs from day to day without any treatment
PROPOSAL = "proposal"  # ours, or one that a paper suggests
KINDS = [MDC, MCID, ROC_CUT, NATURAL_VARIATION, PROPOSAL]
# Only these say anything about an improvement; the others say whether there is a change at all.
OF_IMPROVEMENT = frozenset({MCID, ROC_CUT})

# --- Populations ----------------------------------------------------------------------------------------------

NECK_PAIN = "neck_pain"
CHRONIC_MSK_PAIN = "chronic_msk_pain"
NECK_MOVEMENT = "neck_movement"
SHOULDER_MUSCLES = "shoulder_muscles"
CERVICOGENIC_HEADACHE = "cervicogenic_headache"
HEADACHE = "headache"
LOW_BACK_PAIN = "low_back_pain"
ANY = "any"
POPULATIONS = [
    NECK_PAIN, CHRONIC_MSK_PAIN, NECK_MOVEMENT, SHOULDER_MUSCLES, CERVICOGENIC_HEADACHE, HEADACHE, LOW_BACK_PAIN, ANY,
]  # fmt: skip
NECK_REGIONS = frozenset({"head", "neck"})
# Upper trapezius and deltoid, where the detectable change of the threshold was measured (domain facts 13, on 4.3).
MEASURED_MUSCLES = frozenset({"trapezius_upper", "deltoid_anterior", "deltoid_middle", "deltoid_posterior"})


@dataclass(frozen=True)
class Threshold:
    """
    A change that counts, by one source.

    :ivar amount: in the unit of the measure; None where the source gives a share only
    :ivar upper: the upper end, where the source gives a range
    :ivar percent: the same as a share of the value before, in percent; reaching either is enough
    :ivar is_verified: False: general knowledge, which nobody has read in the source; it never speaks of an improvement
    """

    kind: str
    population: str
    source: str
    amount: Decimal | None = None
    upper: Decimal | None = None
    percent: Decimal | None = None
    is_verified: bool = True


def _read_threshold(row: Mapping[str, Any]) -> Threshold:
    figures = {name: Decimal(row[name]) for name in ("amount", "upper", "percent") if name in row}
    return Threshold(row["kind"], row["population"], row["source"], is_verified=row.get("verified", True), **figures)


def _read_thresholds(measure: Mapping[str, Any]) -> tuple[Threshold, ...]:
    rows = measure["thresholds"]
    return tuple(map(_read_threshold, catalogue.THRESHOLD_SETS[rows] if isinstance(rows, str) else rows))


THRESHOLDS = {code: _read_thresholds(measure) for code, measure in catalogue.MEASURES.items()}
# Whether a higher value is better: more pressure until it hurts, more range; but less pain.
HIGHER_IS_BETTER = {code: measure["better"] == "higher" for code, measure in catalogue.MEASURES.items()}
# What sessions call a value before and after; all movements have the thresholds of one.
OF_SESSIONS = {"pain": "nprs", "ppt_kpa": "ppt", "rom_deg": "rom_rotation_left"}
for _name, _measure in OF_SESSIONS.items():
    THRESHOLDS[_name], HIGHER_IS_BETTER[_name] = THRESHOLDS[_measure], HIGHER_IS_BETTER[_measure]


@dataclass(frozen=True)
class Subject:
    """
    What a measure is about, as far as a threshold must know it.

    :ivar regions: the parts of the body that the complaint is in; empty: not known
    :ivar movement: the catalogue's movement, of a range
    :ivar muscle: the catalogue's muscle, of a pressure-pain threshold
    :ivar complaints: populations that the measure itself is about: a neck index is of neck pain
    """

    regions: frozenset[str] = frozenset()
    movement: str = ""
    muscle: str = ""
    complaints: frozenset[str] = frozenset()


def subject_of(
    measure: Mapping[str, Any], interventions: Iterable[Mapping[str, Any]], region_of: Mapping[str, str]
) -> Subject:
    """
    Return what a measure of a session is about; pain is about the parts of the body that were treated.

    :param measure: with `kind`, `movement` and `trigger_point`
    :param interventions: of the same session, each with its `muscle` and `trigger_point`
    :param region_of: muscle to the catalogue's region
    """
    treated = [intervention for intervention in interventions if intervention.get("muscle")]
    point = measure.get("trigger_point")
    muscles = [i["muscle"] for i in treated if point and str(i.get("trigger_point")) == str(point)]
    return Subject(
        regions=frozenset(region_of[i["muscle"]] for i in treated),
        movement=measure.get("movement") or "",
        muscle=muscles[0] if muscles else "",
    )


def fits(threshold: Threshold, subject: Subject) -> bool:
    """Return whether the subject belongs to the population of a threshold."""
    if threshold.population in subject.complaints:
        return True
    if threshold.population == NECK_PAIN:
        return bool(subject.regions) and subject.regions <= NECK_REGIONS
    if threshold.population == NECK_MOVEMENT:
        return subject.movement.startswith(("cervical.", "craniocervical."))
    if threshold.population == SHOULDER_MUSCLES:
        return subject.muscle in MEASURED_MUSCLES
    # Chronic musculoskeletal pain: no part of the body is excluded, and the population is named. The others are said by
    # the measure only.
    return threshold.population in (CHRONIC_MSK_PAIN, ANY)


def fitting_thresholds(kind: str, subject: Subject) -> tuple[Threshold, ...]:
    """
    Return the thresholds of a measure that fit, in the order in which they are named.

    :param kind: of the catalogue's measures, or what sessions call them: pain, ppt_kpa, rom_deg
    :raises KeyError: the measure is unknown
    """
    return tuple(threshold for threshold in THRESHOLDS[kind] if fits(threshold, subject))


# --- A change -------------------------------------------------------------------------------------------------

BETTER, WORSE, SAME = "better", "worse", "same"


@dataclass(frozen=True)
class Change:
    """
    A difference between two values of one measure, and what the sources say about it.

    :ivar difference: after less before, in the unit of the measure
    :ivar direction: BETTER, WORSE or SAME, by the measure's own direction
    :ivar beyond: thresholds that it reaches; those of an improvement only if it is one
    :ivar within: thresholds that it does not reach
    :ivar between: thresholds with a range, of which it reaches the lower end only
    :ivar unverified: thresholds that fit and that nobody has read in the source: named, never judged by
    """

    difference: Decimal
    direction: str
    beyond: tuple[Threshold, ...]
    within: tuple[Threshold, ...]
    between: tuple[Threshold, ...] = ()
    unverified: tuple[Threshold, ...] = ()


def compare(kind: str, before: Decimal, after: Decimal, subject: Subject) -> Change:
    """
    Compare two values of one measure.

    :param kind: of the catalogue's measures, or what sessions call them: pain, ppt_kpa, rom_deg
    :raises KeyError: the measure is unknown
    """
    difference = after - before
    direction = _direction(kind, difference)
    groups: dict[str, list[Threshold]] = {"beyond": [], "within": [], "between": []}
    fitting = fitting_thresholds(kind, subject)
    for threshold in fitting:
        if not threshold.is_verified:
            continue
        if threshold.kind in OF_IMPROVEMENT and direction != BETTER:
            continue  # a source about improvement says nothing about a patient who is worse, or the same
        groups[_reach(threshold, abs(difference), before)].append(threshold)
    return Change(
        difference,
        direction,
        beyond=tuple(groups["beyond"]),
        within=tuple(groups["within"]),
        between=tuple(groups["between"]),
        unverified=tuple(threshold for threshold in fitting if not threshold.is_verified),
    )


def _direction(kind: str, difference: Decimal) -> str:
    if difference == 0:
        return SAME
    return BETTER if (difference > 0) is HIGHER_IS_BETTER[kind] else WORSE


def _reach(threshold: Threshold, amount: Decimal, before: Decimal) -> str:
    if threshold.percent is not None and before > 0 and amount * 100 >= threshold.percent * before:
        return "beyond"
    if threshold.amount is None or amount < threshold.amount:
        return "within"
    if threshold.upper is not None and amount < threshold.upper:
        return "between"
    return "beyond"


def error_band(kind: str, first_value: Decimal, subject: Subject) -> tuple[Decimal, Threshold] | None:
    """
    Return how far around the first value a later one may be chance, in the unit of the measure, and by which source.

    None where no source fits.
    """
    fitting = fitting_thresholds(kind, subject)
    chance = [t for t in fitting if t.kind in (MDC, NATURAL_VARIATION) and t.is_verified]
    for threshold in chance:
        if threshold.amount is not None:
            return threshold.amount, threshold
        if threshold.percent is not None:
            return first_value * threshold.percent / 100, threshold
    return None
