"""Reads of outcome measures: a patient's results by series, and the clinic's settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

import catalogue
from assessments import measures
from assessments.models import Finding
from assessments.outcomes import rules
from assessments.outcomes.models import Outcome, OutcomeSettings


@dataclass(frozen=True)
class Result:
    """One kept result with what it comes to, and its change since the first of its series."""

    row: Outcome
    entered: rules.NewOutcome
    score: rules.Score
    change: measures.Change | None = None


def read_result(row: Outcome) -> Result:
    entered = rules.from_answers(
        row.measure, row.performed_at, row.answers, muscle=row.muscle_id or "", side=row.side or ""
    )
    return Result(row, entered, rules.score(entered))


def list_series(patient_ids: Sequence[UUID]) -> list[list[Result]]:
    """
    Return a patient's standing results by series, each oldest first; the series in the catalogue's order.

    Each result after the first has the change since the first.
    """
    rows = Outcome.objects.of_patients(patient_ids).standing().order_by("performed_at", "id")
    by_key: dict[str, list[Result]] = {}
    regions = find_regions(patient_ids)
    for row in rows:
        series = by_key.setdefault(row.series_key, [])
        result = read_result(row)
        series.append(compare_with_first(series[0], result, regions) if series else result)
    return sorted(by_key.values(), key=lambda series: rules.MEASURES.index(series[0].row.measure))


def compare_with_first(first: Result, later: Result, regions: frozenset[str]) -> Result:
    """The later result with its change; none where a score is missing, or the measure is a change itself."""
    if catalogue.MEASURES[later.row.measure].get("is_change") or first.score.value is None or later.score.value is None:
        return later
    subject = rules.subject_of(later.entered, regions)
    change = measures.compare(later.row.measure, first.score.value, later.score.value, subject)
    return Result(later.row, later.entered, later.score, change)


def find_regions(patient_ids: Sequence[UUID]) -> frozenset[str]:
    """Return the parts of the body that a patient's signed findings lie in."""
    findings = Finding.objects.filter(
        assessment__patient_id__in=patient_ids, assessment__signed_at__isnull=False, assessment__record__mark=None
    )
    muscles = findings.order_by().values_list("muscle_id", flat=True).distinct()
    return frozenset(catalogue.MUSCLES[muscle]["region"] for muscle in muscles)


def outcome_settings(clinic_id: UUID, *, for_update: bool = False) -> OutcomeSettings:
    """The clinic's settings; without a row of its own, nothing is asked for."""
    rows = OutcomeSettings.objects.filter(pk=clinic_id)
    if for_update:
        rows = rows.select_for_update()
    return rows.first() or OutcomeSettings(clinic_id=clinic_id)


def days_of_results(
    patient_ids: Sequence[UUID], codes: Sequence[str], zone: ZoneInfo
) -> dict[UUID, dict[str, list[date]]]:
    """Return for each patient, and each of these measures, the days of the standing results."""
    days: dict[UUID, dict[str, list[date]]] = {}
    rows = Outcome.objects.of_patients(patient_ids).standing().filter(measure__in=codes)
    for patient_id, measure, performed_at in rows.values_list("patient_id", "measure", "performed_at"):
        days.setdefault(patient_id, {}).setdefault(measure, []).append(performed_at.astimezone(zone).date())
    return days
