"""Clear an open red flag of a patient, by kind and by name. What is cleared stays readable; a clearance is final."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import policies
from accounts.queries import clinic_zone
from assessments import c_spine, queries
from assessments.models import Clearance
from assessments.red_flag_table import RED_FLAGS, TABLE_VERSION
from assessments.red_flags import MIN_REASON_CHARACTERS, TRAUMA, Answer, find_standing
from audit import actions as audit
from database.expressions import new_id
from errors.exceptions import Conflict, Problems
from identity.actor import Actor
from patients.models import Patient
from patients.queries import identities
from records import drafts


class FlagNotOpen(Conflict):
    reason = "red_flag_not_open"


@dataclass(frozen=True)
class NewClearance:
    """
    How a flag was cleared.

    :ivar kind: of CLEARANCE_KINDS
    :ivar cleared_at: None: now; the flag counts as open until then
    :ivar seen_by, seen_at: who saw the patient, and when; required for an emergency
    :ivar c_spine: the inputs of the Canadian C-spine rule; required to clear an injury by examination where the neck
        may be injured
    """

    code: str
    kind: str
    reason: str
    seen_by: str = ""
    seen_at: datetime | None = None
    cleared_at: datetime | None = None
    c_spine: Mapping[str, str] = field(default_factory=dict)


@transaction.atomic
def clear_red_flag(*, patient_id: UUID, clearance: NewClearance, by: Actor, at: datetime) -> Clearance:
    """
    Record that an open flag is cleared, for all answers that are open now.

    :raises FlagNotOpen: nobody has answered yes, or it is cleared or answered "no" since
    :raises Invalid: the reason is too short, an emergency without who saw the patient, times out of order, or a neck
        that the C-spine rule does not clear
    :raises NotFound, NoAuthor, PatientMerged, PatientNotInCare:
    """
    author_id = policies.require_author(by)
    patient = drafts.open_patient(patient_id)
    standing = open_answers(clinic_id=by.clinic_id, patient_id=patient.pk, code=clearance.code, at=at)
    if not standing:
        raise FlagNotOpen(params={"code": clearance.code})
    cleared_at = clearance.cleared_at or at
    rule = apply_c_spine(clearance, patient_id=patient.pk, on=cleared_at)
    _problems(clearance, standing, rule, cleared_at=cleared_at, at=at).raise_if_any()
    row = Clearance.objects.create(
        id=new_id(),
        clinic_id=by.clinic_id,
        patient=patient,
        code=clearance.code,
        kind=clearance.kind,
        reason=clearance.reason.strip(),
        seen_by=clearance.seen_by.strip(),
        seen_at=clearance.seen_at,
        cleared_at=cleared_at,
        cleared_by_id=author_id,
        recorded_at=at,
        subject_ids=sorted({answer.subject_id for answer in standing}, key=str),
        c_spine=rule,
        table_version=TABLE_VERSION,
    )
    audit.log("red_flag.clear", by=by, target_id=row.pk, patient_ids=[patient.pk], code=clearance.code)
    return row


def open_answers(*, clinic_id: UUID, patient_id: UUID, code: str, at: datetime) -> list[Answer]:
    """Return the answers that keep a flag of a patient open."""
    people = identities(clinic_id=clinic_id, patient_id=patient_id)
    answers = [answer for answer in queries.red_flag_answers(people, at=at) if answer.code == code]
    clearances = [clearance for clearance in queries.red_flag_clearances(people, at=at) if clearance.code == code]
    return find_standing(answers, clearances)


def needs_c_spine(code: str, kind: str, regions: tuple[str, ...]) -> bool:
    """Whether an examination clears the flag only together with the Canadian C-spine rule."""
    return code == TRAUMA and kind == "examined" and (not regions or "neck" in regions)


def apply_c_spine(clearance: NewClearance, *, patient_id: UUID, on: datetime) -> dict[str, Any] | None:
    """Return the rule's inputs, completed by the patient's age, and its outcome; None where nobody applied it."""
    if not clearance.c_spine:
        return None
    patient = Patient.objects.only("birth_date", "clinic_id").get(pk=patient_id)
    day = on.astimezone(clinic_zone(patient.clinic_id)).date()
    inputs = c_spine.with_age(clearance.c_spine, birth_date=patient.birth_date, on=day)
    values = {name: inputs.get(name, "unknown") for name in c_spine.INPUTS}
    return {"version": c_spine.RULE_VERSION, "inputs": values, "outcome": c_spine.apply_rule(values)}


def _problems(
    clearance: NewClearance,
    standing: list[Answer],
    rule: Mapping[str, Any] | None,
    *,
    cleared_at: datetime,
    at: datetime,
) -> Problems:
    problems = Problems()
    if len(clearance.reason.strip()) < MIN_REASON_CHARACTERS:
        problems.add("/reason", "too_short.clearance", least=MIN_REASON_CHARACTERS)
    if RED_FLAGS[clearance.code].is_emergency:
        if not clearance.seen_by.strip():
            problems.add("/seen_by", "required.seen_by")
        if clearance.seen_at is None:
            problems.add("/seen_at", "required.seen_at")
    answered_at = max(answer.answered_at for answer in standing)
    if cleared_at > at:
        problems.add("/cleared_at", "in_future.clearance")
    elif cleared_at < answered_at:
        problems.add("/cleared_at", "before_answer", answered_at=answered_at)
    if clearance.seen_at is not None and clearance.seen_at > cleared_at:
        problems.add("/seen_at", "after_clearance")
    _check_neck(clearance, standing, rule, problems)
    return problems


def _check_neck(
    clearance: NewClearance, standing: list[Answer], rule: Mapping[str, Any] | None, problems: Problems
) -> None:
    if clearance.code != TRAUMA:
        if rule is not None:
            problems.add("/c_spine", "not_of_this_flag.c_spine")
        return
    if not any(needs_c_spine(TRAUMA, clearance.kind, answer.regions) for answer in standing):
        return
    if rule is None:
        problems.add("/c_spine", "required.c_spine")
    elif rule["outcome"] == c_spine.IMAGE:
        problems.add("/c_spine", "neck_not_cleared.image")
    elif rule["outcome"] != c_spine.CLEARED:
        problems.add("/c_spine", "neck_not_cleared.cannot_clear")
