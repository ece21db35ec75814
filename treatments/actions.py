"""Everything that changes what was done."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import policies
from assessments.actions import IdTaken
from assessments.models import TriggerPoint
from audit import actions as audit
from database import bulk
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, Problems
from identity.actor import Actor
from patients.models import Patient
from patients.queries import identities
from records import actions as records
from records import drafts
from records.models import Record
from records.rules import plain_json
from treatments import agents, checks, documents, dose_checks, signing
from treatments.adverse_events import queries as adverse_events
from treatments.aftercare import queries as aftercare
from treatments.models import AdverseEvent, AdverseEventAnswer, Intervention, Measure, Override, Session

KIND = "session"
HEAD_FIELDS = ["performed_at", "response", "limit_reasons", "notes", "weight_kg"]
ANSWERS = {"overrides": Override.Kind.OVERRIDE.value, "acknowledged": Override.Kind.ACKNOWLEDGEMENT.value}
PARTS: dict[str, type[Any]] = {
    "interventions": Intervention,
    "measures": Measure,
    "overrides": Override,
    "adverse_events_asked": AdverseEventAnswer,
}


class SessionHasEvents(Conflict):
    reason = "session_has_events"


@dataclass(frozen=True)
class RecordedSession:
    """A new draft with its rows."""

    session: Session
    parts: documents.SessionParts


@transaction.atomic(savepoint=False)
def record_session(*, patient_id: UUID, content: checks.Content, by: Actor, at: datetime) -> RecordedSession:
    """
    Start a treatment session of a patient as a draft, with whatever is known of it already.

    :raises accounts.policies.NoAuthor: the actor is not, and does not act for, a therapist
    :raises PatientMerged, PatientNotInCare:
    :raises Invalid: a value cannot be; each is named
    """
    author_id = policies.require_author(by)
    patient = drafts.open_patient(patient_id)
    content = with_muscles(content, patient)
    checks.check_content(content, birth_date=patient.birth_date, at=at)
    session = Session(clinic_id=by.clinic_id, patient=patient, recorded_by_id=author_id, recorded_at=at)
    for name, value in {"performed_at": at, **{n: content[n] for n in HEAD_FIELDS if n in content}}.items():
        setattr(session, name, value)
    session.pk = session.subject_id = new_id()
    bulk.insert([session])
    parts = _write_parts(session, content, at, answers=_answers(content, [], author_id, at))
    audit.log("session.record", by=by, target_id=session.pk, patient_ids=[patient.pk])
    _log_answers(session, parts.overrides, [], by)
    return RecordedSession(session, parts)


@transaction.atomic(savepoint=False)
def change_session(
    *, session: Session, content: checks.Content, by: Actor, at: datetime, reasons_may_wait: bool = False
) -> documents.SessionParts:
    """
    Change a draft: fields that are given change, lists that are given are replaced. Return the rows that were written.

    :param session: locked by the actor (`drafts.lock_draft`)
    :param content: interventions and measures may have an `id`, which they keep
    :param reasons_may_wait: what is unusual may owe its reason until the signature
    :raises Invalid, NoAuthor: as in `record_session`
    """
    author_id = policies.require_author(by)
    content = with_muscles(content, session.patient)
    whole = {"limit_reasons": session.limit_reasons, "weight_kg": session.weight_kg, **content}
    checks.check_content(whole, birth_date=session.patient.birth_date, at=at, reasons_may_wait=reasons_may_wait)
    for name in HEAD_FIELDS:
        if name in content:
            setattr(session, name, content[name])
    if "performed_at" in content:
        session.recorded_at = at  # what is said to have happened is said now
    session.revision += 1
    session.save(update_fields=[*HEAD_FIELDS, "recorded_at", "revision"])
    # An override or acknowledgement keeps its author's name when someone else changes the rest of the draft.
    overrides_before = list(session.overrides.all()) if ANSWERS.keys() & content.keys() else []
    answers = _answers(content, overrides_before, author_id, at)
    for name, part in PARTS.items():
        if name in content or (name == "overrides" and "acknowledged" in content):
            part._default_manager.filter(session=session).delete()
    parts = _write_parts(session, content, at, answers=answers)
    audit.log("session.change", by=by, target_id=session.pk, patient_ids=[session.patient_id])
    _log_answers(session, parts.overrides, overrides_before, by)
    return parts


@transaction.atomic
def discard_session(*, session: Session, by: Actor) -> None:
    """
    Delete a draft for good; a signed session is never deleted. `session` is locked by the actor.

    :raises SessionHasEvents: something that stays in the record points at it
    """
    if AdverseEvent.objects.filter(session=session).exists() or aftercare.list_given(session):
        raise SessionHasEvents
    for part in PARTS.values():
        part._default_manager.filter(session=session).delete()
    drafts.forget_edits(session.pk)
    audit.log("session.discard", by=by, target_id=session.pk, patient_ids=[session.patient_id])
    Session.objects.filter(pk=session.pk).delete()


@transaction.atomic
def sign_session(*, session_id: UUID, revision: int | None, by: Actor, at: datetime) -> Record:
    """
    Freeze a session as a signed record.

    :param revision: the one that was read and that is signed
    :raises AlreadySigned, RevisionChanged, NoAuthor:
    :raises Invalid, NeedlesDiffer, RedFlagStop, RedFlagKnownAtSigning, ScreenIncomplete, ConsentMissing, SafetyStop:
        see `signing.check_signature`
    """
    policies.require_author(by)
    whole = Session.objects.with_parts().select_related("patient", "revises")
    session = drafts.lock_draft(whole, session_id, revision=revision)
    check = signing.check_signature(session, documents.session_content(session), by=by, at=at)
    check.raise_if_any()
    # What was known and shown is kept with the session, so that a later list changes nothing in it.
    session.safety = plain_json(signing.safety_block(check))
    session.save(update_fields=["safety"])
    content = documents.session_content(session)
    content |= documents.aftercare_content(aftercare.list_given(session))
    return drafts.freeze(session, kind=KIND, content=content, by=by, at=at)


@transaction.atomic
def add_addendum(*, session: Session, text: str, revision: int | None, by: Actor, at: datetime) -> Record:
    """:raises NotSigned, RevisionChanged, NoLongerCurrent, NoAuthor:"""
    record = drafts.require_record(session, revision=revision)
    return records.append_addendum(record=record, subject=drafts.subject_of(session, KIND), text=text, by=by, at=at)


@transaction.atomic
def mark_entered_in_error(*, session: Session, reason: str, revision: int | None, by: Actor, at: datetime) -> Record:
    """:raises NotSigned, RevisionChanged, NoLongerCurrent, NoAuthor:"""
    record = drafts.require_record(session, revision=revision)
    subject = drafts.subject_of(session, KIND)
    return records.append_entered_in_error(record=record, subject=subject, reason=reason, by=by, at=at)


@transaction.atomic
def revise_session(*, session: Session, revision: int | None, by: Actor, at: datetime) -> Session:
    """
    Start a new version of a signed session as a draft with the same content. Signing it supersedes the old one.

    :raises NotSigned, RevisionChanged, NoLongerCurrent, RevisionExists, NoAuthor:
    """
    source = Session.objects.with_parts().get(pk=session.pk)
    draft: Session = drafts.start_revision(source, kind=KIND, revision=revision, by=by, at=at)
    content = documents.session_content(source)
    for row in [*content["interventions"], *content["measures"]]:
        row.pop("id")
    for intervention in content["interventions"]:
        intervention["dose"] = dose_checks.without_impossible(agents.with_agent_code(intervention["dose"]))
    draft.safety = None
    draft.save(update_fields=["safety"])
    answers = [_copy_of(answer) for answer in source.overrides.all()]
    _write_parts(draft, content, at, answers=answers)
    audit.log("session.revise", by=by, target_id=draft.pk, patient_ids=[draft.patient_id])
    return draft


def with_muscles(content: checks.Content, patient: Patient) -> dict[str, Any]:
    """
    The same content, with muscle and side of each intervention's trigger point, and its agent as a code.

    :raises Invalid: a trigger point is not this patient's, or the muscle beside it is another; or a session that was
        asked about is not a signed one of the patient
    """
    requested = {i["trigger_point"] for i in content.get("interventions") or () if i.get("trigger_point")}
    requested |= {m["trigger_point"] for m in content.get("measures") or () if m.get("trigger_point")}
    points = (
        {
            p.pk: p
            for p in TriggerPoint.objects.filter(
                pk__in=requested, patient_id__in=identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
            )
        }
        if requested
        else {}
    )
    problems = Problems()
    interventions = []
    for index, content_ in enumerate(content.get("interventions") or ()):
        intervention, intervention_pointer = dict(content_), f"/interventions/{index}"
        point = points.get(intervention["trigger_point"]) if intervention.get("trigger_point") else None
        if intervention.get("trigger_point") and point is None:
            problems.add(f"{intervention_pointer}/trigger_point", "unknown_trigger_point")
        elif point is not None:
            if intervention.get("muscle") not in (None, point.muscle_id):
                problems.add(f"{intervention_pointer}/muscle", "not_of_trigger_point.muscle", muscle=point.muscle_id)
            if intervention.get("side") not in (None, point.side):
                problems.add(f"{intervention_pointer}/side", "not_of_trigger_point.side", side=point.side)
            intervention["muscle"], intervention["side"] = point.muscle_id, point.side
        if intervention.get("dose"):
            intervention["dose"] = agents.with_agent_code(intervention["dose"])
        interventions.append(intervention)
    for index, measure in enumerate(content.get("measures") or ()):
        if measure.get("trigger_point") and measure["trigger_point"] not in points:
            problems.add(f"/measures/{index}/trigger_point", "unknown_trigger_point")
    _check_asked_about(content, patient, problems)
    problems.raise_if_any()
    return {**content, **({"interventions": interventions} if "interventions" in content else {})}


def _check_asked_about(content: checks.Content, patient: Patient, problems: Problems) -> None:
    asked = [row["about"] for row in content.get("adverse_events_asked") or ()]
    if not asked:
        return
    people = identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
    unknown = adverse_events.unsigned_or_foreign(asked, people)
    for index, session_id in enumerate(asked):
        if session_id in unknown:
            problems.add(f"/adverse_events_asked/{index}/about", "unknown.session_asked_about")
        if session_id in asked[:index]:
            problems.add(f"/adverse_events_asked/{index}/about", "duplicate.session_asked_about")


def _answers(content: checks.Content, known: Iterable[Override], author_id: UUID, at: datetime) -> list[Override]:
    """
    Return the rows of what was passed or acknowledged: those that are as they were keep their name and time.

    :param known: the session's rows until now; those of a list that is not sent stay
    """
    before = {(row.kind, row.code): row for row in known}
    rows = [_copy_of(row) for row in before.values() if not _is_same(row, content)]
    for name, entry_kind in ANSWERS.items():
        for sent in content.get(name) or ():
            row = Override(
                kind=entry_kind,
                code=sent["code"],
                reason=sent.get("reason", ""),
                seen_by=sent.get("seen_by", ""),
                seen_at=sent.get("seen_at"),
                given_by_id=author_id,
                given_at=at,
            )
            old = before.get((entry_kind, row.code))
            if old is not None and _comparable(old) == _comparable(row):
                row.given_by_id, row.given_at = old.given_by_id, old.given_at
            if row.reason or row.seen_by or row.seen_at or entry_kind == Override.Kind.ACKNOWLEDGEMENT:
                rows.append(row)
    return rows


def _is_same(row: Override, content: checks.Content) -> bool:
    return any(entry_kind == row.kind and name in content for name, entry_kind in ANSWERS.items())


def _comparable(row: Override) -> tuple[Any, ...]:
    return row.reason, row.seen_by, row.seen_at


def _copy_of(row: Override) -> Override:
    names = ("kind", "code", "reason", "seen_by", "seen_at", "given_by_id", "given_at")
    return Override(**{name: getattr(row, name) for name in names})


def _log_answers(session: Session, rows: Iterable[Override], before: Iterable[Override], by: Actor) -> None:
    """Leave a trace of each stop that is passed and each caution that is acknowledged, when it is."""
    keys_before = {(row.kind, row.code, *_comparable(row)) for row in before}
    for row in rows:
        if (row.kind, row.code, *_comparable(row)) not in keys_before:
            action = "session.override" if row.kind == Override.Kind.OVERRIDE else "session.acknowledge"
            audit.log(action, by=by, target_id=session.pk, patient_ids=[session.patient_id], code=row.code)


def _write_parts(
    session: Session, content: checks.Content, at: datetime, *, answers: Sequence[Override]
) -> documents.SessionParts:
    """Insert the parts that are given and return them, so that they need not be read again."""
    own = {"clinic_id": session.clinic_id, "session": session}
    interventions = [
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
    measures = [
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
    for ordinal, answer in enumerate(answers):
        answer.id, answer.ordinal, answer.clinic_id, answer.session = new_id(), ordinal, session.clinic_id, session
    adverse_events_asked = [
        AdverseEventAnswer(**own, id=new_id(), ordinal=ordinal, about_id=row["about"], answer=row["answer"])
        for ordinal, row in enumerate(content.get("adverse_events_asked") or ())
    ]
    taken: dict[str, type[Conflict]] = {
        "treatments_intervention_pkey": IdTaken,
        "treatments_intervention_of_clinic": IdTaken,
        "treatments_measure_pkey": IdTaken,
        "treatments_measure_of_clinic": IdTaken,
    }
    with violations_as(taken):
        bulk.insert(interventions)
        bulk.insert(measures)
        bulk.insert(list(answers))
        bulk.insert(adverse_events_asked)
    return documents.SessionParts(interventions, measures, answers, adverse_events_asked)
