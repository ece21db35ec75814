"""Everything that changes what was done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import policies
from assessments import drafts
from assessments.actions import IdTaken
from assessments.models import Assessment, TriggerPoint
from audit import actions as audit
from clinic import bulk
from clinic.caller import Caller
from clinic.constraints import violations_as
from clinic.errors import Conflict, FieldError, Problems
from clinic.schema import new_id
from patients.models import Patient
from patients.queries import identities
from records import actions as records
from records.models import Record
from treatments import checks, documents
from treatments.models import Intervention, Measure, Override, Session

KIND = "session"
HEAD_FIELDS = ["performed_at", "response", "limit_reasons", "notes"]
PARTS: dict[str, type[Any]] = {"interventions": Intervention, "measures": Measure, "overrides": Override}


class NeedlesDiffer(Conflict):
    reason = "needles_differ"


class RedFlagStop(Conflict):
    reason = "red_flag_stop"


@transaction.atomic(savepoint=False)
def record_session(*, patient_id: UUID, content: checks.Content, by: Caller, at: datetime) -> Session:
    """
    Start a treatment session of a patient as a draft, with whatever is known of it already.

    :raises accounts.policies.NoAuthor: the caller is not, and does not act for, a therapist
    :raises PatientMerged, PatientNotInCare:
    :raises Invalid: a value cannot be; each is named
    """
    author_id = policies.require_author(by)
    patient = drafts.open_patient(patient_id)
    content = with_muscles(content, patient)
    checks.check_content(content, at=at)
    session = Session(clinic_id=by.clinic_id, patient=patient, recorded_by_id=author_id, recorded_at=at)
    for name, value in {"performed_at": at, **{n: content[n] for n in HEAD_FIELDS if n in content}}.items():
        setattr(session, name, value)
    session.pk = session.subject_id = new_id()
    bulk.insert([session])
    _write_parts(session, content, at)
    audit.log("session.record", by=by, target_id=session.pk, patient_ids=[patient.pk])
    return session


@transaction.atomic(savepoint=False)
def change_session(
    *, session: Session, content: checks.Content, by: Caller, at: datetime, reasons_may_wait: bool = False
) -> Session:
    """
    Change a draft: fields that are given change, lists that are given are replaced.

    :param session: locked by the caller (`drafts.lock_draft`)
    :param content: interventions and measures may have an `id`, which they keep
    :param reasons_may_wait: what is unusual may owe its reason until the signature
    :raises Invalid, NoAuthor: as in `record_session`
    """
    policies.require_author(by)
    content = with_muscles(content, session.patient)
    whole = {"limit_reasons": session.limit_reasons, **content}
    checks.check_content(whole, at=at, reasons_may_wait=reasons_may_wait)
    for name in HEAD_FIELDS:
        if name in content:
            setattr(session, name, content[name])
    if "performed_at" in content:
        session.recorded_at = at  # what is said to have happened is said now
    session.revision += 1
    session.save(update_fields=[*HEAD_FIELDS, "recorded_at", "revision"])
    for name, part in PARTS.items():
        if name in content:
            part._default_manager.filter(session=session).delete()
    _write_parts(session, content, at)
    audit.log("session.change", by=by, target_id=session.pk, patient_ids=[session.patient_id])
    return session


@transaction.atomic
def discard_session(*, session: Session, by: Caller) -> None:
    """Delete a draft for good; a signed session is never deleted. `session` is locked by the caller."""
    for part in PARTS.values():
        part._default_manager.filter(session=session).delete()
    drafts.forget_edits(session.pk)
    audit.log("session.discard", by=by, target_id=session.pk, patient_ids=[session.patient_id])
    Session.objects.filter(pk=session.pk).delete()


@transaction.atomic
def sign_session(*, session_id: UUID, by: Caller, at: datetime) -> Record:
    """
    Freeze a session as a signed record.

    :raises AlreadySigned, NoAuthor:
    :raises NeedlesDiffer: needles in are not needles out, or were not counted
    :raises RedFlagStop: the patient's last assessment stops treatment, and nobody answered for it
    :raises Invalid: there is nothing in it, or something unusual still owes its reason
    """
    whole = Session.objects.with_parts().select_related("patient", "revises")
    session = drafts.lock_draft(whole, session_id)
    content = documents.session_content(session)
    checks.problems_before_signing(content, at=at).raise_if_any()
    _refuse_lost_needles(content)
    _refuse_red_flags(session, content)
    return drafts.freeze(session, kind=KIND, content=content, by=by, at=at)


@transaction.atomic
def add_addendum(*, session: Session, text: str, by: Caller, at: datetime) -> Record:
    """:raises NotSigned, NoLongerCurrent, NoAuthor:"""
    record = drafts.signed_record(session)
    return records.append_addendum(record=record, subject=drafts.subject_of(session, KIND), text=text, by=by, at=at)


@transaction.atomic
def mark_entered_in_error(*, session: Session, reason: str, by: Caller, at: datetime) -> Record:
    """:raises NotSigned, NoLongerCurrent, NoAuthor:"""
    record = drafts.signed_record(session)
    subject = drafts.subject_of(session, KIND)
    return records.append_entered_in_error(record=record, subject=subject, reason=reason, by=by, at=at)


@transaction.atomic
def revise_session(*, session: Session, by: Caller, at: datetime) -> Session:
    """
    Start a new version of a signed session as a draft with the same content. Signing it supersedes the old one.

    :raises NotSigned, NoLongerCurrent, RevisionExists, NoAuthor:
    """
    source = Session.objects.with_parts().get(pk=session.pk)
    draft: Session = drafts.start_revision(source, kind=KIND, by=by, at=at)
    content = documents.session_content(source)
    for row in [*content["interventions"], *content["measures"]]:
        row.pop("id")
    _write_parts(draft, content, at)
    audit.log("session.revise", by=by, target_id=draft.pk, patient_ids=[draft.patient_id])
    return draft


def with_muscles(content: checks.Content, patient: Patient) -> dict[str, Any]:
    """
    The same content, with muscle and side of each intervention's trigger point filled in.

    :raises Invalid: a trigger point is not this patient's, or the muscle beside it is another
    """
    wanted = {i["trigger_point"] for i in content.get("interventions") or () if i.get("trigger_point")}
    wanted |= {m["trigger_point"] for m in content.get("measures") or () if m.get("trigger_point")}
    points = (
        {
            p.pk: p
            for p in TriggerPoint.objects.filter(
                pk__in=wanted, patient_id__in=identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
            )
        }
        if wanted
        else {}
    )
    problems = Problems()
    interventions = []
    for index, given in enumerate(content.get("interventions") or ()):
        intervention, here = dict(given), f"/interventions/{index}"
        point = points.get(intervention["trigger_point"]) if intervention.get("trigger_point") else None
        if intervention.get("trigger_point") and point is None:
            problems.add(f"{here}/trigger_point", "unknown_trigger_point")
        elif point is not None:
            if intervention.get("muscle") not in (None, point.muscle_id):
                problems.add(f"{here}/muscle", "not_of_trigger_point.muscle", muscle=point.muscle_id)
            if intervention.get("side") not in (None, point.side):
                problems.add(f"{here}/side", "not_of_trigger_point.side", side=point.side)
            intervention["muscle"], intervention["side"] = point.muscle_id, point.side
        interventions.append(intervention)
    for index, measure in enumerate(content.get("measures") or ()):
        if measure.get("trigger_point") and measure["trigger_point"] not in points:
            problems.add(f"/measures/{index}/trigger_point", "unknown_trigger_point")
    problems.raise_if_any()
    return {**content, **({"interventions": interventions} if "interventions" in content else {})}


def _write_parts(session: Session, content: checks.Content, at: datetime) -> None:
    """Insert the parts that are given, and keep them at hand on the session: nobody has to read them again."""
    own = {"clinic_id": session.clinic_id, "session": session}
    parts: dict[str, list[Any]] = {}
    parts["interventions"] = [
        Intervention(
            **own,
            id=i.get("id") or new_id(),
            ordinal=ordinal,
            technique=i["technique"],
            trigger_point_id=i.get("trigger_point"),
            muscle_id=i.get("muscle"),
            side=i.get("side"),
            limit_reasons=i.get("limit_reasons") or {},
            response=i.get("response", ""),
            **(i.get("dose") or {}),
        )
        for ordinal, i in enumerate(content.get("interventions") or ())
    ]
    parts["measures"] = [
        Measure(
            **own,
            id=m.get("id") or new_id(),
            ordinal=ordinal,
            kind=m["kind"],
            phase=m["phase"],
            timing=m.get("timing"),
            value=m["value"],
            measured_at=m.get("measured_at") or at,
            trigger_point_id=m.get("trigger_point"),
            movement_id=m.get("movement"),
            side=m.get("side"),
        )
        for ordinal, m in enumerate(content.get("measures") or ())
    ]
    parts["overrides"] = [
        Override(**own, id=new_id(), ordinal=ordinal, code=o["code"], reason=o["reason"])
        for ordinal, o in enumerate(content.get("overrides") or ())
    ]
    taken: dict[str, type[Conflict]] = {
        "treatments_intervention_pkey": IdTaken,
        "treatments_measure_pkey": IdTaken,
    }
    with violations_as(taken):
        for rows in parts.values():
            bulk.insert(rows)
    session._prefetched_objects_cache = parts  # type: ignore[attr-defined]


def _refuse_lost_needles(content: Mapping[str, Any]) -> None:
    """:raises NeedlesDiffer: naming each intervention whose needles do not add up"""
    errors = checks.needle_problems((i["technique"], i["dose"]) for i in content["interventions"])
    if errors:
        raise NeedlesDiffer(errors=errors)


def _refuse_red_flags(session: Session, content: Mapping[str, Any]) -> None:
    """
    Let no treatment pass a red flag unseen; advice alone is no treatment.

    :raises RedFlagStop: naming each red flag that nobody answered for
    """
    errors = open_red_flags(session, content)
    if errors:
        raise RedFlagStop(errors=errors)


def open_red_flags(session: Session, content: Mapping[str, Any]) -> list[FieldError]:
    """
    Return the red flags of the patient's last exam that stop this treatment and that nobody has answered for.

    Each has the flag as its code. Advice alone is no treatment.
    """
    if all(i["technique"] == "advice" for i in content["interventions"]):
        return []
    exam = last_exam(session)
    if exam is None:
        return []
    overridden = {override["code"] for override in content["overrides"]}
    return [
        FieldError("/overrides", flag, {"flag": flag, "answered_at": exam.performed_at})
        for flag in exam.gate_blocking
        if flag not in overridden
    ]


def last_exam(session: Session) -> Assessment | None:
    """The patient's newest exam at the time of the session that still stands, signed or not."""
    return (
        Assessment.objects.of_patients(identities(clinic_id=session.clinic_id, patient_id=session.patient_id))
        .filter(performed_at__lte=session.performed_at)
        .exclude(record__mark__isnull=False)
        .newest_first()
        .first()
    )
