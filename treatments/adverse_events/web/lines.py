"""Adverse events and advice as lines of a signed document and of the pages around it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils import formats, timezone
from django.utils.translation import gettext as _

from patients.queries import identities
from treatments.adverse_events import labels, queries
from treatments.adverse_events.web.question import question_of
from treatments.aftercare import labels as aftercare_labels
from treatments.aftercare import queries as aftercare
from treatments.models import AdverseEvent, Session
from treatments.rules import TECHNIQUES

Lines = list[tuple[str, str]]


def moment(value: datetime) -> str:
    return formats.date_format(timezone.localtime(value), "SHORT_DATETIME_FORMAT")


def treatment_name(session: Session) -> str:
    """When a treatment was, and with which techniques. Needs its interventions."""
    techniques = dict.fromkeys(row.technique for row in session.interventions.all())
    names = ", ".join(_(TECHNIQUES[technique].label) for technique in techniques)
    return " · ".join(part for part in (moment(session.performed_at), names) if part)


def codes_text(event: AdverseEvent) -> str:
    """What happened, in words; of an unconfirmed event what the patient answered."""
    if event.codes:
        return ", ".join(str(labels.CODES[code]) for code in event.codes)
    return ", ".join(str(labels.HOME_ANSWERS.get(answer, answer)) for answer in event.answers)


def duration_text(minutes: int) -> str:
    if minutes and minutes % (24 * 60) == 0:
        return f"{minutes // (24 * 60)} {labels.DURATION_UNITS['d']}"
    if minutes and minutes % 60 == 0:
        return f"{minutes // 60} {labels.DURATION_UNITS['h']}"
    return f"{minutes} {labels.DURATION_UNITS['min']}"


def event_line(event: AdverseEvent) -> dict[str, Any]:
    """One event as the lists show it."""
    return {
        "event": event,
        "name": codes_text(event),
        "severity": labels.SEVERITIES.get(event.severity or "", ""),
        "status": labels.STATUSES[event.status],
        "is_open": event.status == "unconfirmed",
    }


def event_facts(event: AdverseEvent) -> Lines:
    """Everything that is recorded of one version."""
    lines: Lines = [(_("Treatment"), treatment_name(event.session))]
    if event.answers:
        lines.append((_("Answered at home"), ", ".join(str(labels.HOME_ANSWERS.get(a, a)) for a in event.answers)))
    if event.severity:
        grade = _("CTCAE grade {grade}").format(grade=event.ctcae_grade)
        lines.append((_("Severity"), f"{labels.SEVERITIES[event.severity]} ({grade})"))
    if event.is_life_threatening:
        lines.append((_("Life-threatening"), _("yes")))
    if event.onset_at:
        lines.append((_("Began"), moment(event.onset_at)))
    if event.duration_min is not None:
        lines.append((_("Duration"), duration_text(event.duration_min)))
    if event.causality:
        lines.append((_("Caused by the treatment"), str(labels.CAUSALITIES[event.causality])))
    if event.outcome:
        lines.append((_("Outcome"), str(labels.OUTCOMES[event.outcome])))
    if event.action:
        lines.append((_("Action taken"), event.action))
    if event.told:
        lines.append((_("Informed"), ", ".join(str(labels.TOLD[code]) for code in event.told)))
    if event.note:
        lines.append((_("Note"), event.note))
    if event.reason:
        lines.append((_("Reason"), event.reason))
    return lines


# --- Of one session -------------------------------------------------------------------------------------------


def people_of(session: Session) -> list[UUID]:
    patient = session.patient.in_use
    return identities(clinic_id=session.clinic_id, patient_id=patient.pk)


def answer_lines(session: Session) -> Lines:
    """What the patient said about problems after earlier treatments."""
    answers = list(session.adverse_events_asked.all())
    if not answers:
        return []
    earlier = Session.objects.prefetch_related("interventions").in_bulk([answer.about_id for answer in answers])
    return [(treatment_name(earlier[answer.about_id]), str(labels.ANSWERS[answer.answer])) for answer in answers]


def aftercare_lines(session: Session) -> Lines:
    """How and when the advice after needling was given."""
    return [
        (moment(row.given_at), f"{aftercare_labels.WAYS[row.how]}, {row.given_by.name} ({row.text_version})")
        for row in aftercare.list_given(session)
    ]


def find_open_question(session: Session) -> dict[str, Any] | None:
    """The question about the last treatment, if nobody has asked it yet."""
    question = question_of(session, people_of(session))
    answered = {answer.about_id for answer in session.adverse_events_asked.all()}
    return question if question is not None and question["about"] not in answered else None


def of_session(session: Session) -> dict[str, Any]:
    """What the review and the signed page show of one session: its events, and the advice after needling."""
    needled = bool(aftercare.list_muscles(session))
    lines = aftercare_lines(session) if needled else []
    return {
        "events": [event_line(event) for event in queries.events_of_session(session.subject_id)],
        "needled": needled,
        "aftercare": lines,
        "aftercare_is_missing": not lines and aftercare.needs_warning(session),
    }
