"""
What the record knows against a home programme. Pure.

Each step becomes interventions as `treatments.safety.safety_check` takes them, so that home and clinic read one list:
the default one, with the clinic's own rows. What comes back belongs to the step: a stop is refused, an acknowledgement
needs a written reason, a caution is shown. A red flag is answered for once, for the whole programme.

What has no muscle of its own is checked for each muscle of its regions; what nobody knows the place of, for the whole
body. The rules for home programmes have not been reviewed by a clinician.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assessments.red_flag_table import EXERCISE, LEVELS, NECK_MOVEMENT, RED_FLAGS, SELF_PRESSURE, SHOW
from assessments.red_flags import FlagState, OpenFlag
from errors.exceptions import Problems
from homecare import rules
from patients.rules import ALERTS
from treatments.safety import ACKNOWLEDGE, CAUTION, STOP, safety_check
from treatments.safety_cautions import CAUTION_TEXTS
from treatments.safety_entries import OWN_CODE, Entry
from treatments.safety_facts import MuscleFacts, PatientFacts, PlannedIntervention, SafetyFinding

# What an entry of the list must be about to say anything of a patient at home.
HOME_TAGS = frozenset({SELF_PRESSURE, EXERCISE, NECK_MOVEMENT})

# --- What a step does to the body -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Use:
    """One technique in one region; None is unknown, which counts as the strictest."""

    technique: str
    region: str | None
    side: str | None = None
    muscle: str | None = None


def uses_of(step: Mapping[str, Any], muscles: Mapping[str, MuscleFacts]) -> list[Use]:
    """Return what a step does, and where."""
    exercise = rules.EXERCISES[step["exercise"]]
    muscle = step.get("muscle") or None
    region = muscles[muscle].region if muscle and muscle in muscles else None
    places = [Use(exercise.technique, place) for place in exercise.regions]
    if muscle or not places:
        places.append(Use(exercise.technique, region, step.get("side") or None, muscle))
    if exercise.technique:
        return places
    # A stretch, or an exercise of the clinic's own: of the head or neck, or of nobody knows what, it moves the neck.
    techniques = [EXERCISE]
    if region in (None, "head", "neck"):
        techniques.append(NECK_MOVEMENT)
    if step["exercise"] == rules.OWN:
        techniques.append(SELF_PRESSURE)
    return [Use(technique, use.region, use.side, use.muscle) for technique in techniques for use in places]


def interventions_of(
    step: Mapping[str, Any], muscles: Mapping[str, MuscleFacts]
) -> list[tuple[PlannedIntervention, bool]]:
    """Return a step as the safety check takes it, and of each intervention whether its muscle is the step's own."""
    planned = []
    for use in uses_of(step, muscles):
        existing = [muscles[use.muscle]] if use.muscle and use.muscle in muscles else []
        possible = existing or [muscle for muscle in muscles.values() if muscle.region == use.region]
        for muscle in possible or (None,):
            intervention = PlannedIntervention(
                technique="",
                dose=step.get("dose") or {},
                muscle=muscle,
                side=use.side,
                limit_reasons=step.get("limit_reasons") or {},
                as_class=use.technique,
            )
            planned.append((intervention, bool(existing)))
    return planned


# --- The check ------------------------------------------------------------------------------------------------


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
class StepFinding:
    """
    What an entry of the safety list says about one step.

    :ivar step: number of the step, from 0
    :ivar name: the name under which the step's `limit_reasons` explain it
    :ivar is_of_own_exercise: nobody but the therapist knows what the step does, so that a reason passes a stop
    """

    step: int
    finding: SafetyFinding
    is_of_own_exercise: bool = False

    @property
    def level(self) -> str:
        return self.finding.level

    @property
    def alert(self) -> str:
        """The alert that it is about; empty if it is about none, or if it is a row of the clinic's own."""
        is_own = self.finding.code.startswith(OWN_CODE)
        return self.finding.subject if self.finding.subject in ALERTS and not is_own else ""

    @property
    def pointer(self) -> str:
        return f"/steps/{self.step}"

    @property
    def name(self) -> str:
        return rules.ALERT_PREFIX + self.alert if self.alert else rules.RULE_PREFIX + self.finding.code

    @property
    def takes_reason(self) -> bool:
        is_passed = self.level == STOP and self.is_of_own_exercise and self.finding.overridable
        return self.level == ACKNOWLEDGE or is_passed

    def is_explained(self, steps: Sequence[Mapping[str, Any]]) -> bool:
        return self.takes_reason and rules.has_reason(steps[self.step], self.name)


@dataclass(frozen=True)
class ProgrammeCheck:
    """Everything that the record says about a programme's steps, the strictest of each."""

    flags: tuple[StepFlag, ...] = ()
    findings: tuple[StepFinding, ...] = ()

    def stopping_findings(self, steps: Sequence[Mapping[str, Any]]) -> list[StepFinding]:
        """Return the stops of the safety list that no reason passes; a reason that is missing stops nothing running."""
        return [finding for finding in self.findings if finding.level == STOP and not finding.is_explained(steps)]


def check_programme(
    steps: Sequence[Mapping[str, Any]],
    facts: PatientFacts,
    *,
    muscles: Mapping[str, MuscleFacts],
    entries: Iterable[Entry],
    at: datetime,
) -> ProgrammeCheck:
    """
    Return what the shared safety check says about each step.

    :param facts: alerts and open flags of the patient; that questions are unanswered stops nothing at home
    :param muscles: the catalogue, by key
    :param entries: the list in force in the clinic
    """
    asked = PatientFacts(alerts=facts.alerts, flags=FlagState(open=facts.flags.open), age_years=facts.age_years)
    at_home = tuple(entry for entry in entries if entry.tags & HOME_TAGS)
    by_step = [_check_step(step, asked, muscles=muscles, entries=at_home, at=at) for step in steps]
    findings = [
        StepFinding(number, finding, is_of_own_exercise=steps[number]["exercise"] == rules.OWN)
        for number, match in enumerate(by_step)
        for finding in match
        if "flag" not in finding.params
    ]
    return ProgrammeCheck(tuple(_flags(by_step, facts.flags.open)), tuple(findings))


def _check_step(
    step: Mapping[str, Any],
    facts: PatientFacts,
    *,
    muscles: Mapping[str, MuscleFacts],
    entries: Sequence[Entry],
    at: datetime,
) -> list[SafetyFinding]:
    """Return each finding once, at its strictest, the gravest first."""
    planned = interventions_of(step, muscles)
    strictest: dict[str, SafetyFinding] = {}
    for own in (True, False):
        group = [intervention for intervention, is_own in planned if is_own == own]
        for finding in safety_check(group, facts, (), at=at, entries=entries):
            # That a vessel lies somewhere in the region is no news; that a clinic stops at it is.
            if not own and finding.level == CAUTION and finding.subject in CAUTION_TEXTS:
                continue
            existing = strictest.get(finding.key)
            if existing is None or LEVELS.index(finding.level) > LEVELS.index(existing.level):
                strictest[finding.key] = finding
    return sorted(strictest.values(), key=lambda finding: -LEVELS.index(finding.level))


def _flags(by_step: Sequence[Sequence[SafetyFinding]], flags: Sequence[OpenFlag]) -> list[StepFlag]:
    matches = []
    for flag in flags:
        levels = [
            next((finding.level for finding in of_step if finding.params.get("flag") == flag.code), SHOW)
            for of_step in by_step
        ]
        highest = max(levels, key=LEVELS.index, default=SHOW)
        if highest != SHOW:
            numbers = tuple(number for number, level in enumerate(levels) if level == highest)
            matches.append(StepFlag(flag, highest, numbers))
    return matches


# --- Red flags ------------------------------------------------------------------------------------------------


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


def unanswered_flags(found: Sequence[StepFlag], overrides: Sequence[Override], *, level: str = STOP) -> list[StepFlag]:
    """
    Return the flags at this level that no override answers for.

    :param level: STOP, or ACKNOWLEDGE: what only needs a reason
    """
    given_at = {override.code: override.given_at for override in overrides}
    return [
        step_flag
        for step_flag in found
        if step_flag.level == level
        and not (
            (level == ACKNOWLEDGE or RED_FLAGS[step_flag.flag.code].is_overridable)
            and step_flag.flag.code in given_at
            and step_flag.flag.answered_at <= given_at[step_flag.flag.code]
        )
    ]


def check_overrides(overrides: Sequence[Override], found: Sequence[StepFlag], *, at: datetime) -> Problems:
    """
    What is wrong with overrides as they are given: too short a reason, or nobody who saw an emergency.

    :param found: the flags that matter to the steps; one that stops nothing here needs nobody who saw the patient
    """
    only_acknowledged = {step_flag.flag.code for step_flag in found if step_flag.level == ACKNOWLEDGE}
    problems = Problems()
    seen: set[str] = set()
    for number, override in enumerate(overrides):
        pointer = f"/overrides/{number}"
        if override.code not in RED_FLAGS:
            problems.add(f"{pointer}/code", "unknown_code.home_override")
            continue
        if override.code in seen:
            problems.add(f"{pointer}/code", "duplicate.home_override")
        seen.add(override.code)
        if len(override.reason.strip()) < rules.MIN_REASON_CHARACTERS:
            problems.add(f"{pointer}/reason", "too_short.home_override", least=rules.MIN_REASON_CHARACTERS)
        if RED_FLAGS[override.code].is_emergency and override.code not in only_acknowledged:
            if not override.seen_by.strip():
                problems.add(f"{pointer}/seen_by", "required.seen_by")
            if override.seen_at is None:
                problems.add(f"{pointer}/seen_at", "required.seen_at")
        if override.seen_at is not None and override.seen_at > at:
            problems.add(f"{pointer}/seen_at", "in_future.seen")
    return problems


# --- Steps ----------------------------------------------------------------------------------------------------


def find_problems(check: ProgrammeCheck, steps: Sequence[Mapping[str, Any]]) -> Problems:
    """What the safety list says against the steps: a step is refused, or a reason is missing."""
    problems = Problems()
    named: set[tuple[int, str]] = set()
    for finding in check.findings:
        if finding.level == CAUTION or finding.is_explained(steps) or (finding.step, finding.name) in named:
            continue
        named.add((finding.step, finding.name))
        _add_problem(problems, finding)
    return problems


def _add_problem(problems: Problems, found: StepFinding) -> None:
    level, entry = found.level, found.finding.code
    why, source = found.finding.reason, found.finding.source
    if not found.takes_reason:
        pointer = f"{found.pointer}/muscle"
        if found.alert:
            problems.add(
                pointer, "alert_stop.pressing", alert=found.alert, entry=entry, level=level, reason=why, source=source
            )
        else:
            problems.add(pointer, "safety_stop.at_home", entry=entry, level=level, reason=why, source=source)
        return
    pointer, least = f"{found.pointer}/limit_reasons/{found.name}", rules.MIN_REASON_CHARACTERS
    if found.level == STOP:
        problems.add(
            pointer, "reason_required.own_exercise", entry=entry, level=level, reason=why, source=source, least=least
        )
    elif found.alert:
        problems.add(
            pointer,
            "reason_required.alert",
            alert=found.alert,
            entry=entry,
            level=level,
            reason=why,
            source=source,
            least=least,
        )
    else:
        problems.add(pointer, "reason_required.rule", entry=entry, level=level, reason=why, source=source, least=least)
