"""An assessment as JSON: the same content that the API answers with and that is signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from accounts.queries import shows_classification
from assessments import rules
from assessments.models import Assessment, Finding, PainMark, RangeOfMotion, RedFlagAnswer, Referral
from assessments.red_flag_table import TABLE_VERSION
from assessments.red_flags import FlagState, OpenFlag
from patients.rules import KnownAlert
from records.documents import document_head, in_order

# What the rules say of a finding. A clinic in documentation-only mode has none of it.
CLASSIFICATION = ("criteria", "class", "rule_set", "rule_set_version", "missing_tests")
# What a finding carries in an answer, and cannot be sent.
COMPUTED_OF_FINDING = (
    "id", "ppt_mean_kpa", *CLASSIFICATION,
)  # fmt: skip


@dataclass(frozen=True)
class ExamParts:
    """
    The rows of an exam, as they were read or as an action has just written them.

    :ivar referrals: by the finding's id
    """

    findings: Sequence[Finding]
    referrals: Mapping[UUID, Sequence[Referral]]
    movements: Sequence[RangeOfMotion]
    red_flag_answers: Sequence[RedFlagAnswer]
    pain_marks: Sequence[PainMark]


def get_parts(assessment: Assessment) -> ExamParts:
    """Return the rows of an exam that was read `with_parts`."""
    findings = list(assessment.findings.all())
    return ExamParts(
        findings=findings,
        referrals={finding.pk: list(finding.referrals.all()) for finding in findings},
        movements=list(assessment.movements.all()),
        red_flag_answers=list(assessment.red_flag_answers.all()),
        pain_marks=list(assessment.pain_marks.all()),
    )


def assessment_content(
    assessment: Assessment, parts: ExamParts | None = None, *, classified: bool | None = None
) -> dict[str, Any]:
    """
    What was found, in the API's names.

    :param parts: None: the assessment was read `with_parts`
    :param classified: with what the rules say; None: as the clinic shows it
    """
    parts = parts or get_parts(assessment)
    return {
        "performed_at": assessment.performed_at,
        "pain_now": assessment.pain_now,
        "pain_worst_24h": assessment.pain_worst_24h,
        "pain_best_24h": assessment.pain_best_24h,
        "current_symptom": assessment.current_symptom,
        "rule_set": assessment.rule_set,
        "red_flags": [
            {
                "code": a.code,
                "answer": a.answer,
                "note": a.note,
                "source": a.source or None,
                "regions": a.regions,
                "side": a.side,
            }
            for a in in_order(parts.red_flag_answers)
        ],
        "red_flag_gate": {"action": assessment.gate_action, "blocking": assessment.gate_blocking},
        "pain_drawing": [
            {"zone": m.zone_id, "side": m.side, "intensity": m.intensity} for m in in_order(parts.pain_marks)
        ],
        "range_of_motion": [
            {
                "movement": m.movement_id,
                "side": m.side,
                "degrees": m.degrees,
                "painful": m.painful,
                "device": m.device,
            }
            for m in in_order(parts.movements)
        ],
        "findings": [
            finding_json(f, parts.referrals.get(f.pk, ()), classified=classified) for f in in_order(parts.findings)
        ],
        "notes": assessment.notes,
    }


def finding_json(finding: Finding, referrals: Sequence[Referral], *, classified: bool | None = None) -> dict[str, Any]:
    point = None
    if finding.point_view is not None:
        point = {"view": finding.point_view, "x": finding.point_x, "y": finding.point_y}
    return {
        "id": finding.pk,
        "trigger_point": finding.trigger_point_id,
        "muscle": finding.muscle_id,
        "side": finding.side,
        "place": finding.place,
        "point": point,
        **finding.signs,
        "twitch_method": finding.twitch_method,
        "referred_to": [{"zone": r.zone_id, "side": r.side} for r in in_order(referrals)],
        "referred_quality": finding.referred_quality,
        "recognised": finding.recognised,
        "pain_on_pressure": finding.pain_on_pressure,
        "ppt_kpa": finding.ppt_kpa,
        "ppt_mean_kpa": rules.mean_ppt_kpa(finding.ppt_kpa),
        "probe_area_cm2": finding.probe_area_cm2,
        "limit_reasons": finding.limit_reasons,
        "notes": finding.notes,
        **(classification_json(finding) if _shows(classified) else {}),
    }


def _shows(classified: bool | None) -> bool:
    return shows_classification() if classified is None else classified


def classification_json(finding: Finding) -> dict[str, Any]:
    """What the rule set says of a finding."""
    return {
        "criteria": finding.criteria,
        "class": finding.class_code,
        "rule_set": finding.rule_set,
        "rule_set_version": finding.rule_set_version,
        "missing_tests": finding.missing_tests,
    }


def safety_json(flags: FlagState, alerts: Sequence[KnownAlert]) -> dict[str, Any]:
    """What was known of a patient's safety before an exam: the last screen, open red flags and alerts."""
    return {
        "table_version": TABLE_VERSION,
        "screen_at": flags.screened_at,
        "open_flags": [open_flag_json(flag) for flag in flags.open],
        "alerts": [alert_json(alert) for alert in alerts],
    }


def open_flag_json(flag: OpenFlag) -> dict[str, Any]:
    """An open red flag, as signed documents keep it."""
    return {
        "code": flag.code,
        "answered_at": flag.answered_at,
        "exam": flag.assessment_id,
        "regions": list(flag.regions),
        "side": flag.side,
    }


def alert_json(alert: KnownAlert) -> dict[str, Any]:
    """An alert, as signed documents keep it."""
    return {"code": alert.code, "side": alert.side, "region": alert.region}


def assessment_json(assessment: Assessment, parts: ExamParts | None = None) -> dict[str, Any]:
    return {**document_head(assessment), **assessment_content(assessment, parts)}
