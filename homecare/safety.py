"""
What the record knows against a home programme: open red flags stop steps, alerts ask for reasons. Pure.

A red flag stops by technique and region as `assessments.red_flags.stops` says. The alerts that matter to pressing are
`rules.PRESSING_ALERTS`. Sources: domain facts 6.2, and the rules for home programmes, which no clinician has reviewed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assessments.red_flag_table import (
    EXERCISE,
    LEVELS,
    LOWER_LIMB,
    NECK_MOVEMENT,
    RED_FLAGS,
    SELF_PRESSURE,
    SHOW,
    STOP,
    UPPER_LIMB,
)
from assessments.red_flags import SIDED_REGIONS, OpenFlag, stops, strictest
from errors.exceptions import Problems
from homecare import rules
from patients.rules import KnownAlert

# --- What a step does to the body -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Use:
    """One technique in one region, as the red flags ask for it; None is unknown, which counts as the strictest."""

    technique: str
    region: str | None
    side: str | None = None
    muscle: str | None = None


def uses_of(step: Mapping[str, Any], regions: Mapping[str, str]) -> list[Use]:
    """
    Return what a step does, and where.

    :param regions: muscle to its region
    """
    exercise = rules.EXERCISES[step["exercise"]]
    muscle = step.get("muscle") or None
    region = regions.get(muscle) if muscle else None
    places = [Use(exercise.technique, place) for place in exercise.regions]
    if muscle or not places:
        places.append(Use(exercise.technique, region, step.get("side") or None, muscle))
    if exercise.technique:
        return places
    # A stretch, or an exercise of the clinic's own: of the head or neck, or of nobody knows what, it moves the neck.
    techniques = [EXERCISE]
    if region in (None, "head", "neck"):
        techniques.append(NECK_MOVEMENT)
    if step["exercise"] == "own":
        techniques.append(SELF_PRESSURE)
    return [Use(technique, use.region, use.side, use.muscle) for technique in techniques for use in places]


# --- Red flags ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class StepFlag:
    """
    An open red flag that says something about steps of a programme.

    :ivar level: of red_flag_table.LEVELS, the strictest over all steps
    :ivar steps: numbers of the steps at which it is that strict, from 0
    """

    flag: OpenFlag
    level: str
    steps: tuple[int, ...]


@dataclass(frozen=True)
class Override:
    """
    Why a programme is right although a red flag is open; it holds for the answers that were there when it was given.

    :ivar seen_by, seen_at: by whom the patient was seen, and when; required for an emergency
    """

    code: str
    reason: str
    given_at: datetime
    seen_by: str = ""
    seen_at: datetime | None = None


def flags_of(
    steps: Sequence[Mapping[str, Any]], flags: Sequence[OpenFlag], *, regions: Mapping[str, str]
) -> list[StepFlag]:
    """Return the open flags that matter to these steps, with the strictest level of each."""
    found = []
    for flag in flags:
        levels = [
            strictest(
                stops(flag, use.technique, use.region, use.side, muscle=use.muscle) for use in uses_of(step, regions)
            )
            for step in steps
        ]
        highest = strictest(levels)
        if LEVELS.index(highest) > LEVELS.index(SHOW):
            numbers = tuple(number for number, level in enumerate(levels) if level == highest)
            found.append(StepFlag(flag, highest, numbers))
    return found


def find_unanswered_stops(found: Sequence[StepFlag], overrides: Sequence[Override]) -> list[StepFlag]:
    """Return the flags that stop a programme and that no override answers for."""
    given_at = {override.code: override.given_at for override in overrides}
    return [
        one
        for one in found
        if one.level == STOP
        and not (
            RED_FLAGS[one.flag.code].is_overridable
            and one.flag.code in given_at
            and one.flag.answered_at <= given_at[one.flag.code]
        )
    ]


def check_overrides(overrides: Sequence[Override], *, at: datetime) -> Problems:
    """What is wrong with overrides as they are given: too short a reason, or nobody who saw an emergency."""
    problems = Problems()
    seen: set[str] = set()
    for number, override in enumerate(overrides):
        here = f"/overrides/{number}"
        if override.code not in RED_FLAGS:
            problems.add(f"{here}/code", "unknown_code.home_override")
            continue
        if override.code in seen:
            problems.add(f"{here}/code", "duplicate.home_override")
        seen.add(override.code)
        if len(override.reason.strip()) < rules.MIN_REASON_CHARACTERS:
            problems.add(f"{here}/reason", "too_short.home_override", least=rules.MIN_REASON_CHARACTERS)
        if RED_FLAGS[override.code].is_emergency:
            if not override.seen_by.strip():
                problems.add(f"{here}/seen_by", "required.seen_by")
            if override.seen_at is None:
                problems.add(f"{here}/seen_at", "required.seen_at")
        if override.seen_at is not None and override.seen_at > at:
            problems.add(f"{here}/seen_at", "in_future.seen")
    return problems


# --- Alerts ---------------------------------------------------------------------------------------------------

# Alerts that forbid pressing where they are; without a place, in these regions.
FORBIDDEN_PLACES = {"clot": LOWER_LIMB}


def check_alerts(
    steps: Sequence[Mapping[str, Any]], alerts: Sequence[KnownAlert], *, regions: Mapping[str, str]
) -> Problems:
    """What alerts say against pressing: refused, or a reason is missing."""
    problems = Problems()
    for number, step in enumerate(steps):
        if step["exercise"] not in rules.PRESSING:
            continue
        region, side = regions.get(step.get("muscle") or ""), step.get("side")
        for code in rules.PRESSING_ALERTS:
            of_code = [alert for alert in alerts if alert.code == code]
            if any(_forbids(alert, region, side) for alert in of_code):
                problems.add(f"/steps/{number}/muscle", "alert_stop.pressing", alert=code)
            elif any(_matters(alert, region, side) for alert in of_code):
                name = rules.ALERT_PREFIX + code
                if not rules.has_reason(step, name):
                    pointer = f"/steps/{number}/limit_reasons/{name}"
                    least = rules.MIN_REASON_CHARACTERS
                    problems.add(pointer, "reason_required.alert", alert=code, least=least)
    return problems


def alerts_of(step: Mapping[str, Any], alerts: Sequence[KnownAlert], *, regions: Mapping[str, str]) -> list[str]:
    """Return the codes of the alerts for which this step needs a reason."""
    if step["exercise"] not in rules.PRESSING:
        return []
    region, side = regions.get(step.get("muscle") or ""), step.get("side")
    return [c for c in rules.PRESSING_ALERTS if any(a.code == c and _matters(a, region, side) for a in alerts)]


def _matters(alert: KnownAlert, region: str | None, side: str | None) -> bool:
    """A clot matters wherever is pressed: it may lie elsewhere than where it is known."""
    return alert.code == "clot" or _reaches(alert, region, side)


def _forbids(alert: KnownAlert, region: str | None, side: str | None) -> bool:
    if alert.code not in FORBIDDEN_PLACES or not _reaches(alert, region, side):
        return False
    return alert.region is not None or region is None or region in FORBIDDEN_PLACES[alert.code]


def _reaches(alert: KnownAlert, region: str | None, side: str | None) -> bool:
    """Whether the place of an alert takes in this one; a limb counts whole, and what is not known counts as there."""
    if alert.region is not None and region is not None and region not in _limb_of(alert.region):
        return False
    is_sided = region is None or region in SIDED_REGIONS
    return not is_sided or alert.side in (None, "both") or side in (None, "both") or alert.side == side


def _limb_of(region: str) -> tuple[str, ...]:
    return next((limb for limb in (UPPER_LIMB, LOWER_LIMB) if region in limb), (region,))
