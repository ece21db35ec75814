"""
Which muscles could cause a drawn pain, and how much of it the findings explain. Plain Python.

It suggests an order of palpation and never sets, hides or stops anything: no fixed place of referral is to be expected
(Delphi 2018). Source of the zones: the muscle catalogue. The weights, and what counts as explained, are a product
proposal that has not been reviewed by a clinician (safety facts, part 8).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import catalogue

MIDLINE = "midline"
MIDLINE_CROSSES = "ipsilateral_may_cross_midline"
TIERS = ("big_four", "core", "extended")
SHOWN = 5  # beside the chart
STILL_TO_TEST = 3


@dataclass(frozen=True)
class Weights:
    """
    What a zone adds to a muscle's score.

    :ivar primary: for each drawn zone among the muscle's usual zones
    :ivar spillover: for each drawn zone among those where it is felt now and then
    :ivar absent: for the share of the usual zones that was not drawn
    """

    version: int
    primary: float
    spillover: float
    absent: float


# Another weight is another version: what an older one gave can then be told apart.
WEIGHTS = Weights(version=1, primary=1.0, spillover=0.5, absent=-0.5)


class SidedZone(NamedTuple):
    """A zone of the body, and `left`, `right` or `midline`."""

    zone: str
    side: str


@dataclass(frozen=True)
class Pattern:
    """Where a muscle of one side is usually felt, and where now and then."""

    muscle: str
    side: str
    primary: frozenset[SidedZone]
    spillover: frozenset[SidedZone]


@dataclass(frozen=True)
class Suggestion:
    """
    A muscle that could cause a drawing.

    :ivar score: by `WEIGHTS`; only the order means anything
    :ivar covers: the drawn zones in its pattern; those where it is usually felt come first
    :ivar usually_also: usual zones that were not drawn
    :ivar is_checked: its pattern was compared with a published source
    """

    muscle: str
    side: str
    score: float
    covers: tuple[SidedZone, ...]
    usually_also: tuple[SidedZone, ...]
    is_checked: bool


@dataclass(frozen=True)
class FeltZones:
    """Where the pain of one finding is: its spot, and the zones that it refers to."""

    muscle: str
    side: str
    zones: frozenset[SidedZone]


@dataclass(frozen=True)
class Explanation:
    """
    How much of a drawing the findings explain.

    :ivar explained: drawn zones that a finding reaches
    :ivar unexplained: all others
    :ivar still_to_test: muscles that cover an unexplained zone and have no finding, the best first
    """

    explained: tuple[SidedZone, ...]
    unexplained: tuple[SidedZone, ...]
    still_to_test: tuple[Suggestion, ...]

    @property
    def drawn_count(self) -> int:
        return len(self.explained) + len(self.unexplained)


def suggest_muscles(drawn: Iterable[SidedZone]) -> list[Suggestion]:
    """
    Return every muscle whose pattern covers a drawn zone, the likeliest first.

    Of equal scores the one that covers more usual zones goes first, then the commoner muscle, then the catalogue's
    order. One more drawn zone that a muscle covers never lowers its score; its place in the order may fall.
    """
    zones = frozenset(drawn)
    patterns = {pattern for zone in zones for pattern in _patterns_by_zone().get(zone, ())}
    ranked = sorted(patterns, key=lambda pattern: _rank(pattern, zones))
    return [_suggestion(pattern, zones) for pattern in ranked]


def explain_drawing(drawn: Iterable[SidedZone], found: Iterable[FeltZones]) -> Explanation:
    """Say which drawn zones the findings reach, and what is still worth testing for the others."""
    zones, found = frozenset(drawn), list(found)
    felt = frozenset(zone for finding in found for zone in finding.zones)
    unexplained = zones - felt
    examined = {(finding.muscle, finding.side) for finding in found}
    others = [s for s in suggest_muscles(unexplained) if (s.muscle, s.side) not in examined]
    return Explanation(
        explained=in_order(zones & felt),
        unexplained=in_order(unexplained),
        still_to_test=tuple(others[:STILL_TO_TEST]),
    )


def list_together(muscle: str) -> tuple[str, ...]:
    """
    Return the muscles that are often active together with this one; none for most.

    Source: domain facts, section 2.1: the Big Four of neck and head "co-activate with the others".
    """
    group = _big_four()
    parent = catalogue.MUSCLES[muscle]["parent"]
    if muscle not in group:
        return ()
    return tuple(key for key in group if key != muscle and (not parent or catalogue.MUSCLES[key]["parent"] != parent))


def in_order(zones: Iterable[SidedZone]) -> tuple[SidedZone, ...]:
    """Return zones from head to foot, as the catalogue lists them."""
    places = _zone_places()
    return tuple(sorted(zones, key=lambda zone: (places[zone.zone], zone.side)))


def pattern_of(muscle: str, side: str) -> Pattern:
    """:param side: `left` or `right`"""
    entry = catalogue.MUSCLES[muscle]
    referral = entry["referral"]
    primary = frozenset(_on_side(zone, side) for zone in referral["primary"])
    spillover = {_on_side(zone, side) for zone in referral["spillover"]}
    if referral["side_rule"] == MIDLINE_CROSSES:  # "usually same side; opposite side also described"
        other = "left" if side == "right" else "right"
        spillover |= {_on_side(zone, other) for zone in referral["primary"]}
    return Pattern(muscle, side, primary, frozenset(spillover) - primary)


def score(pattern: Pattern, drawn: frozenset[SidedZone], weights: Weights = WEIGHTS) -> float:
    """
    Score a muscle for a drawing: 1 for each usual zone, 0.5 for each spillover zone, less 0.5 times the share of usual
    zones that was not drawn.

    It is not divided by the drawing's size: one more zone would then lower it.
    """
    absent = len(pattern.primary - drawn) / len(pattern.primary) if pattern.primary else 0.0
    return (
        weights.primary * len(pattern.primary & drawn)
        + weights.spillover * len(pattern.spillover & drawn)
        + weights.absent * absent
    )


def _rank(pattern: Pattern, drawn: frozenset[SidedZone]) -> tuple[float, int, int, int, str]:
    tier = TIERS.index(catalogue.MUSCLES[pattern.muscle]["tier"])
    place = _muscle_places()[pattern.muscle]
    return -score(pattern, drawn), -len(pattern.primary & drawn), tier, place, pattern.side


def _suggestion(pattern: Pattern, drawn: frozenset[SidedZone]) -> Suggestion:
    return Suggestion(
        muscle=pattern.muscle,
        side=pattern.side,
        score=round(score(pattern, drawn), 3),
        covers=in_order(pattern.primary & drawn) + in_order(pattern.spillover & drawn),
        usually_also=in_order(pattern.primary - drawn),
        is_checked=catalogue.MUSCLES[pattern.muscle]["referral_checked_against_found_page"],
    )


def _on_side(zone: str, side: str) -> SidedZone:
    return SidedZone(zone, side if catalogue.ZONES[zone]["sided"] else MIDLINE)


@lru_cache
def _patterns_by_zone() -> Mapping[SidedZone, list[Pattern]]:
    patterns: dict[SidedZone, list[Pattern]] = {}
    for key, muscle in catalogue.MUSCLES.items():
        for side in muscle["sides"]:
            pattern = pattern_of(key, side)
            for zone in pattern.primary | pattern.spillover:
                patterns.setdefault(zone, []).append(pattern)
    return patterns


@lru_cache
def _zone_places() -> Mapping[str, int]:
    return {zone: place for place, zone in enumerate(catalogue.ZONES)}


@lru_cache
def _muscle_places() -> Mapping[str, int]:
    return {muscle: place for place, muscle in enumerate(catalogue.MUSCLES)}


@lru_cache
def _big_four() -> tuple[str, ...]:
    return tuple(key for key, muscle in catalogue.MUSCLES.items() if muscle["tier"] == "big_four")
