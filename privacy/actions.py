"""Everything that puts a right of a patient into effect. Only owners decide it; each act is in the audit trail."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from accounts import policies
from accounts.models import Clinic, User
from audit import actions as audit
from database import tenancy
from database.revisions import check_revision
from database.sql import run_prepared
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, NotFound
from identity.actor import Actor
from patients.actions import refuse_merged
from patients.models import Patient
from patients.queries import identities
from privacy import queries, rules
from privacy.models import RightsCase
from records import actions as records
from records.models import Record
from scheduling.booking.actions import cancel_ahead

logger = logging.getLogger(__name__)


class CaseOpen(Conflict):
    reason = "case_open"


class CaseEnded(Conflict):
    reason = "case_ended"


class ErasureDone(Conflict):
    reason = "erasure_done"


class KeptByLaw(Conflict):
    reason = "kept_by_law"


class LegalHold(Conflict):
    reason = "legal_hold"


@transaction.atomic
def restrict(*, patient_id: UUID, reason: str, revision: int | None, by: Actor, at: datetime) -> RightsCase:
    """
    Let a patient's record only be stored: from the commit on, nobody reads, changes or uses it, at any entry point.

    Appointments ahead are cancelled before; what was to be sent is not sent.

    :param revision: of the patient, as it was read
    :raises OwnersOnly, NotFound, PatientMerged, RevisionChanged, Invalid, CaseOpen:
    """
    patient = _lock_patient(patient_id, revision, by)
    text = _check_reason(reason)
    cancel_ahead(patient_id=patient.pk, by=by, at=at)
    case = _begin(patient, rules.RESTRICTION, text, by=by, at=at)
    audit.log("patient.restrict", by=by, target_id=patient.pk, patient_ids=case.patient_ids)
    return case


@transaction.atomic
def begin_erasure(
    *, patient_id: UUID, reason: str, despite_law: bool, revision: int | None, by: Actor, at: datetime
) -> RightsCase:
    """
    Have a patient erased in 14 days. Until then the record is restricted, and any owner can undo it.

    :param despite_law: the owner has read that the law keeps the record longer
    :param revision: of the patient, as it was read
    :raises OwnersOnly, NotFound, PatientMerged, RevisionChanged, Invalid, CaseOpen, LegalHold, KeptByLaw:
    """
    with tenancy.seeing_restricted():
        patient = _lock_patient(patient_id, revision, by)
        text = _check_reason(reason)
        if rules.LEGAL_HOLD in queries.open_cases(patient.pk):
            raise LegalHold
        until = queries.kept_until(Clinic.objects.get(pk=by.clinic_id), patient)
        if until is not None and until > at.date() and not despite_law:
            raise KeptByLaw(params={"until": until.isoformat()})
        cancel_ahead(patient_id=patient.pk, by=by, at=at)
        due_at = at + timedelta(days=rules.UNDO_DAYS)
        case = _begin(patient, rules.ERASURE, text, due_at=due_at, by=by, at=at)
    audit.log("patient.begin_erasure", by=by, target_id=patient.pk, patient_ids=case.patient_ids)
    return case


@transaction.atomic
def hold(*, patient_id: UUID, reason: str, revision: int | None, by: Actor, at: datetime) -> RightsCase:
    """
    Keep a patient's record whatever the retention says, and stop an erasure that has begun from being done.

    :raises OwnersOnly, NotFound, PatientMerged, RevisionChanged, Invalid, CaseOpen:
    """
    with tenancy.seeing_restricted():
        patient = _lock_patient(patient_id, revision, by)
        case = _begin(patient, rules.LEGAL_HOLD, _check_reason(reason), by=by, at=at)
    audit.log("patient.hold", by=by, target_id=patient.pk, patient_ids=case.patient_ids)
    return case


@transaction.atomic
def end_case(*, case_id: UUID, by: Actor, at: datetime) -> RightsCase:
    """
    Lift a restriction or a hold, or undo an erasure.

    :raises OwnersOnly, NotFound, CaseEnded, ErasureDone:
    """
    case = RightsCase.objects.select_for_update(of=("self",)).filter(pk=case_id).first()
    if case is None:
        raise NotFound
    policies.require_owner(by)
    if case.done_at is not None:
        raise ErasureDone
    if case.ended_at is not None:
        raise CaseEnded
    case.ended_at, case.ended_by_user_id = at, by.user_id
    case.save(update_fields=["ended_at", "ended_by_user_id"])
    verb = {rules.RESTRICTION: "unrestrict", rules.ERASURE: "undo_erasure", rules.LEGAL_HOLD: "lift_hold"}[case.kind]
    audit.log(f"patient.{verb}", by=by, target_id=case.patient_id, patient_ids=case.patient_ids)
    return case


@transaction.atomic
def erase(*, case_id: UUID, by: Actor, at: datetime) -> Record | None:
    """
    Erase a patient whose erasure is due: rows are deleted, documents leave the chain, which says so itself.

    What stays: the audit trail (it holds ids and codes), this case, and in the chain the hashes of what was signed.

    :returns: the record that says so; None if it is not due, was undone, or a legal hold stands
    """
    case = RightsCase.objects.select_for_update(of=("self",)).open().filter(pk=case_id, due_at__lte=at).first()
    if case is None or rules.LEGAL_HOLD in queries.open_cases(case.patient_id):
        return None
    with tenancy.seeing_restricted():
        owner = User.objects.get(pk=case.begun_by_user_id)
        record = records.append_erasure(patient_ids=case.patient_ids, ordered_by=owner, case_id=case.pk, by=by, at=at)
        # SQL: a function of the tables' owner, because the application role can delete nothing that is final.
        run_prepared("SELECT privacy_erase(%s)", [case.pk])
    audit.log("patient.erase", by=by, target_id=case.patient_id, patient_ids=case.patient_ids, code=str(case.pk))
    return record


def erase_due(*, by: Actor, at: datetime) -> int:
    """Erase what is due in the actor's clinic, each in a transaction of its own; return how many patients."""
    with tenancy.scope(by.clinic_id):
        due = list(RightsCase.objects.open().filter(due_at__lte=at).order_by("due_at").values_list("pk", flat=True))
    count = 0
    for case_id in due:
        try:
            with tenancy.scope(by.clinic_id):
                count += erase(case_id=case_id, by=by, at=at) is not None
        except Exception:  # whatever it is, the others are erased all the same
            logger.exception("erasure %s could not be done", case_id)
    return count


def _lock_patient(patient_id: UUID, revision: int | None, by: Actor) -> Patient:
    policies.require_owner(by)
    patient = Patient.objects.select_for_update(of=("self",)).filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    refuse_merged(patient)
    check_revision(patient, revision)
    return patient


def _check_reason(reason: str) -> str:
    text = reason.strip()
    if len(text) < rules.REASON_LEAST:
        raise Invalid.at("/reason", "required.rights_reason", least=rules.REASON_LEAST)
    if len(text) > rules.REASON_MOST:
        raise Invalid.at("/reason", "too_long.rights_reason", most=rules.REASON_MOST)
    return text


def _begin(
    patient: Patient, kind: str, reason: str, *, due_at: datetime | None = None, by: Actor, at: datetime
) -> RightsCase:
    assert by.user_id is not None  # an owner is a person
    with violations_as({"rightscase_once": CaseOpen}):
        return RightsCase.objects.create(
            clinic_id=by.clinic_id,
            patient=patient,
            patient_ids=identities(clinic_id=by.clinic_id, patient_id=patient.pk),
            kind=kind,
            reason=reason,
            begun_at=at,
            begun_by_user_id=by.user_id,
            due_at=due_at,
        )
