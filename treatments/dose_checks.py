"""
Whether a session's doses are plausible: values that require each other, contradict each other, or are too much. Pure.

Source: domain facts, sections 3.2 and 3.3; which of it asks and which refuses is a product proposal (safety facts,
part 5). Pointers are into the session.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from errors.exceptions import FieldError
from treatments import agents, rules
from treatments.safety import LUNG_CAUTION, PatientFacts, PlannedIntervention, gives_guardian_age


def check_for_signature(
    interventions: Sequence[PlannedIntervention],
    facts: PatientFacts,
    reasons: Mapping[str, str],
    *,
    at: datetime,
    on_date: date,
) -> list[FieldError]:
    """
    Return what the doses lack, contradict or exceed before a signature.

    :param reasons: why the session as a whole is outside the usual
    :param on_date: the day of the treatment, by the clinic's clock
    """
    errors = []
    for index, planned in enumerate(interventions):
        errors += _check_intervention(f"/interventions/{index}", planned, facts, at=at, on_date=on_date)
    errors += _check_first_visit(interventions, facts, reasons)
    return errors + check_weight(
        [(planned.technique, planned.dose) for planned in interventions],
        facts.weight_kg,
        weight_is_needed=gives_guardian_age(facts.age_years),
    )


def _check_intervention(
    here: str, planned: PlannedIntervention, facts: PatientFacts, *, at: datetime, on_date: date
) -> list[FieldError]:
    technique = rules.TECHNIQUES[planned.technique]
    dose, reasons = planned.dose, planned.limit_reasons
    errors = contradictions(here, planned.technique, dose, reasons)
    if not technique.breaks_skin:
        return errors
    is_over_lung = planned.muscle is None or LUNG_CAUTION in planned.muscle.cautions
    if is_over_lung and dose.get("needle_length_mm") is None:
        errors.append(FieldError(f"{here}/dose/needle_length_mm", "required.needle_length"))
    last = _last_needled(planned, facts)
    if last is not None and at - last < rules.NEEDLING_INTERVAL and not reasons.get("interval"):
        params = {"last": last, "hours": int(rules.NEEDLING_INTERVAL.total_seconds()) // 3600}
        errors.append(FieldError(f"{here}/interval", "reason_required.interval", params))
    if planned.technique == "trigger_point_injection":
        errors += _check_injection(here, dose, on_date)
    return errors


def _check_injection(here: str, dose: Mapping[str, Any], on_date: date) -> list[FieldError]:
    needed = ["prescriber", "agent"]
    if agents.agent_code(dose.get("agent")) in (None, *agents.ANAESTHETICS):
        needed += ["concentration_pct", "volume_ml"]
    errors = [
        FieldError(f"{here}/dose/{name}", "required.injection", {"field": name})
        for name in needed
        if dose.get(name) in (None, "")
    ]
    expiry = dose.get("expiry_date")
    if expiry is not None and expiry < on_date:
        errors.append(FieldError(f"{here}/dose/expiry_date", "expired", {"expiry": expiry}))
    return errors


def contradictions(here: str, technique: str, dose: Mapping[str, Any], reasons: Mapping[str, str]) -> list[FieldError]:
    """Return what in one dose does not fit together; a reason, or a correction, settles it."""
    if technique not in ("dry_needling", "trigger_point_injection"):
        return []
    errors = []
    has_current = any(name.startswith("es_") and value is not None for name, value in dose.items())
    is_electrical = dose.get("needling_technique") == "electrical"
    if has_current and not is_electrical and not reasons.get("needling_technique"):
        errors.append(FieldError(f"{here}/dose/needling_technique", "reason_required.not_electrical"))
    for name in ("es_hz", "es_minutes"):
        if is_electrical and dose.get(name) is None and not reasons.get(name):
            errors.append(FieldError(f"{here}/dose/{name}", "reason_required.electrical", {"field": name}))
    count, elicited = dose.get("ltr_count"), dose.get("ltr_elicited")
    if count is not None and (count > 0) != (elicited == "yes") and not reasons.get("ltr_elicited"):
        errors.append(FieldError(f"{here}/dose/ltr_elicited", "reason_required.twitches", {"count": count}))
    return errors


def _last_needled(planned: PlannedIntervention, facts: PatientFacts) -> datetime | None:
    """Return when this point was needled last; without a point, when anything in the muscle was."""
    if planned.muscle is None:
        return max(facts.last_needled.values(), default=None)
    place = (planned.muscle.key, planned.side)
    keys = [planned.trigger_point, (*place, None)] if planned.trigger_point else [place]
    return max((facts.last_needled[key] for key in keys if key in facts.last_needled), default=None)


def _check_first_visit(
    interventions: Iterable[PlannedIntervention], facts: PatientFacts, reasons: Mapping[str, str]
) -> list[FieldError]:
    needled = [i for i in interventions if rules.TECHNIQUES[i.technique].breaks_skin]
    muscles = {(i.muscle.key, i.side) for i in needled if i.muscle}
    number = len(muscles) + sum(i.muscle is None for i in needled)
    if facts.first_visit and number > rules.FIRST_VISIT_MUSCLES_SOFT and not reasons.get("needled_muscles"):
        params = {"usual": rules.FIRST_VISIT_MUSCLES_SOFT}
        return [FieldError("/limit_reasons/needled_muscles", "reason_required.needled_muscles", params)]
    return []


def without_impossible(dose: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return a dose of an older document without what can no longer be recorded, for its new version.

    The signed version keeps it; in the new one somebody enters what was meant.
    """
    depth, length = dose.get("depth_mm"), dose.get("needle_length_mm")
    is_too_deep = depth is not None and length is not None and depth > length
    return {name: value for name, value in dose.items() if not (is_too_deep and name == "depth_mm")}


# --- How much in all ------------------------------------------------------------------------------------------


def total_by_agent(doses: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Decimal]:
    """Return the milligrams of each agent over a whole session, as far as they are recorded."""
    totals: dict[str, Decimal] = {}
    for technique, dose in doses:
        code = agents.agent_code(dose.get("agent")) if technique == "trigger_point_injection" else None
        if code in agents.ANAESTHETICS:
            amount = rules.total_mg(dose.get("volume_ml"), dose.get("concentration_pct")) or Decimal(0)
            totals[code] = totals.get(code, Decimal(0)) + amount
    return totals


def check_weight(
    doses: Iterable[tuple[str, Mapping[str, Any]]], weight_kg: Decimal | None, *, weight_is_needed: bool
) -> list[FieldError]:
    """
    Return whether the weight is missing that the whole session's local anaesthetic needs.

    :param doses: technique and dose of each intervention
    :param weight_is_needed: for any amount, as for a child
    """
    totals = total_by_agent(doses)
    most = max(totals.values(), default=Decimal(0))
    if weight_kg is None and totals and (weight_is_needed or most > rules.WEIGHT_ABOVE_MG):
        return [FieldError("/weight_kg", "required.weight", {"limit_mg": rules.WEIGHT_ABOVE_MG})]
    return []


def check_lidocaine(
    doses: Sequence[tuple[str, Mapping[str, Any]]], weight_kg: Decimal | None, reasons: Mapping[str, str]
) -> list[FieldError]:
    """
    Return whether lidocaine is above its maximum by weight (refused), or above 300 mg plain (asks).

    Only lidocaine has a maximum on file; for other agents the safety list says so.
    """
    total_mg = total_by_agent(doses).get(agents.LIDOCAINE, Decimal(0))
    total_mg = total_by_agent(doses).get(agents.LIDOCAINE, Decimal(0))
    # One dose without adrenaline, or of which nobody wrote it down, makes the limit that of plain lidocaine.
    is_plain = any(
        not dose.get("adrenaline")
        for _technique, dose in doses
        if agents.agent_code(dose.get("agent")) == agents.LIDOCAINE
    )
    per_kg = rules.LIDOCAINE_PLAIN_MG_KG if is_plain else rules.LIDOCAINE_ADRENALINE_MG_KG
    if weight_kg is not None and total_mg > (limit := per_kg * Decimal(str(weight_kg))):
        return [FieldError("/interventions", "over_maximum", {"total_mg": total_mg, "limit_mg": limit})]
    if is_plain and total_mg > rules.LIDOCAINE_PLAIN_SOFT_MG and not reasons.get("total_mg"):
        asked = {"total_mg": total_mg, "limit_mg": rules.LIDOCAINE_PLAIN_SOFT_MG}
        return [FieldError("/interventions", "reason_required.lidocaine", asked)]
    return []
