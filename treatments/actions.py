"""Everything that changes what was done."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from accounts import policies
from accounts.queries import hidden_techniques
from assessments.models import TriggerPoint
from audit import actions as audit
from database import bulk
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, Problems
from identity.actor import Actor
from patients.models import Patient
from patients.queries import identities
from records.editing import Flat
from records.kinds import DocumentKind, IdTaken, Section
from records.rules import plain_json
from treatments import agents, checks, documents, dose_checks, session_paths, signing
from treatments.adverse_events import queries as adverse_events
from treatments.aftercare import queries as aftercare
from treatments.models import (
    AdverseEvent,
    AdverseEventAnswer,
    Intervention,
    Measure,
    Override,
    Session,
    SessionQuerySet,
)
from treatments.values import NewAnswer, NewIntervention, NewMeasure, SessionContent, read_session

ANSWERS = {"overrides": Override.Kind.OVERRIDE.value, "acknowledged": Override.Kind.ACKNOWLEDGEMENT.value}


class SessionHasEvents(Conflict):
    reason = "session_has_events"


class SessionKind(DocumentKind[Session, documents.SessionParts, SessionContent, signing.SessionSigningCheck]):
    """What a session says for itself; see `records.kinds` for its life."""

    model = Session
    code = "session"
    scope = "treatments"
    head_fields = ["performed_at", "response", "limit_reasons", "notes", "weight_kg"]
    checked_together = ["limit_reasons", "weight_kg"]
    sections = {
        "interventions": Section(models=(Intervention,), parts=("interventions",)),
        "measures": Section(models=(Measure,), parts=("measures",)),
        "overrides": Section(models=(Override,), parts=("overrides",)),
        "acknowledged": Section(models=(Override,), parts=("overrides",)),
        "adverse_events_asked": Section(models=(AdverseEventAnswer,), parts=("adverse_events_asked",)),
    }
    row_lists = session_paths.ROWS
    read = staticmethod(read_session)
    get_parts = staticmethod(documents.get_parts)
    unflatten = staticmethod(session_paths.unflatten)
    row_paths = staticmethod(session_paths.row_paths)

    def rows(self) -> SessionQuerySet:
        return Session.objects.all()

    def content_of(self, document: Session, parts: documents.SessionParts | None = None) -> dict[str, Any]:
        return documents.session_content(document, parts)

    def document_json(self, document: Session, parts: documents.SessionParts | None = None) -> dict[str, Any]:
        return documents.session_json(document, parts)

    def complete(self, content: SessionContent, *, patient: Patient, draft: Session | None = None) -> SessionContent:
        _refuse_hidden(content, patient, draft)
        return with_muscles(content, patient)

    def check(
        self, content: SessionContent, *, birth_date: date | None, at: datetime, reasons_may_wait: bool = False
    ) -> None:
        checks.check_content(content, birth_date=birth_date, at=at, reasons_may_wait=reasons_may_wait)

    def write(
        self, document: Session, content: SessionContent, *, by: Actor, at: datetime, is_new: bool
    ) -> documents.SessionParts:
        # An override or acknowledgement keeps its author's name when someone else changes the rest of the draft.
        sends_answers = not is_new and ANSWERS.keys() & content.given
        before = list(document.overrides.all()) if sends_answers else []
        answers = _answers(content, before, policies.require_author(by), at)
        if not is_new:
            self.delete_rows(document, content.given)
        parts = _insert_parts(document, content, at, answers=answers)
        _log_answers(document, parts.overrides, before, by)
        return parts

    def refuse_discard(self, document: Session) -> None:
        """:raises SessionHasEvents:"""
        if AdverseEvent.objects.filter(session=document).exists() or aftercare.list_given(document):
            raise SessionHasEvents

    def check_signature(
        self, document: Session, content: Mapping[str, Any] | None = None, *, by: Actor, at: datetime
    ) -> signing.SessionSigningCheck:
        return signing.check_signature(document, content or self.content_of(document), by=by, at=at)

    def seal(self, document: Session, check: signing.SessionSigningCheck, *, at: datetime) -> Mapping[str, Any]:
        # What was known and shown is kept with the session, so that a later list changes nothing in it.
        document.safety = plain_json(signing.safety_block(check))
        document.save(update_fields=["safety"])
        return self.content_of(document) | documents.aftercare_content(aftercare.list_given(document))

    def copy_parts(self, source: Session, draft: Session, *, at: datetime) -> None:
        content = self.read(self.content_of(source))
        content = replace(
            content,
            interventions=tuple(
                replace(row, id=None, dose=dose_checks.without_impossible(agents.with_agent_code(row.dose)))
                for row in content.interventions
            ),
            measures=tuple(replace(row, id=None) for row in content.measures),
        )
        draft.safety = None
        draft.save(update_fields=["safety"])
        _insert_parts(draft, content, at, answers=[_copy_of(answer) for answer in source.overrides.all()])

    def flatten(self, document: Session, parts: documents.SessionParts) -> Flat:
        return session_paths.flatten(
            self.content_of(document, parts), unreviewed=signing.ids_to_review(parts.interventions)
        )


SESSION = SessionKind()


def _refuse_hidden(content: SessionContent, patient: Patient, draft: Session | None) -> None:
    """
    Refuse techniques that the clinic hides. A draft, also one of a new version, keeps those that it has.

    :raises Invalid: each is named
    """
    if not content.interventions:
        return
    hidden = hidden_techniques(patient.clinic_id)
    if hidden.isdisjoint(row.technique for row in content.interventions):
        return
    recorded = {row.technique for row in draft.interventions.all()} if draft is not None else set()
    problems = Problems()
    for index, row in enumerate(content.interventions):
        if row.technique in hidden - recorded:
            problems.add(f"/interventions/{index}/technique", "technique_hidden", technique=row.technique)
    problems.raise_if_any()


def with_muscles(content: SessionContent, patient: Patient) -> SessionContent:
    """
    The same content, with muscle and side of each intervention's trigger point, and its agent as a code.

    :raises Invalid: a trigger point is not this patient's, or the muscle beside it is another; or a session that was
        asked about is not a signed one of the patient
    """
    rows: list[NewIntervention | NewMeasure] = [*content.interventions, *content.measures]
    points = _points_of(patient, {row.trigger_point for row in rows if row.trigger_point})
    problems = Problems()
    interventions = tuple(
        _with_muscle(intervention, points, problems, f"/interventions/{index}")
        for index, intervention in enumerate(content.interventions)
    )
    for index, measure in enumerate(content.measures):
        if measure.trigger_point and measure.trigger_point not in points:
            problems.add(f"/measures/{index}/trigger_point", "unknown_trigger_point")
    _check_asked_about(content, patient, problems)
    problems.raise_if_any()
    return replace(content, interventions=interventions)


def _points_of(patient: Patient, requested: set[UUID]) -> dict[UUID, TriggerPoint]:
    """Return those of these trigger points that are the patient's."""
    if not requested:
        return {}
    people = identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
    return {point.pk: point for point in TriggerPoint.objects.filter(pk__in=requested, patient_id__in=people)}


def _with_muscle(
    intervention: NewIntervention, points: Mapping[UUID, TriggerPoint], problems: Problems, here: str
) -> NewIntervention:
    intervention = replace(intervention, dose=agents.with_agent_code(intervention.dose))
    if intervention.trigger_point is None:
        return intervention
    point = points.get(intervention.trigger_point)
    if point is None:
        problems.add(f"{here}/trigger_point", "unknown_trigger_point")
        return intervention
    if intervention.muscle not in (None, point.muscle_id):
        problems.add(f"{here}/muscle", "not_of_trigger_point.muscle", muscle=point.muscle_id)
    if intervention.side not in (None, point.side):
        problems.add(f"{here}/side", "not_of_trigger_point.side", side=point.side)
    return replace(intervention, muscle=point.muscle_id, side=point.side)


def _check_asked_about(content: SessionContent, patient: Patient, problems: Problems) -> None:
    asked = [row.about for row in content.adverse_events_asked]
    if not asked:
        return
    people = identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
    unknown = adverse_events.unsigned_or_foreign(asked, people)
    for index, session_id in enumerate(asked):
        if session_id in unknown:
            problems.add(f"/adverse_events_asked/{index}/about", "unknown.session_asked_about")
        if session_id in asked[:index]:
            problems.add(f"/adverse_events_asked/{index}/about", "duplicate.session_asked_about")


def _answers(content: SessionContent, known: Iterable[Override], author_id: UUID, at: datetime) -> list[Override]:
    """
    Return the rows of what was passed or acknowledged: those that are as they were keep their name and time.

    :param known: the session's rows until now; those of a list that is not sent stay
    """
    before = {(row.kind, row.code): row for row in known}
    rows = [_copy_of(row) for row in before.values() if not _is_same(row, content)]
    for name, entry_kind in ANSWERS.items():
        sent: tuple[NewAnswer, ...] = getattr(content, name)
        for answer in sent:
            row = Override(
                kind=entry_kind,
                code=answer.code,
                reason=answer.reason,
                seen_by=answer.seen_by,
                seen_at=answer.seen_at,
                given_by_id=author_id,
                given_at=at,
            )
            old = before.get((entry_kind, row.code))
            if old is not None and _comparable(old) == _comparable(row):
                row.given_by_id, row.given_at = old.given_by_id, old.given_at
            if row.reason or row.seen_by or row.seen_at or entry_kind == Override.Kind.ACKNOWLEDGEMENT:
                rows.append(row)
    return rows


def _is_same(row: Override, content: SessionContent) -> bool:
    return any(entry_kind == row.kind and name in content.given for name, entry_kind in ANSWERS.items())


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


def _measure_rows(session: Session, content: SessionContent, at: datetime) -> list[Measure]:
    return [
        Measure(
            clinic_id=session.clinic_id,
            session=session,
            id=measure.id or new_id(),
            ordinal=ordinal,
            kind=measure.kind,
            phase=measure.phase,
            timing=measure.timing,
            value=measure.value,
            measured_at=measure.measured_at or at,
            trigger_point_id=measure.trigger_point,
            movement_id=measure.movement,
            side=measure.side,
        )
        for ordinal, measure in enumerate(content.measures)
    ]


def _insert_parts(
    session: Session, content: SessionContent, at: datetime, *, answers: Sequence[Override]
) -> documents.SessionParts:
    """Insert the parts that are given and return them, so that they need not be read again."""
    own = {"clinic_id": session.clinic_id, "session": session}
    interventions = [
        Intervention(
            **own,
            id=intervention.id or new_id(),
            ordinal=ordinal,
            technique=intervention.technique,
            trigger_point_id=intervention.trigger_point,
            muscle_id=intervention.muscle,
            side=intervention.side,
            limit_reasons=dict(intervention.limit_reasons),
            response=intervention.response,
            unreviewed=intervention.unreviewed,
            **intervention.dose,
        )
        for ordinal, intervention in enumerate(content.interventions)
    ]
    measures = _measure_rows(session, content, at)
    for ordinal, answer in enumerate(answers):
        answer.id, answer.ordinal, answer.clinic_id, answer.session = new_id(), ordinal, session.clinic_id, session
    adverse_events_asked = [
        AdverseEventAnswer(**own, id=new_id(), ordinal=ordinal, about_id=row.about, answer=row.answer)
        for ordinal, row in enumerate(content.adverse_events_asked)
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
