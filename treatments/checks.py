"""Whether a session's content can be: each impossible value is named with its place. Plain Python, like the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from assessments import catalogue
from assessments.checks import EARLIEST_YEAR
from assessments.rules import PAIN, PPT_HARD_KPA, RED_FLAGS, rom_limits_deg
from clinic.errors import FieldError, Invalid, Problems
from treatments import rules

Content = Mapping[str, Any]


def check_content(content: Content, *, at: datetime, reasons_may_wait: bool = False) -> None:
    """
    :param content: the fields of a session that are given, in the API's names; each intervention on a trigger point
        has its `muscle` filled in already
    :param reasons_may_wait: a draft that is being written may owe a reason until it is signed
    :raises Invalid: naming every value that cannot be
    """
    problems = Problems()
    performed_at = content.get("performed_at")
    if performed_at is not None and performed_at.year < EARLIEST_YEAR:
        problems.add("/performed_at", "too_early", year=EARLIEST_YEAR)
    if performed_at is not None and performed_at > at:
        problems.add("/performed_at", "in_future.session")
    for index, intervention in enumerate(content.get("interventions") or ()):
        _check_intervention(intervention, f"/interventions/{index}", problems)
    if "interventions" in content:
        _check_whole(content["interventions"] or (), content.get("limit_reasons") or {}, problems)
    for index, measure in enumerate(content.get("measures") or ()):
        _check_measure(measure, f"/measures/{index}", problems, at=at)
    seen: set[str] = set()
    for index, override in enumerate(content.get("overrides") or ()):
        if override["code"] not in RED_FLAGS:
            problems.add(f"/overrides/{index}/code", "unknown_code.red_flag")
        if override["code"] in seen:
            problems.add(f"/overrides/{index}/code", "duplicate.override")
        seen.add(override["code"])
    if reasons_may_wait:
        problems.forgive("reason_required")
    problems.raise_if_any()


def problems_before_signing(content: Content, *, at: datetime) -> Problems:
    """What a session's own content puts between it and its signature; needles and red flags are asked beside."""
    problems = Problems()
    if not content["interventions"] and not content["notes"]:
        problems.add("/interventions", "empty.session")
    try:
        check_content(content, at=at)
    except Invalid as refusal:
        problems.errors += refusal.errors
    return problems


def _check_intervention(intervention: Content, here: str, problems: Problems) -> None:
    technique, dose = intervention["technique"], intervention.get("dose") or {}
    reasons = intervention.get("limit_reasons") or {}
    errors = rules.check_dose(technique, dose, reasons)
    muscle = intervention.get("muscle")
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
    if (muscle is None) != (intervention.get("side") is None):
        problems.add(f"{here}/side", "muscle_and_side")
    if muscle is None and rules.TECHNIQUES[technique].breaks_skin:
        problems.add(f"{here}/muscle", "required.needled_muscle")
    problems.errors += [replace(error, pointer=f"{here}{error.pointer}") for error in errors]


def _check_whole(interventions: Sequence[Content], reasons: Mapping[str, str], problems: Problems) -> None:
    needled = sum(rules.TECHNIQUES[i["technique"]].breaks_skin for i in interventions)
    if needled > rules.NEEDLED_POINTS_HARD:
        problems.add("/interventions", "too_many_points", most=rules.NEEDLED_POINTS_HARD)
    elif needled > rules.NEEDLED_POINTS_SOFT and not reasons.get("needled_points"):
        problems.add("/interventions", "reason_required.needled_points", usual=rules.NEEDLED_POINTS_SOFT)
    lidocaine = _lidocaine_mg(interventions)
    if lidocaine > rules.LIDOCAINE_PLAIN_SOFT_MG and not reasons.get("total_mg"):
        params = {"total_mg": lidocaine, "limit_mg": rules.LIDOCAINE_PLAIN_SOFT_MG}
        problems.errors.append(FieldError("/interventions", "reason_required.lidocaine", params))


def _lidocaine_mg(interventions: Iterable[Content]) -> Decimal:
    total = Decimal(0)
    for dose in (i.get("dose") or {} for i in interventions):
        if "lidocaine" in str(dose.get("agent") or "").casefold():
            total += rules.total_mg(dose.get("volume_ml"), dose.get("concentration_pct")) or 0
    return total


def _check_measure(measure: Content, here: str, problems: Problems, *, at: datetime) -> None:
    kind, value = measure["kind"], Decimal(measure["value"])
    movement = measure.get("movement")
    if (kind == "rom_deg") != (movement is not None):
        problems.add(f"{here}/movement", "movement_of_range")
    elif movement is not None and movement not in catalogue.MOVEMENTS:
        problems.add(f"{here}/movement", "unknown_movement")
    limits: dict[str, tuple[Any, Any]] = {"pain": PAIN, "ppt_kpa": PPT_HARD_KPA}
    low, high = limits.get(kind) or rom_limits_deg(movement or "")
    if not low <= value <= high:
        problems.add(f"{here}/value", "out_of_range", low=low, high=high)
    if kind == "pain" and value != value.to_integral_value():
        problems.add(f"{here}/value", "whole_number.pain", low=PAIN[0], high=PAIN[1])
    if (measure["phase"] == "after") != (measure.get("timing") is not None):
        problems.add(f"{here}/timing", "timing_of_after")
    if measure.get("measured_at") is not None and measure["measured_at"].year < EARLIEST_YEAR:
        problems.add(f"{here}/measured_at", "too_early", year=EARLIEST_YEAR)
    if measure.get("measured_at") is not None and measure["measured_at"] > at:
        problems.add(f"{here}/measured_at", "in_future.measure")


def needle_problems(interventions: Iterable[tuple[str, Mapping[str, Any]]]) -> list[FieldError]:
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
        elif needles_in != needles_out:
            params = {"needles_in": needles_in, "needles_out": needles_out}
            errors.append(FieldError(pointer, "needles_differ.counted", params))
    return errors
