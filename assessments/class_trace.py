"""
Which tests still matter in an exam, and how a class came about. Plain Python over the rule sets.

A test matters if one of its outcomes would change the class of a finding, or if it is a muscle that could cause the
drawn pain and has not been palpated: that could change the order and the explained share.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from assessments.rules import (
    CHEAPEST_FIRST,
    RULE_SETS,
    AtLeast,
    Classification,
    Truth,
    classify,
    formula_of,
    truth,
)

SIGN, RECOGNISED, PALPATE = "sign", "recognised", "palpate"
KINDS = [SIGN, RECOGNISED, PALPATE]
SHOWN = 5
BOTH_SETTLE, ONE_SETTLES, NONE_SETTLES = 2, 1, 0


@dataclass(frozen=True)
class Spot:
    """
    A finding, as far as its class depends on it.

    :ivar signs: sign to recorded value
    """

    finding_id: UUID
    muscle: str
    side: str
    signs: Mapping[str, str]
    recognised: str


@dataclass(frozen=True)
class NextTest:
    """
    A test that could change the class of a finding, or the order.

    :ivar test: the sign; empty: palpate the muscle
    :ivar settling: how many of its two outcomes settle the class alone
    """

    kind: str
    muscle: str
    side: str
    test: str = ""
    finding_id: UUID | None = None
    settling: int = NONE_SETTLES


def find_tests(
    spots: Iterable[Spot], suggested: Iterable[tuple[str, str]], *, current_symptom: str, rule_set: str
) -> list[NextTest]:
    """
    Return the tests that still matter, the most informative first.

    Those whose outcome settles a class either way stand first, then those of which one outcome does, then muscles to
    palpate in the order that the drawing suggests, then the others. Among equals, the cheaper test.

    :param suggested: muscles and sides that the pain drawing suggests, likeliest first
    """
    spots = list(spots)
    tests = [test for spot in spots for test in _tests_of(spot, current_symptom=current_symptom, rule_set=rule_set)]
    palpated = {(spot.muscle, spot.side) for spot in spots}
    tests += [NextTest(PALPATE, muscle, side) for muscle, side in suggested if (muscle, side) not in palpated]
    return sorted(tests, key=_rank)


def _rank(test: NextTest) -> tuple[int, int]:
    """The sort is stable: spots keep the exam's order, muscles the drawing's."""
    if test.kind == PALPATE:
        return 2, 0
    place = {BOTH_SETTLE: 0, ONE_SETTLES: 1, NONE_SETTLES: 3}[test.settling]
    return place, CHEAPEST_FIRST.index(test.test) if test.kind == SIGN else len(CHEAPEST_FIRST)


def _tests_of(spot: Spot, *, current_symptom: str, rule_set: str) -> list[NextTest]:
    def judge(**changes: str) -> Classification:
        recognised = changes.pop(RECOGNISED, spot.recognised)
        return classify(
            {**spot.signs, **changes}, recognised=recognised, current_symptom=current_symptom, rule_set=rule_set
        )

    now = judge()
    tests = [
        NextTest(
            SIGN,
            spot.muscle,
            spot.side,
            test,
            spot.finding_id,
            settling=sum(judge(**{test: value}).criteria != "indeterminate" for value in _outcomes(test)),
        )
        for test in now.missing_tests
    ]
    if now.class_ == "activity_undetermined":
        tests.append(NextTest(RECOGNISED, spot.muscle, spot.side, RECOGNISED, spot.finding_id, BOTH_SETTLE))
    return tests


def _outcomes(sign: str) -> tuple[str, str]:
    return ("yes", "no") if sign == "spot_in_band" else ("present", "absent")


# --- Trace ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class TraceSign:
    """A sign that the formula asks for, as it was recorded and as it counts."""

    sign: str
    recorded: str
    counts_as: str


@dataclass(frozen=True)
class TraceStep:
    """
    "At least N of these": the whole formula, or a part of it.

    :ivar result: met, not_met or indeterminate
    """

    needed: int
    signs: tuple[TraceSign, ...]
    parts: tuple[TraceStep, ...]
    present: int
    unknown: int
    result: str


@dataclass(frozen=True)
class Trace:
    """How a class came about; everything in it is recorded, so it can be followed by hand."""

    rule_set: str
    rule_set_version: int
    step: TraceStep
    recognised: str
    current_symptom: str
    class_: str


RESULTS = {Truth.PRESENT: "met", Truth.ABSENT: "not_met", Truth.UNKNOWN: "indeterminate"}
COUNTS = {Truth.PRESENT: "present", Truth.ABSENT: "absent", Truth.UNKNOWN: "unknown"}


def trace_class(signs: Mapping[str, str], *, recognised: str, current_symptom: str, rule_set: str) -> Trace:
    """
    Return how `rules.classify` comes to its class.

    :raises KeyError: the rule set is unknown
    """
    judged = classify(signs, recognised=recognised, current_symptom=current_symptom, rule_set=rule_set)
    step = _trace_formula(formula_of(RULE_SETS[rule_set], signs), signs)
    return Trace(judged.rule_set, judged.rule_set_version, step, recognised, current_symptom, judged.class_)


def _trace_formula(formula: AtLeast, signs: Mapping[str, str]) -> TraceStep:
    values = {name: truth(value) for name, value in signs.items()}
    leaves, parts, truths = [], [], []
    for part in formula.parts:
        if isinstance(part, AtLeast):
            parts.append(_trace_formula(part, signs))
            truths.append(part.evaluate(values))
        else:
            value = values.get(part, Truth.UNKNOWN)
            leaves.append(TraceSign(part, signs.get(part, "not_tested"), COUNTS[value]))
            truths.append(value)
    return TraceStep(
        needed=formula.count,
        signs=tuple(leaves),
        parts=tuple(parts),
        present=truths.count(Truth.PRESENT),
        unknown=truths.count(Truth.UNKNOWN),
        result=RESULTS[formula.evaluate(values)],
    )
