"""Everything that changes what was found."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import clinic_settings, policies
from assessments import checks, documents, queries, raised_flags, rules
from assessments.models import (
    Assessment,
    Finding,
    PainMark,
    RangeOfMotion,
    RedFlagAnswer,
    Referral,
    TriggerPoint,
)
from assessments.red_flags import MIN_REASON_CHARACTERS
from audit import actions as audit
from database import bulk
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid
from identity.actor import Actor
from patients.queries import identities, list_alerts
from records import actions as records
from records import drafts
from records.models import Record
from worklist import actions as worklist

KIND = "assessment"
HEAD_FIELDS = [
    "performed_at", "pain_now", "pain_worst_24h", "pain_best_24h", "current_symptom", "rule_set", "notes",
]  # fmt: skip
# In the order in which they may be deleted.
PARTS: list[type[Any]] = [Referral, Finding, RangeOfMotion, RedFlagAnswer, PainMark]


class IdTaken(Conflict):
    reason = "id_taken"


@dataclass(frozen=True)
class RecordedAssessment:
    """A new draft with its rows."""

    assessment: Assessment
    parts: documents.ExamParts


@transaction.atomic(savepoint=False)
def record_assessment(*, patient_id: UUID, content: checks.Content, by: Actor, at: datetime) -> RecordedAssessment:
    """
    Start an assessment of a patient as a draft, with whatever is known of it already.

    :raises accounts.policies.NoAuthor: the actor is not, and does not act for, a therapist
    :raises PatientMerged, PatientNotInCare:
    :raises Invalid: a value cannot be; each is named
    """
    author_id = policies.require_author(by)
    patient = drafts.open_patient(patient_id)
    checks.check_content(content, birth_date=patient.birth_date, at=at)
    rule_set = content.get("rule_set") or patient.clinic.rule_set
    head = {name: content[name] for name in HEAD_FIELDS if name in content}
    gate = _gate(content.get("red_flags") or ())
    assessment = Assessment(clinic_id=by.clinic_id, patient=patient, recorded_by_id=author_id, recorded_at=at)
    for name, value in {"performed_at": at, **head, "rule_set": rule_set, **gate}.items():
        setattr(assessment, name, value)
    assessment.pk = assessment.subject_id = new_id()
    bulk.insert([assessment])
    parts = _write_parts(assessment, content)
    audit.log("assessment.record", by=by, target_id=assessment.pk, patient_ids=[patient.pk])
    if "red_flags" in content:
        raised_flags.flags_may_be_open(patient_id=patient.pk, by=by, at=at)
    return RecordedAssessment(assessment, parts)


@transaction.atomic(savepoint=False)
def change_assessment(
    *, assessment: Assessment, content: checks.Content, by: Actor, at: datetime, reasons_may_wait: bool = False
) -> documents.ExamParts:
    """
    Change a draft: fields that are given change, lists that are given are replaced. Return the rows that were written.

    :param assessment: locked by the actor (`drafts.lock_draft`)
    :param content: findings may have an `id`, which they keep, and be `unreviewed`
    :param reasons_may_wait: what is unusual may owe its reason until the signature
    :raises Invalid, NoAuthor: as in `record_assessment`
    """
    policies.require_author(by)
    best_worst = {name: getattr(assessment, name) for name in ("pain_best_24h", "pain_worst_24h")}
    birth_date = assessment.patient.birth_date
    checks.check_content({**best_worst, **content}, birth_date=birth_date, at=at, reasons_may_wait=reasons_may_wait)
    for name in HEAD_FIELDS:
        if name in content:
            setattr(assessment, name, content[name])
    if "red_flags" in content:
        for name, value in _gate(content["red_flags"]).items():
            setattr(assessment, name, value)
    if "performed_at" in content:
        assessment.recorded_at = at  # what is said to have happened is said now
    assessment.revision += 1
    assessment.save(update_fields=[*HEAD_FIELDS, "recorded_at", "gate_action", "gate_blocking", "revision"])
    _delete_parts(assessment, content)
    parts = _write_parts(assessment, content)
    if "findings" not in content and {"rule_set", "current_symptom"} & set(content):
        _classify_again(assessment)
    audit.log("assessment.change", by=by, target_id=assessment.pk, patient_ids=[assessment.patient_id])
    if {"red_flags", "performed_at"} & set(content):  # a "yes" that moves behind a "no" opens its flag, too
        raised_flags.flags_may_be_open(patient_id=assessment.patient_id, by=by, at=at)
    return parts


@transaction.atomic
def discard_assessment(*, assessment: Assessment, by: Actor) -> None:
    """Delete a draft for good; a signed assessment is never deleted. `assessment` is locked by the actor."""
    for part in PARTS:
        part._default_manager.filter(assessment=assessment).delete()
    drafts.forget_edits(assessment.pk)
    audit.log("assessment.discard", by=by, target_id=assessment.pk, patient_ids=[assessment.patient_id])
    Assessment.objects.filter(pk=assessment.pk).delete()


@transaction.atomic
def sign_assessment(*, assessment_id: UUID, revision: int | None, by: Actor, at: datetime) -> Record:
    """
    Freeze an assessment as a signed record.

    :param revision: the one that was read and that is signed
    :raises AlreadySigned, RevisionChanged, NoAuthor, PatientMerged:
    :raises Invalid: there is nothing in it, or something in it still owes a reason or a second look
    """
    whole = Assessment.objects.with_parts().select_related("patient", "revises")
    assessment = drafts.lock_draft(whole, assessment_id, revision=revision)
    content = documents.assessment_content(assessment)
    problems = checks.problems_before_signing(
        content, unreviewed=ids_to_review(assessment.findings.all()), birth_date=assessment.patient.birth_date, at=at
    )
    problems.raise_if_any()
    content["known_before"] = describe_safety_before(assessment, at=at)
    record = drafts.freeze(assessment, kind=KIND, content=content, by=by, at=at)
    if assessment.revises_id is not None:  # the "no" of the version that it replaces counts no more
        raised_flags.flags_may_be_open(patient_id=assessment.patient_id, by=by, at=at)
    return record


def describe_safety_before(assessment: Assessment, *, at: datetime) -> dict[str, Any]:
    """What the record knew of the patient's safety, this exam apart; the signed document keeps it."""
    people = identities(clinic_id=assessment.clinic_id, patient_id=assessment.patient_id)
    flags = queries.flag_state(people, at=at, leave_out=assessment.subject_id)
    return documents.safety_json(flags, list_alerts(people))


@transaction.atomic
def add_addendum(*, assessment: Assessment, text: str, revision: int | None, by: Actor, at: datetime) -> Record:
    """:raises NotSigned, RevisionChanged, NoLongerCurrent, NoAuthor:"""
    record = drafts.require_record(assessment, revision=revision)
    subject = drafts.subject_of(assessment, KIND)
    return records.append_addendum(record=record, subject=subject, text=text, by=by, at=at)


@transaction.atomic
def mark_entered_in_error(
    *, assessment: Assessment, reason: str, revision: int | None, by: Actor, at: datetime
) -> Record:
    """
    Say that a signed assessment should never have been. Its red flags count no more; the answers before them do.

    :raises NotSigned, RevisionChanged, NoLongerCurrent, NoAuthor:
    :raises Invalid: it has a red flag, and the reason is too short to explain why that should not count
    """
    record = drafts.require_record(assessment, revision=revision)
    subject = drafts.subject_of(assessment, KIND)
    flags = sorted(RedFlagAnswer.objects.filter(assessment=assessment, answer="yes").values_list("code", flat=True))
    if flags and len(reason.strip()) < MIN_REASON_CHARACTERS:
        raise Invalid.at("/reason", "too_short.flagged_exam", least=MIN_REASON_CHARACTERS)
    if flags:  # before the record: its chain is the last lock that a transaction takes
        worklist.raise_item(
            kind="referral_withdrawn",
            patient_id=assessment.patient_id,
            about_id=assessment.pk,
            facts={"flags": flags, "at": assessment.performed_at.isoformat()},
            by=by,
            at=at,
        )
    marked = records.append_entered_in_error(record=record, subject=subject, reason=reason, by=by, at=at)
    # Its "no" counts no more, so what it closed is open again.
    raised_flags.flags_may_be_open(patient_id=assessment.patient_id, by=by, at=at)
    return marked


@transaction.atomic
def revise_assessment(*, assessment: Assessment, revision: int | None, by: Actor, at: datetime) -> Assessment:
    """
    Start a new version of a signed assessment as a draft with the same content. Signing it supersedes the old one.

    :raises NotSigned, RevisionChanged, NoLongerCurrent, RevisionExists, NoAuthor:
    """
    source = Assessment.objects.with_parts().get(pk=assessment.pk)
    draft = drafts.start_revision(source, kind=KIND, revision=revision, by=by, at=at)
    content = documents.assessment_content(source)
    for finding in content["findings"]:
        for name in documents.COMPUTED_OF_FINDING:
            finding.pop(name, None)
    _write_parts(draft, content)
    audit.log("assessment.revise", by=by, target_id=draft.pk, patient_ids=[draft.patient_id])
    return draft


@transaction.atomic
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


def _gate(answers: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    gate = rules.red_flag_gate({a["code"]: a["answer"] for a in answers})
    return {"gate_action": gate.action, "gate_blocking": list(gate.blocking)}


def _delete_parts(assessment: Assessment, content: checks.Content) -> None:
    replaced: dict[str, list[Any]] = {
        "findings": [Referral, Finding],
        "range_of_motion": [RangeOfMotion],
        "red_flags": [RedFlagAnswer],
        "pain_drawing": [PainMark],
    }
    for name, models in replaced.items():
        for model in models if name in content else ():
            model._default_manager.filter(assessment=assessment).delete()


def _write_parts(assessment: Assessment, content: checks.Content) -> documents.ExamParts:
    """Insert the parts that are given and return them, so that they need not be read again."""
    own = {"clinic_id": assessment.clinic_id, "assessment": assessment}
    findings, referrals = _write_findings(assessment, content.get("findings") or ())
    movements = [
        RangeOfMotion(
            **own,
            id=new_id(),
            ordinal=ordinal,
            movement_id=m["movement"],
            side=m.get("side"),
            degrees=m.get("degrees"),
            painful=m.get("painful"),
            device=m.get("device"),
        )
        for ordinal, m in enumerate(content.get("range_of_motion") or ())
    ]
    red_flag_answers = [
        RedFlagAnswer(
            **own,
            id=new_id(),
            ordinal=ordinal,
            code=a["code"],
            answer=a["answer"],
            note=a.get("note", ""),
            source=a.get("source") or "",
            regions=a.get("regions") or [],
            side=a.get("side"),
        )
        for ordinal, a in enumerate(content.get("red_flags") or ())
    ]
    pain_marks = [
        PainMark(**own, id=new_id(), ordinal=ordinal, zone_id=m["zone"], side=m["side"], intensity=m.get("intensity"))
        for ordinal, m in enumerate(content.get("pain_drawing") or ())
    ]
    bulk.insert(movements)
    bulk.insert(red_flag_answers)
    bulk.insert(pain_marks)
    return documents.ExamParts(findings, referrals, movements, red_flag_answers, pain_marks)


def _write_findings(
    assessment: Assessment, findings: Sequence[Mapping[str, Any]]
) -> tuple[list[Finding], dict[UUID, list[Referral]]]:
    """Insert findings with their zones; return both, the zones by the finding's id."""
    if not findings:
        return [], {}
    points = trigger_points(
        patient_id=assessment.patient_id,
        clinic_id=assessment.clinic_id,
        places=[(f["muscle"], f["side"], f.get("place", "")) for f in findings],
    )
    rows: list[Finding] = []
    referrals: dict[UUID, list[Referral]] = {}
    for ordinal, (data, point) in enumerate(zip(findings, points, strict=True)):
        fields = {name: value for name, value in data.items() if name not in ("id", "muscle", "point", "referred_to")}
        drawn = data.get("point")
        if drawn:
            fields |= {"point_view": drawn["view"], "point_x": drawn["x"], "point_y": drawn["y"]}
        finding = Finding(
            id=data.get("id") or new_id(),
            clinic_id=assessment.clinic_id,
            assessment=assessment,
            ordinal=ordinal,
            trigger_point_id=point,
            muscle_id=data["muscle"],
            **fields,
        )
        _classify(finding, assessment)
        rows.append(finding)
        referrals[finding.pk] = _referrals(finding, data.get("referred_to") or ())
    # Which of a row's unique keys PostgreSQL looks at first depends on how the database was restored.
    with violations_as({"assessments_finding_pkey": IdTaken, "assessments_finding_of_clinic": IdTaken}):
        bulk.insert(rows)
    bulk.insert([referral for zones in referrals.values() for referral in zones])
    return rows, referrals


def _referrals(finding: Finding, zones: Sequence[Mapping[str, str]]) -> list[Referral]:
    own = {"clinic_id": finding.clinic_id, "assessment_id": finding.assessment_id, "finding": finding}
    return [
        Referral(**own, id=new_id(), ordinal=ordinal, zone_id=zone["zone"], side=zone["side"])
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


def _classify_again(assessment: Assessment) -> None:
    findings = list(Finding.objects.filter(assessment=assessment))
    for finding in findings:
        _classify(finding, assessment)
    Finding.objects.bulk_update(findings, ["criteria", "class_code", "rule_set", "rule_set_version", "missing_tests"])


def trigger_points(*, patient_id: UUID, clinic_id: UUID, places: list[tuple[str, str, str]]) -> list[UUID]:
    """
    The ids of a patient's trigger points at these places (muscle, side, place), made where there is none yet.
    """
    places_by_key = [(muscle, side, checks.place_key(place)) for muscle, side, place in places]
    ids_by_place = find_points(patient_id, places_by_key)
    missing = {key: place for key, (_, _, place) in zip(places_by_key, places, strict=True) if key not in ids_by_place}
    if missing:
        TriggerPoint.objects.bulk_create(
            (
                TriggerPoint(
                    clinic_id=clinic_id,
                    patient_id=patient_id,
                    muscle_id=muscle,
                    side=side,
                    place=place,
                    place_key=key,
                )
                for (muscle, side, key), place in missing.items()
            ),
            ignore_conflicts=True,  # somebody else may find the same place at the same moment
        )
        ids_by_place = find_points(patient_id, places_by_key)
    return [ids_by_place[key] for key in places_by_key]


def find_points(patient_id: UUID, wanted: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], UUID]:
    muscles = list({muscle for muscle, _, _ in wanted})
    return {(muscle, side, key): pk for pk, muscle, side, key in queries.list_points(patient_id, muscles)}
