"""Everything that changes what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts import clinic_settings
from assessments import checks, documents, exam_paths, points, queries, raised_flags, rules
from assessments.models import (
    Assessment,
    AssessmentQuerySet,
    Finding,
    PainMark,
    RangeOfMotion,
    RedFlagAnswer,
    Referral,
    TriggerPoint,
)
from assessments.red_flags import MIN_REASON_CHARACTERS
from assessments.values import ExamContent, NewFinding, NewZone, read_exam
from database import bulk
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Invalid
from identity.actor import Actor
from patients.models import Patient
from patients.queries import identities, list_alerts
from records.editing import Flat
from records.kinds import DocumentKind, IdTaken, Section
from records.signing import SigningCheck, Stop
from worklist import actions as worklist

# Columns of a finding that are recorded as they are sent, under the same name.
SAME_IN_ROW = [
    "side", "place", *rules.SIGNS, "spot_in_band", "twitch_method", "recognised", "pain_on_pressure",
    "probe_area_cm2", "notes", "unreviewed",
]  # fmt: skip


class ExamKind(DocumentKind[Assessment, documents.ExamParts, ExamContent, SigningCheck]):
    """What an exam says for itself; see `records.kinds` for its life."""

    model = Assessment
    code = "assessment"
    scope = "assessments"
    head_fields = [
        "performed_at", "pain_now", "pain_worst_24h", "pain_best_24h", "current_symptom", "rule_set", "notes",
    ]  # fmt: skip
    computed_fields = ["gate_action", "gate_blocking"]
    checked_together = ["pain_best_24h", "pain_worst_24h"]
    sections = {
        "findings": Section(models=(Referral, Finding), parts=("findings", "referrals")),
        "range_of_motion": Section(models=(RangeOfMotion,), parts=("movements",)),
        "red_flags": Section(models=(RedFlagAnswer,), parts=("red_flag_answers",)),
        "pain_drawing": Section(models=(PainMark,), parts=("pain_marks",)),
    }
    row_lists = exam_paths.ROWS
    read = staticmethod(read_exam)
    get_parts = staticmethod(documents.get_parts)
    unflatten = staticmethod(exam_paths.unflatten)
    row_paths = staticmethod(exam_paths.row_paths)
    tidy = staticmethod(exam_paths.tidy)

    def rows(self) -> AssessmentQuerySet:
        return Assessment.objects.all()

    def content_of(self, document: Assessment, parts: documents.ExamParts | None = None) -> dict[str, Any]:
        return documents.assessment_content(document, parts)

    def document_json(self, document: Assessment, parts: documents.ExamParts | None = None) -> dict[str, Any]:
        return documents.assessment_json(document, parts)

    def check(
        self, content: ExamContent, *, birth_date: date | None, at: datetime, reasons_may_wait: bool = False
    ) -> None:
        checks.check_content(content, birth_date=birth_date, at=at, reasons_may_wait=reasons_may_wait)

    def complete(self, content: ExamContent, *, patient: Patient, draft: Assessment | None = None) -> ExamContent:
        """:raises Invalid: a finding names a trigger point that is not this patient's, or not there"""
        findings = points.complete_points(content.findings, patient_id=patient.pk)
        return replace(content, findings=findings) if content.findings else content

    def fill(self, document: Assessment, content: ExamContent) -> None:
        super().fill(document, content)
        document.rule_set = document.rule_set or document.patient.clinic.rule_set
        if "red_flags" in content.given:
            gate = rules.red_flag_gate({answer.code: answer.answer for answer in content.red_flags})
            document.gate_action, document.gate_blocking = gate.action, list(gate.blocking)

    def write(
        self, document: Assessment, content: ExamContent, *, by: Actor, at: datetime, is_new: bool
    ) -> documents.ExamParts:
        before: Mapping[UUID, TriggerPoint] = {}
        if not is_new:
            before = _points_before(document) if content.findings else before
            self.delete_rows(document, content.given)
        parts = _insert_parts(document, content, before)
        # Findings that were not sent keep their signs, but what judges them has changed.
        if not is_new and "findings" not in content.given and {"rule_set", "current_symptom"} & content.given:
            parts = replace(parts, findings=_classify_again(document))
        # A "yes" that moves behind a "no" opens its flag, too.
        if "red_flags" in content.given or ("performed_at" in content.given and not is_new):
            raised_flags.flags_may_be_open(patient_id=document.patient_id, by=by, at=at)
        return parts

    def renew_parts(
        self, parts: documents.ExamParts, written: documents.ExamParts, content: ExamContent
    ) -> documents.ExamParts:
        renewed = super().renew_parts(parts, written, content)
        if "findings" not in content.given and written.findings:  # classified again
            renewed = replace(renewed, findings=written.findings)
        return renewed

    def check_signature(
        self, document: Assessment, content: Mapping[str, Any] | None = None, *, by: Actor, at: datetime
    ) -> SigningCheck:
        content = content or self.content_of(document)
        problems = checks.problems_before_signing(
            self.read(content),
            unreviewed=ids_to_review(document.findings.all()),
            birth_date=document.patient.birth_date,
            at=at,
        )
        return SigningCheck(tuple(Stop(error) for error in problems.errors), content)

    def seal(self, document: Assessment, check: SigningCheck, *, at: datetime) -> Mapping[str, Any]:
        return {**check.content, "known_before": describe_safety_before(document, at=at)}

    def copy_parts(self, source: Assessment, draft: Assessment, *, at: datetime) -> None:
        content = self.read(self.content_of(source))
        # The rows of the new version are new rows: the signed ones keep their ids.
        findings = tuple(replace(finding, id=None) for finding in content.findings)
        _insert_parts(draft, replace(content, findings=findings))

    def announce_error(self, document: Assessment, *, reason: str, by: Actor, at: datetime) -> None:
        """:raises Invalid: it has a red flag, and the reason is too short to explain why that should not count"""
        answers = RedFlagAnswer.objects.filter(assessment=document, answer="yes")
        flags = sorted(answers.values_list("code", flat=True))
        if flags and len(reason.strip()) < MIN_REASON_CHARACTERS:
            raise Invalid.at("/reason", "too_short.flagged_exam", least=MIN_REASON_CHARACTERS)
        if flags:
            worklist.raise_item(
                kind="referral_withdrawn",
                patient_id=document.patient_id,
                about_id=document.pk,
                facts={"flags": flags, "at": document.performed_at.isoformat()},
                by=by,
                at=at,
            )

    def follow_withdrawal(self, document: Assessment, *, by: Actor, at: datetime) -> None:
        """Its red flags count no more, and neither does its "no": what that closed is open again."""
        raised_flags.flags_may_be_open(patient_id=document.patient_id, by=by, at=at)

    def flatten(self, document: Assessment, parts: documents.ExamParts) -> Flat:
        return exam_paths.flatten(self.content_of(document, parts), unreviewed=ids_to_review(parts.findings))


EXAM = ExamKind()


def describe_safety_before(assessment: Assessment, *, at: datetime) -> dict[str, Any]:
    """What the record knew of the patient's safety, this exam apart; the signed document keeps it."""
    people = identities(clinic_id=assessment.clinic_id, patient_id=assessment.patient_id)
    flags = queries.flag_state(people, at=at, leave_out=assessment.subject_id)
    return documents.safety_json(flags, list_alerts(people))


def set_rule_set(*, rule_set: str, by: Actor) -> None:
    """
    Say by which rule set the clinic's new exams are classified; those that have begun keep theirs.

    :raises accounts.policies.OwnersOnly:
    :raises Invalid: there is no such rule set
    """
    if rule_set not in rules.RULE_SETS:
        raise Invalid.at("/rule_set", "unknown_code.rule_set", choices=list(rules.RULE_SETS))
    clinic_settings.change(values={"rule_set": rule_set}, revision=None, by=by)


def ids_to_review(findings: Iterable[Finding]) -> frozenset[str]:
    """Ids of the findings that were brought from the last exam and not confirmed yet."""
    return frozenset(str(finding.pk) for finding in findings if finding.unreviewed)


# --- Parts ----------------------------------------------------------------------------------------------------


def _points_before(assessment: Assessment) -> dict[UUID, TriggerPoint]:
    """The point of each finding of a draft, by the finding's id."""
    rows = Finding.objects.filter(assessment=assessment).select_related("trigger_point").only("trigger_point")
    return {finding.pk: finding.trigger_point for finding in rows}


def _insert_parts(
    assessment: Assessment, content: ExamContent, before: Mapping[UUID, TriggerPoint] | None = None
) -> documents.ExamParts:
    """
    Insert the parts that are given and return them, so that they need not be read again.

    :param before: the points that the findings of a draft had
    """
    own = {"clinic_id": assessment.clinic_id, "assessment": assessment}
    findings, referrals = _write_findings(assessment, content.findings, before or {})
    movements = [
        RangeOfMotion(
            **own,
            id=new_id(),
            ordinal=ordinal,
            movement_id=movement.movement,
            side=movement.side,
            degrees=movement.degrees,
            painful=movement.painful,
            device=movement.device,
        )
        for ordinal, movement in enumerate(content.range_of_motion)
    ]
    red_flag_answers = [
        RedFlagAnswer(
            **own,
            id=new_id(),
            ordinal=ordinal,
            code=answer.code,
            answer=answer.answer,
            note=answer.note,
            source=answer.source or "",
            regions=list(answer.regions),
            side=answer.side,
        )
        for ordinal, answer in enumerate(content.red_flags)
    ]
    pain_marks = [
        PainMark(**own, id=new_id(), ordinal=ordinal, zone_id=mark.zone, side=mark.side, intensity=mark.intensity)
        for ordinal, mark in enumerate(content.pain_drawing)
    ]
    bulk.insert(movements)
    bulk.insert(red_flag_answers)
    bulk.insert(pain_marks)
    return documents.ExamParts(findings, referrals, movements, red_flag_answers, pain_marks)


def _write_findings(
    assessment: Assessment, findings: Sequence[NewFinding], before: Mapping[UUID, TriggerPoint]
) -> tuple[list[Finding], dict[UUID, list[Referral]]]:
    """Insert findings with their zones; return both, the zones by the finding's id."""
    if not findings:
        return [], {}
    point_ids = points.find_or_create(
        findings, patient_id=assessment.patient_id, clinic_id=assessment.clinic_id, before=before
    )
    rows: list[Finding] = []
    referrals: dict[UUID, list[Referral]] = {}
    for ordinal, (new, trigger_point_id) in enumerate(zip(findings, point_ids, strict=True)):
        finding = Finding(
            id=new.id or new_id(),
            clinic_id=assessment.clinic_id,
            assessment=assessment,
            ordinal=ordinal,
            trigger_point_id=trigger_point_id,
            muscle_id=new.muscle,
            point_view=new.point.view if new.point else None,
            point_x=new.point.x if new.point else None,
            point_y=new.point.y if new.point else None,
            referred_quality=list(new.referred_quality),
            ppt_kpa=list(new.ppt_kpa),
            limit_reasons=dict(new.limit_reasons),
            **{name: getattr(new, name) for name in SAME_IN_ROW},
        )
        _classify(finding, assessment)
        rows.append(finding)
        referrals[finding.pk] = _referrals(finding, new.referred_to)
    # Which of a row's unique keys PostgreSQL looks at first depends on how the database was restored.
    with violations_as({"assessments_finding_pkey": IdTaken, "assessments_finding_of_clinic": IdTaken}):
        bulk.insert(rows)
    bulk.insert([referral for zones in referrals.values() for referral in zones])
    return rows, referrals


def _referrals(finding: Finding, zones: Sequence[NewZone]) -> list[Referral]:
    own = {"clinic_id": finding.clinic_id, "assessment_id": finding.assessment_id, "finding": finding}
    return [
        Referral(**own, id=new_id(), ordinal=ordinal, zone_id=zone.zone, side=zone.side)
        for ordinal, zone in enumerate(zones)
    ]


def _classify(finding: Finding, assessment: Assessment) -> None:
    classification = rules.classify(
        finding.signs,
        recognised=finding.recognised,
        current_symptom=assessment.current_symptom,
        rule_set=assessment.rule_set,
    )
    finding.criteria, finding.class_code = classification.criteria, classification.class_
    finding.rule_set, finding.rule_set_version = classification.rule_set, classification.rule_set_version
    finding.missing_tests = list(classification.missing_tests)


def _classify_again(assessment: Assessment) -> list[Finding]:
    findings = list(Finding.objects.filter(assessment=assessment))
    for finding in findings:
        _classify(finding, assessment)
    Finding.objects.bulk_update(findings, ["criteria", "class_code", "rule_set", "rule_set_version", "missing_tests"])
    return findings
