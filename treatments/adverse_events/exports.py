"""
Adverse events and rates as rows for a table, with the fields that a report by CONSORT Harms 2022 needs.

Source: domain facts, section 13 (Junqueira 2023, J Clin Epidemiol 158:149): how events were collected (asked or
volunteered), the list of terms and the grading that was used, seriousness, attribution, timing, outcome, action, and
the denominators. Names of columns and codes are stable, so they are not translated. No patient's name or contact is in
it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from treatments.adverse_events import rates, rules
from treatments.adverse_events.period import Period
from treatments.models import AdverseEvent

EVENT_FIELDS = [
    "event_id", "version", "status", "patient_id", "session_id", "treated_at", "techniques", "muscles", "codes",
    "code_list", "severity", "severity_scale", "ctcae_grade", "grade_reviewed_by_clinician", "is_serious", "onset_at",
    "onset_after_h", "duration_min", "causality", "causality_judged_by", "outcome", "action", "told", "collection",
    "session_asked_by", "recorded_at",
]  # fmt: skip
RATE_FIELDS = [
    "since", "until", "technique", "sessions", "sessions_asked", "not_asked_pct", "is_suppressed", "severity",
    "events", "rate_pct", "upper_95_pct", "denominator",
]  # fmt: skip


def event_rows(events: Iterable[AdverseEvent], asked_by: Mapping[UUID, set[str]]) -> Iterator[list[Any]]:
    """
    :param asked_by: session's subject to by which ways somebody asked about it
    """
    for event in events:
        session = event.session
        interventions = list(session.interventions.all())
        ways = asked_by.get(session.subject_id, set())
        yield [
            event.event_id,
            event.version,
            event.status,
            event.patient_id,
            session.pk,
            session.performed_at.isoformat(),
            join_parts(row.technique for row in interventions),
            join_parts(f"{row.muscle_id}/{row.side}" for row in interventions if row.muscle_id),
            join_parts(event.codes),
            f"palpate {rules.CODE_LIST_VERSION}, {len(rules.CODES)} codes",
            text(event.severity),
            "White: mild, significant, serious",
            text(event.ctcae_grade),
            "no",
            text(event.severity and ("yes" if event.severity == rules.SERIOUS else "no")),
            event.onset_at.isoformat() if event.onset_at else "",
            hours(event.onset_at - session.performed_at) if event.onset_at else "",
            text(event.duration_min),
            text(event.causality),
            text(event.recorded_by_id),
            text(event.outcome),
            event.action,
            join_parts(event.told),
            collection(event, ways),
            join_parts(sorted(ways)),
            event.recorded_at.isoformat(),
        ]


def collection(event: AdverseEvent, ways: set[str]) -> str:
    """Whether the event came to light by asking everybody, or because somebody told it."""
    return "systematic" if ways or event.source == rules.FROM_CHECK_IN else "spontaneous"


def rate_rows(found: Sequence[rates.TechniqueRate], period: Period) -> Iterator[list[Any]]:
    """One row for all events of a technique, and one for each severity; groups that are too small without figures."""
    for rate in found:
        head = [period.since, period.until, rate.technique, rate.sessions, text(rate.asked), text(rate.not_asked_pct)]
        denominator = "signed sessions that were asked about"
        suppressed = "yes" if rate.is_suppressed else "no"
        all_events = [text(rate.events), text(rate.rate_pct), text(rate.upper_95_pct)]
        yield [*head, suppressed, "all", *all_events, denominator]
        for severity in rate.severities:
            figures = [severity.events, text(severity.rate_pct), text(severity.upper_95_pct)]
            yield [*head, suppressed, severity.severity, *figures, denominator]


def join_parts(parts: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(parts))


def text(value: object) -> str:
    return "" if value is None else str(value)


def hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):.1f}"
