"""Whether a session's content can be: each impossible value is named with its place. Plain Python, like the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import catalogue
from assessments.checks import EARLIEST_YEAR
from assessments.red_flags import MIN_REASON_CHARACTERS
from assessments.rules import PAIN, PPT_HARD_KPA, RED_FLAGS, rom_limits_deg
from errors.exceptions import FieldError, Invalid, Problems
from patients.rules import is_before_birth
from treatments import dose_checks, rules
from treatments.safety_entries import OWN_CODE
from treatments.safety_table import DEFAULT_CODES
from treatments.values import Dose, NewIntervention, NewMeasure, SessionContent


def check_content(
    content: SessionContent, *, birth_date: date | None, at: datetime, reasons_may_wait: bool = False
) -> None:
    """
    :param content: what is given of a session; each intervention on a trigger point has its `muscle` filled in already
    :param birth_date: the patient's; None: not known
    :param reasons_may_wait: a draft that is being written may owe a reason until it is signed
    :raises Invalid: naming every value that cannot be
    """
    problems = Problems()
    performed_at = content.performed_at
    if performed_at is not None and performed_at.year < EARLIEST_YEAR:
        problems.add("/performed_at", "too_early", year=EARLIEST_YEAR)
    if performed_at is not None and performed_at > at:
        problems.add("/performed_at", "in_future.session")
    if performed_at is not None and is_before_birth(performed_at, birth_date):
        problems.add("/performed_at", "before_birth.session")
    for index, intervention in enumerate(content.interventions):
        _check_intervention(intervention, f"/interventions/{index}", problems)
    if "interventions" in content.given:
        _check_whole(content, problems)
    for index, measure in enumerate(content.measures):
        _check_measure(measure, f"/measures/{index}", problems, at=at)
    _check_answers(content, problems, at=at)
    low, high = rules.WEIGHT_KG
    if content.weight_kg is not None and not low <= content.weight_kg <= high:
        problems.add("/weight_kg", "out_of_range.unit", low=low, high=high, unit="kg")
    if reasons_may_wait:
        for code in ("reason_required", "too_short", "required"):
            problems.forgive(code)
    problems.raise_if_any()


def _check_answers(content: SessionContent, problems: Problems, *, at: datetime) -> None:
    """Whether what is passed or acknowledged can be: a known code, once, with a reason that explains something."""
    for name, rows in (("overrides", content.overrides), ("acknowledged", content.acknowledged)):
        seen: set[str] = set()
        for index, row in enumerate(rows):
            pointer, code = f"/{name}/{index}", row.code
            if code not in RED_FLAGS and code not in DEFAULT_CODES and not code.startswith(OWN_CODE):
                problems.add(f"{pointer}/code", "unknown_code.override")
            if code in seen:
                problems.add(f"{pointer}/code", "duplicate.override")
            seen.add(code)
    for index, override in enumerate(content.overrides):
        pointer = f"/overrides/{index}"
        if len(override.reason.strip()) < MIN_REASON_CHARACTERS:
            problems.add(f"{pointer}/reason", "too_short.override", least=MIN_REASON_CHARACTERS)
        flag = RED_FLAGS.get(override.code)
        if flag is not None and flag.is_emergency:
            if not override.seen_by:
                problems.add(f"{pointer}/seen_by", "required.seen_by")
            if override.seen_at is None:
                problems.add(f"{pointer}/seen_at", "required.seen_at")
        if override.seen_at is not None and override.seen_at > at:
            problems.add(f"{pointer}/seen_at", "in_future.seen_at")


def problems_before_signing(
    content: SessionContent, *, birth_date: date | None, at: datetime, unreviewed: frozenset[str] = frozenset()
) -> Problems:
    """
    Return what a session's own content puts between it and its signature; see `signing` for the rest.

    :param unreviewed: ids of interventions brought from the last session that nobody has confirmed yet
    """
    problems = Problems()
    if not content.interventions and not content.notes:
        problems.add("/interventions", "empty.session")
    try:
        check_content(content, birth_date=birth_date, at=at)
    except Invalid as refusal:
        problems.errors += refusal.errors
    for index, intervention in enumerate(content.interventions):
        if str(intervention.id) in unreviewed:
            problems.add(f"/interventions/{index}", "unreviewed.intervention")
    return problems


def _check_intervention(intervention: NewIntervention, here: str, problems: Problems) -> None:
    technique, dose, reasons = intervention.technique, intervention.dose, intervention.limit_reasons
    errors = rules.check_dose(technique, dose, reasons)
    muscle = intervention.muscle
    if muscle is not None and muscle not in catalogue.MUSCLES:
        problems.add(f"{here}/muscle", "unknown_muscle")
    elif muscle is not None:
        needling = catalogue.MUSCLES[muscle]["needling"]
        errors += rules.check_needle(
            technique,
            dose,
            reasons,
            muscle=muscle,
            risk=needling["risk"],
            cautions=frozenset(needling["cautions"]),
        )
    if (muscle is None) != (intervention.side is None):
        problems.add(f"{here}/side", "muscle_and_side")
    if muscle is None and rules.TECHNIQUES[technique].breaks_skin:
        problems.add(f"{here}/muscle", "required.needled_muscle")
    problems.errors += [replace(error, pointer=f"{here}{error.pointer}") for error in errors]


def _check_whole(content: SessionContent, problems: Problems) -> None:
    reasons = content.limit_reasons
    needled = sum(rules.TECHNIQUES[row.technique].breaks_skin for row in content.interventions)
    if needled > rules.NEEDLED_POINTS_HARD:
        problems.add("/interventions", "too_many_points", most=rules.NEEDLED_POINTS_HARD)
    elif needled > rules.NEEDLED_POINTS_SOFT and not reasons.get("needled_points"):
        problems.add("/interventions", "reason_required.needled_points", usual=rules.NEEDLED_POINTS_SOFT)
    doses = [(row.technique, row.dose) for row in content.interventions]
    problems.errors += dose_checks.check_lidocaine(doses, content.weight_kg, reasons)


def _check_measure(measure: NewMeasure, here: str, problems: Problems, *, at: datetime) -> None:
    entry_kind, value = measure.kind, Decimal(measure.value)
    movement = measure.movement
    if (entry_kind == "rom_deg") != (movement is not None):
        problems.add(f"{here}/movement", "movement_of_range")
    elif movement is not None and movement not in catalogue.MOVEMENTS:
        problems.add(f"{here}/movement", "unknown_movement")
    limits: dict[str, tuple[Any, Any]] = {"pain": PAIN, "ppt_kpa": PPT_HARD_KPA}
    low, high = limits.get(entry_kind) or rom_limits_deg(movement or "")
    if not low <= value <= high:
        problems.add(f"{here}/value", "out_of_range", low=low, high=high)
    if entry_kind == "pain" and value != value.to_integral_value():
        problems.add(f"{here}/value", "whole_number.pain", low=PAIN[0], high=PAIN[1])
    if (measure.phase == "after") != (measure.timing is not None):
        problems.add(f"{here}/timing", "timing_of_after")
    if measure.measured_at is not None and measure.measured_at.year < EARLIEST_YEAR:
        problems.add(f"{here}/measured_at", "too_early", year=EARLIEST_YEAR)
    if measure.measured_at is not None and measure.measured_at > at:
        problems.add(f"{here}/measured_at", "in_future.measure")


def needle_problems(interventions: Iterable[tuple[str, Dose]]) -> list[FieldError]:
    """
    Return what keeps a session from being signed: needles that are not counted, or of which one is missing.

    :param interventions: technique and dose of each, in the session's order
    """
    errors = []
    for index, (technique, dose) in enumerate(interventions):
        if not rules.TECHNIQUES[technique].counts_needles:
            continue
        pointer = f"/interventions/{index}/dose/needles_out"
        needles_in, needles_out = dose.get("needles_in"), dose.get("needles_out")
        if needles_in is None or needles_out is None:
            errors.append(FieldError(pointer, "needles_differ.not_counted"))
        elif needles_in == 0:
            errors.append(FieldError(f"/interventions/{index}/dose/needles_in", "needles_differ.none_in"))
        elif needles_in != needles_out:
            params = {"needles_in": needles_in, "needles_out": needles_out}
            errors.append(FieldError(pointer, "needles_differ.counted", params))
    return errors
