"""Everything that changes adverse events: they are recorded, confirmed, corrected and dismissed; each is a new row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from accounts import policies
from accounts.models import Membership
from audit import actions as audit
from database.expressions import new_id
from errors.constraints import violations_as
from errors.exceptions import Conflict, Invalid, NotFound
from identity.actor import Actor
from messaging import actions as messages
from messaging import rules as sending
from patients.actions import refuse_merged
from patients.models import Patient
from patients.queries import identities
from treatments.adverse_events import queries, rules
from treatments.models import AdverseEvent, AdverseEventHomeAnswer, Session
from worklist import actions as worklist

ALERT_LATE = timedelta(hours=24)


class EventChanged(Conflict):
    reason = "event_changed"


class EventDismissed(Conflict):
    reason = "event_dismissed"


# --- By the clinic --------------------------------------------------------------------------------------------


@transaction.atomic
def record_event(
    *, patient_id: UUID, session_id: UUID, facts: rules.EventFacts, by: Actor, at: datetime
) -> AdverseEvent:
    """
    Record an adverse event of one of a patient's sessions, at any time; also after care has ended.

    :raises accounts.policies.NoAuthor, PatientMerged, NotFound:
    :raises Invalid: something is missing or cannot be; each is named
    """
    author_id = policies.require_author(by)
    patient = _lock_patient(patient_id)
    session = _session_of(patient, session_id)
    rules.event_problems(facts, treated_at=session.performed_at, at=at).raise_if_any()
    event = AdverseEvent(
        id=new_id(),
        event_id=new_id(),
        clinic_id=by.clinic_id,
        patient=patient,
        session=session,
        status=rules.CONFIRMED,
        source=rules.FROM_CLINIC,
        recorded_at=at,
        recorded_by_id=author_id,
        **_columns(facts),
    )
    _insert(event, "adverse_event.record", by=by)
    _act_on_severity(event, by=by, at=at)
    return event


@transaction.atomic
def correct_event(
    *, event_id: UUID, version: int, facts: rules.EventFacts, reason: str = "", by: Actor, at: datetime
) -> AdverseEvent:
    """
    Write a new version of an event: correct a confirmed one, or confirm what a patient answered at home.

    :param version: the version that was read; another one means that somebody was faster
    :param reason: why it is corrected; confirming needs none
    :raises accounts.policies.NoAuthor, NotFound, EventChanged:
    :raises EventDismissed: it was dismissed; record a new one
    :raises Invalid: as in `record_event`, or the reason is too short
    """
    policies.require_author(by)
    newest = _lock_newest(event_id, version)
    problems = rules.event_problems(facts, treated_at=newest.session.performed_at, at=at)
    if newest.status == rules.CONFIRMED and len(reason.strip()) < rules.REASON_LEAST:
        problems.add("/reason", "too_short.event_reason", least=rules.REASON_LEAST)
    problems.raise_if_any()
    action = "adverse_event.correct" if newest.status == rules.CONFIRMED else "adverse_event.confirm"
    event = _next_version(newest, status=rules.CONFIRMED, reason=reason.strip(), by=by, at=at, **_columns(facts))
    _insert(event, action, by=by)
    _act_on_severity(event, by=by, at=at)
    return event


@transaction.atomic
def dismiss_event(*, event_id: UUID, version: int, reason: str, by: Actor, at: datetime) -> AdverseEvent:
    """
    Say that it was no adverse event; what was recorded stays readable.

    :raises accounts.policies.NoAuthor, NotFound, EventChanged, EventDismissed:
    :raises Invalid: the reason is too short
    """
    policies.require_author(by)
    newest = _lock_newest(event_id, version)
    if len(reason.strip()) < rules.REASON_LEAST:
        raise Invalid.at("/reason", "too_short.event_reason", least=rules.REASON_LEAST)
    event = _next_version(newest, status=rules.DISMISSED, reason=reason.strip(), by=by, at=at)
    _insert(event, "adverse_event.dismiss", by=by)
    _act_on_severity(event, by=by, at=at)
    return event


def _columns(facts: rules.EventFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in rules.EventFacts.__dataclass_fields__} | {
        "codes": list(facts.codes),
        "told": list(facts.told),
        "action": facts.action.strip(),
        "note": facts.note.strip(),
    }


def _lock_patient(patient_id: UUID) -> Patient:
    """The patient, locked so that a merge waits; unlike a session, an event may come after the end of care."""
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    refuse_merged(patient)
    return patient


def _session_of(patient: Patient, session_id: UUID) -> Session:
    people = identities(clinic_id=patient.clinic_id, patient_id=patient.pk)
    session = Session.objects.of_patients(people).filter(pk=session_id).first()
    if session is None:
        raise Invalid.at("/session", "unknown.session_of_patient")
    return session


def _lock_newest(event_id: UUID, version: int) -> AdverseEvent:
    """The newest version, locked: of two people who change it at once, the second is told."""
    versions = AdverseEvent.objects.filter(event_id=event_id).select_related("session", "patient")
    newest = versions.select_for_update(of=("patient",), no_key=True).order_by("-version").first()
    if newest is None:
        raise NotFound
    if newest.status == rules.DISMISSED:
        raise EventDismissed
    if newest.version != version:
        raise EventChanged
    return newest


def _next_version(newest: AdverseEvent, *, by: Actor, at: datetime, **changes: Any) -> AdverseEvent:
    event = AdverseEvent.objects.get(pk=newest.pk)
    event.pk, event._state.adding = new_id(), True
    event.version, event.recorded_at, event.recorded_by_id = newest.version + 1, at, by.author_id
    for name, value in changes.items():
        setattr(event, name, value)
    return event


def _insert(event: AdverseEvent, action: str, *, by: Actor) -> None:
    with violations_as({"adverseevent_version_once": EventChanged}):
        event.save(force_insert=True)
    audit.log(action, by=by, target_id=event.event_id, patient_ids=[event.patient_id], code=event.severity or "")


# --- Serious ones ---------------------------------------------------------------------------------------------


def _act_on_severity(event: AdverseEvent, *, by: Actor, at: datetime) -> None:
    """
    A serious event is on the owner's worklist at once, and mailed; one that is none after all goes from it. What a
    therapist has judged no longer waits to be confirmed.
    """
    worklist.resolve(kinds=["unconfirmed_event"], about_ids=[event.event_id], by=by, at=at)
    if not event.is_serious:
        worklist.resolve(kinds=["serious_event"], about_ids=[event.event_id], by=by, at=at)
        return
    before = AdverseEvent.objects.filter(event_id=event.event_id, version=event.version - 1).first()
    if before is not None and before.is_serious:
        return  # the owner knows already
    item_id, _is_new = worklist.raise_item(
        kind="serious_event",
        patient_id=event.patient_id,
        about_id=event.event_id,
        facts={"codes": list(event.codes), "grade": event.ctcae_grade},
        by=by,
        at=at,
    )
    owners = Membership.objects.active().filter(clinic_id=by.clinic_id, role="owner")
    for user_id in owners.values_list("user_id", flat=True):
        messages.enqueue(
            kind="staff_alert",
            channel=sending.EMAIL,
            patient_id=event.patient_id,
            about_id=item_id,
            to_user_id=user_id,
            dedupe_key=f"serious:{event.pk}:{user_id}",
            due_at=at,
            late_after=ALERT_LATE,
            by=by,
        )


# --- From home ------------------------------------------------------------------------------------------------


@transaction.atomic
def note_home_answer(*, session: Session, check_in_id: UUID, has_problems: bool, by: Actor, at: datetime) -> None:
    """Keep that a patient was asked at home about a treatment, and whether there were problems."""
    answer = rules.PROBLEMS if has_problems else rules.NONE
    AdverseEventHomeAnswer.objects.update_or_create(
        clinic_id=by.clinic_id,
        check_in_id=check_in_id,
        defaults={"patient_id": session.patient_id, "session": session, "answer": answer, "answered_at": at},
    )


@transaction.atomic
def start_from_check_in(
    *, session: Session, check_in_id: UUID, answers: Sequence[str], by: Actor, at: datetime
) -> AdverseEvent | None:
    """
    Keep what a patient answered at home as an unconfirmed event, which a therapist confirms or dismisses.

    Answers that come later, about the same session, go to the same event until a therapist has judged it.

    :param answers: codes of what is wrong; those that the event has already change nothing
    :returns: the new version; None if there is nothing new
    """
    events = queries.events_of_session(session.subject_id)
    waiting = next((event for event in events if event.status == rules.UNCONFIRMED), None)
    existing = [answer for event in events if event.check_in_id == check_in_id for answer in event.answers]
    new = [answer for answer in answers if answer not in existing]
    if not new:
        return None
    if waiting is not None:
        merged = list(dict.fromkeys([*waiting.answers, *new]))
        if merged == waiting.answers:
            return None
        event = _next_version(waiting, by=by, at=at, answers=merged)
        event.recorded_by_id = None
    else:
        event = AdverseEvent(
            id=new_id(),
            event_id=new_id(),
            clinic_id=by.clinic_id,
            patient_id=session.patient_id,
            session=session,
            status=rules.UNCONFIRMED,
            source=rules.FROM_CHECK_IN,
            check_in_id=check_in_id,
            answers=new,
            recorded_at=at,
        )
    _insert(event, "adverse_event.start", by=by)
    worklist.raise_item(
        kind="unconfirmed_event",
        patient_id=event.patient_id,
        about_id=event.event_id,
        facts={"answers": list(event.answers)},
        by=by,
        at=at,
    )
    return event
