"""
What stands in the way of a treatment: one pure function for every entry point.

It is shown when a technique is chosen, and enforced at the signature, by page, API, import and home programme alike.
What is not known never loosens: a muscle that nobody named is every muscle, a side that nobody named is both.

Source: domain facts, sections 2, 3, 5, 6, 9 and 13; the rows and their sources are in `treatments.safety_table`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any

from accounts.rules import KnownCompetency
from assessments import red_flag_table, red_flags
from assessments.red_flags import OpenFlag
from patients.rules import KnownAlert
from treatments import agents, competency
from treatments.consents.rules import missing_consents, technique_class
from treatments.safety_cautions import CAUTION_TEXTS
from treatments.safety_entries import (
    ACKNOWLEDGE,
    ANYWHERE,
    CAUTION,
    CHILD_UNTIL_YEARS,
    IN_LIMB,
    INVASIVE,
    LEVELS,
    LOWER_LIMB,
    RHOMBOIDS_MM,
    STOP,
    UPPER_LIMB,
    Entry,
)
from treatments.safety_facts import MuscleFacts, PatientFacts, PlannedIntervention, SafetyFinding
from treatments.safety_table import BOTH_SIDES_OF_THORAX, COMPETENCY_MISSING, CONSENT_MISSING, DEFAULT_LIST

__all__ = [
    "ACKNOWLEDGE", "CAUTION", "STOP", "MuscleFacts", "PatientFacts", "PlannedIntervention", "SafetyFinding",
    "gives_guardian_age", "safety_check",
]  # fmt: skip

SPECIALIST_RISKS = frozenset({"specialist", "contraindicated_default"})
FRESH_CONSENT = timedelta(hours=24)  # product proposal: "fresh" is not defined by a source
RED_FLAG_STOP, RED_FLAG_KNOWN_AT_SIGNING = "red_flag_stop", "red_flag_known_at_signing"
RED_FLAG, SCREEN_INCOMPLETE = "red_flag", "screen_incomplete"
PRESCRIBER = "injection_prescriber"
LUNG_CAUTION = "lung"

# --- The check ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Visit:
    """Everything that a rule may read."""

    interventions: Sequence[PlannedIntervention]
    facts: PatientFacts
    competencies: Sequence[KnownCompetency]
    at: datetime
    on_date: date
    basic_required: bool
    visit_ends_at: datetime | None


def safety_check(
    interventions: Sequence[PlannedIntervention],
    facts: PatientFacts,
    competencies: Sequence[KnownCompetency],
    *,
    at: datetime,
    entries: Sequence[Entry] = DEFAULT_LIST,
    on_date: date | None = None,
    basic_required: bool = True,
    visit_ends_at: datetime | None = None,
) -> list[SafetyFinding]:
    """
    Return what stands in the way of a treatment, in the order of its interventions; advice is never in the way.

    :param competencies: of the person who signs
    :param at: when the treatment took place
    :param entries: the effective list, see `safety_table.effective_list`
    :param on_date: the day of the treatment by the clinic's clock; without it, that of `at`
    :param basic_required, visit_ends_at: as in `competency.missing_competency` and `consents.rules.missing_consents`
    """
    visit = _Visit(interventions, facts, competencies, at, on_date or at.date(), basic_required, visit_ends_at)
    if all(planned.technique_class == red_flag_table.ADVICE for planned in interventions):
        return []
    findings = [_unanswered_finding(code) for code in facts.flags.unanswered]
    index_of = _build_index(tuple(entries))
    for number, planned in enumerate(interventions):
        findings += _flags_for(number, planned, visit)
        findings += _entries_for(number, planned, visit, index_of)
    for entry in index_of.of_session:
        findings += SESSION_RULES[entry.rule](entry, visit)
    return findings


@dataclass(frozen=True)
class _Index:
    """The list by (tag, alert), by (tag, caution) and by tag, so that a check reads only what can apply."""

    by_alert: Mapping[tuple[str, str], Sequence[Entry]]
    by_caution: Mapping[tuple[str, str], Sequence[Entry]]
    by_tag: Mapping[str, Sequence[Entry]]
    of_session: Sequence[Entry]


@lru_cache(maxsize=64)
def _build_index(entries: tuple[Entry, ...]) -> _Index:
    by_alert: dict[tuple[str, str], list[Entry]] = {}
    by_caution: dict[tuple[str, str], list[Entry]] = {}
    by_tag: dict[str, list[Entry]] = {}
    for entry in entries:
        if entry.rule in SESSION_RULES:
            continue
        for tag in entry.tags:
            if entry.alert:
                by_alert.setdefault((tag, entry.alert), []).append(entry)
            elif entry.caution:
                by_caution.setdefault((tag, entry.caution), []).append(entry)
            else:
                by_tag.setdefault(tag, []).append(entry)
    return _Index(by_alert, by_caution, by_tag, [entry for entry in entries if entry.rule in SESSION_RULES])


def _entries_for(number: int, planned: PlannedIntervention, visit: _Visit, index: _Index) -> list[SafetyFinding]:
    """Return what the list says to one intervention; of the rows of one alert only the strictest."""
    pointer = f"/interventions/{number}"
    matched: dict[str, Entry] = {}
    strictest: dict[str, int] = {}
    for tag in planned.tags:
        for alert in visit.facts.alerts:
            for entry in index.by_alert.get((tag, alert.code), ()):
                if _covers(entry, alert, planned) and _applies(entry, planned, visit):
                    matched[entry.code] = entry
                    strictest[entry.alert] = max(strictest.get(entry.alert, 0), LEVELS.index(entry.level))
        for entry in index.by_tag.get(tag, ()):
            if _applies(entry, planned, visit):
                matched[entry.code] = entry
        # A caution that a clinic made a stop also stops where nobody named the muscle.
        cautions = planned.muscle.cautions if planned.muscle else CAUTION_TEXTS
        for caution in cautions:
            for entry in index.by_caution.get((tag, caution), ()):
                if (planned.muscle is not None or entry.level == STOP) and _applies(entry, planned, visit):
                    matched[entry.code] = entry
    findings = []
    for entry in matched.values():
        if entry.alert and LEVELS.index(entry.level) < strictest[entry.alert]:
            continue
        level, overridable = entry.level, entry.is_overridable
        if entry.caution and level == CAUTION and _is_specialist(planned):
            level = ACKNOWLEDGE
        if entry.rule == "only_prescriber_overrides":
            overridable = overridable and _is_prescriber(visit)
        findings.append(_finding(entry, pointer, level=level, overridable=overridable))
    return findings


def _applies(entry: Entry, planned: PlannedIntervention, visit: _Visit) -> bool:
    muscle = planned.muscle
    is_placed = bool(entry.muscles or entry.regions)
    if is_placed and muscle and muscle.key not in entry.muscles and muscle.region not in entry.regions:
        return False
    return not entry.rule or INTERVENTION_RULES[entry.rule](planned, visit)


def _covers(entry: Entry, alert: KnownAlert, planned: PlannedIntervention) -> bool:
    """Whether an alert counts where the intervention is; what is not known counts."""
    if entry.where == ANYWHERE or alert.region is None or planned.muscle is None:
        return True
    region = planned.muscle.region
    pointer = {alert.region}
    if entry.where == IN_LIMB:
        pointer |= next((limb for limb in (UPPER_LIMB, LOWER_LIMB) if alert.region in limb), frozenset())
    if region not in pointer:
        return False
    is_sided = region in red_flags.SIDED_REGIONS and alert.region in red_flags.SIDED_REGIONS
    return not is_sided or alert.side in (None, "both", planned.side) or planned.side not in ("left", "right")


def _is_specialist(planned: PlannedIntervention) -> bool:
    return INVASIVE in planned.tags and planned.muscle is not None and planned.muscle.risk in SPECIALIST_RISKS


def _is_prescriber(visit: _Visit) -> bool:
    return any(competency.code == PRESCRIBER and competency.holds(visit.on_date) for competency in visit.competencies)


def _finding(
    entry: Entry,
    pointer: str,
    *,
    params: Mapping[str, Any] | None = None,
    level: str = "",
    overridable: bool | None = None,
    subject: str = "",
) -> SafetyFinding:
    return SafetyFinding(
        level=level or entry.level,
        code=entry.code,
        source=entry.source,
        pointer=pointer,
        reason=entry.reason,
        label=entry.label,
        subject=subject or entry.alert or entry.caution or entry.code,
        params=params or {},
        overridable=entry.is_overridable if overridable is None else overridable,
    )


# --- Red flags ------------------------------------------------------------------------------------------------


def _flags_for(index: int, planned: PlannedIntervention, visit: _Visit) -> list[SafetyFinding]:
    region = planned.muscle.region if planned.muscle else None
    muscle = planned.muscle.key if planned.muscle else None
    findings = []
    for flag in visit.facts.flags.open:
        level = red_flags.stops(flag, planned.technique_class, region, planned.side, muscle=muscle)
        if level != red_flag_table.SHOW:
            findings.append(_flag_finding(flag, level, index, visit))
    return findings


def _flag_finding(flag: OpenFlag, level: str, index: int, visit: _Visit) -> SafetyFinding:
    row = red_flag_table.RED_FLAGS[flag.code]
    code = RED_FLAG
    if level == STOP:
        code = RED_FLAG_KNOWN_AT_SIGNING if flag.answered_at > visit.at else RED_FLAG_STOP
    return SafetyFinding(
        level=level,
        code=code,
        source=row.source,
        pointer="/overrides" if level == STOP else f"/interventions/{index}",
        reason=row.to_do,
        label=row.label,
        subject=flag.code,
        params={"flag": flag.code, "answered_at": flag.answered_at, "exam": flag.assessment_id},
        overridable=row.is_overridable,
        is_emergency=row.is_emergency,
    )


def _unanswered_finding(flag: str) -> SafetyFinding:
    row = red_flag_table.RED_FLAGS[flag]
    return SafetyFinding(
        level=STOP,
        code=SCREEN_INCOMPLETE,
        source=row.source,
        pointer="/red_flags",
        reason=row.question,
        label=row.label,
        subject=f"{SCREEN_INCOMPLETE}:{flag}",
        params={"flag": flag},
        overridable=False,
    )


# --- Rules of one intervention --------------------------------------------------------------------------------


def _no_fresh_consent(planned: PlannedIntervention, visit: _Visit) -> bool:
    """Whether nobody asked for consent to this needle at this visit."""
    own = technique_class(planned.technique)
    return not any(
        consent.technique_class == own
        and consent.given_at >= visit.at - FRESH_CONSENT
        and consent.state(visit.at, visit_ends_at=visit.visit_ends_at) == "valid"
        for consent in visit.facts.consents
    )


def _rhomboids_depth(planned: PlannedIntervention, _visit: _Visit) -> bool:
    length, depth = planned.dose.get("needle_length_mm"), planned.dose.get("depth_mm")
    return length is None or length > RHOMBOIDS_MM or (depth is not None and depth > RHOMBOIDS_MM)


def _no_maximum_on_file(planned: PlannedIntervention, _visit: _Visit) -> bool:
    code = agents.agent_code(planned.dose.get("agent"))
    return code is not None and code != agents.LIDOCAINE


def gives_guardian_age(age_years: int | None) -> bool:
    """Return whether a guardian's consent is needed for a needle; an unknown age is that of a child."""
    return age_years is None or age_years < CHILD_UNTIL_YEARS


INTERVENTION_RULES: dict[str, Callable[[PlannedIntervention, _Visit], bool]] = {
    "muscle_unknown": lambda planned, _visit: planned.muscle is None,
    "over_lung": lambda planned, _visit: planned.muscle is None or LUNG_CAUTION in planned.muscle.cautions,
    "rhomboids_depth": lambda planned, visit: planned.muscle is not None and _rhomboids_depth(planned, visit),
    "child": lambda _planned, visit: gives_guardian_age(visit.facts.age_years),
    "no_fresh_consent": _no_fresh_consent,
    "no_maximum_on_file": _no_maximum_on_file,
    "only_prescriber_overrides": lambda _planned, _visit: True,
}


# --- Rules of the whole session -------------------------------------------------------------------------------


def _both_sides_of_thorax(entry: Entry, visit: _Visit) -> list[SafetyFinding]:
    sides: set[str] = set()
    last = None
    for index, planned in enumerate(visit.interventions):
        if INVASIVE in planned.tags and planned.muscle is not None and LUNG_CAUTION in planned.muscle.cautions:
            sides |= {planned.side} if planned.side in ("left", "right") else {"left", "right"}
            last = index
    return [_finding(entry, f"/interventions/{last}/side")] if len(sides) > 1 else []


def _consent_missing(entry: Entry, visit: _Visit) -> list[SafetyFinding]:
    missing = missing_consents(
        visit.interventions,
        visit.facts.consents,
        visit.at,
        age_years=visit.facts.age_years,
        visit_ends_at=visit.visit_ends_at,
    )
    return [
        _finding(
            entry,
            f"/interventions/{consent.interventions[0]}",
            params={"technique_class": consent.technique_class, "region": consent.region, "why": consent.reason},
            subject=f"{CONSENT_MISSING}:{consent.technique_class}:{consent.region}",
        )
        for consent in missing
    ]


def _competency_missing(entry: Entry, visit: _Visit) -> list[SafetyFinding]:
    missing = competency.missing_competency(
        visit.interventions, visit.competencies, visit.on_date, basic_required=visit.basic_required
    )
    return [
        _finding(
            entry,
            f"/interventions/{lacking.interventions[0]}",
            params={"competency": lacking.code, "expired_on": lacking.expired_on},
            subject=f"{COMPETENCY_MISSING}:{lacking.code}",
        )
        for lacking in missing
    ]


SESSION_RULES: dict[str, Callable[[Entry, _Visit], Iterable[SafetyFinding]]] = {
    BOTH_SIDES_OF_THORAX: _both_sides_of_thorax,
    CONSENT_MISSING: _consent_missing,
    COMPETENCY_MISSING: _competency_missing,
}
RULES = frozenset(INTERVENTION_RULES) | frozenset(SESSION_RULES)
