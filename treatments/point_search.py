"""Which trigger points of a clinic to see to: by muscle, side and state, and how long they were not treated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

import catalogue
from accounts.queries import shows_classification
from assessments.point_queries import judge_points
from assessments.point_states import STATES, PointCourse
from audit import actions as audit
from database.sql import run_prepared
from errors.exceptions import Invalid
from identity.actor import Actor

MOST = 200
BATCH = 500  # technical: so many points are judged at once

# A treatment that names only muscle and side may have been of any point there. What was merged counts as one.
# SQL: the newest treatment of each point is a lateral join over two ways to name it.
SEARCH = """
    SELECT seen.id, seen.number, seen.muscle_id, seen.side, seen.place, person.id, seen.at, treated.at
    FROM (
        SELECT r.id, r.number, r.muscle_id, r.side, r.place, r.patient_id, max(a.performed_at) AS at
        FROM assessments_triggerpoint t
        JOIN assessments_triggerpoint r ON r.clinic_id = t.clinic_id AND r.id = coalesce(t.merged_into_id, t.id)
        JOIN assessments_finding f ON f.clinic_id = t.clinic_id AND f.trigger_point_id = t.id
        JOIN assessments_assessment a ON a.id = f.assessment_id
        LEFT JOIN records_mark m ON m.record_id = a.record_id
        WHERE t.clinic_id = %(clinic)s AND t.muscle_id = %(muscle)s
            AND (%(side)s::text IS NULL OR t.side = %(side)s) AND a.signed_at IS NOT NULL AND m.status IS NULL
        GROUP BY r.id
    ) seen
    JOIN patients_patient p ON p.id = seen.patient_id
    JOIN patients_patient person ON person.id = coalesce(p.merged_into_id, p.id) AND person.status = 'in_care'
    LEFT JOIN LATERAL (
        SELECT max(s.performed_at) AS at
        FROM treatments_session s
        JOIN treatments_intervention i ON i.session_id = s.id
        LEFT JOIN records_mark m ON m.record_id = s.record_id
        WHERE s.clinic_id = %(clinic)s AND s.signed_at IS NOT NULL AND m.status IS NULL
            AND s.patient_id IN (
                SELECT q.id FROM patients_patient q WHERE q.id = person.id OR q.merged_into_id = person.id
            )
            AND i.muscle_id = seen.muscle_id AND i.side = seen.side
            AND (
                i.trigger_point_id IS NULL OR i.trigger_point_id = seen.id OR i.trigger_point_id IN (
                    SELECT o.id FROM assessments_triggerpoint o WHERE o.merged_into_id = seen.id
                )
            )
    ) treated ON true
    WHERE (%(before)s::timestamptz IS NULL OR treated.at IS NULL OR treated.at < %(before)s::timestamptz)
        AND (%(after_at)s::timestamptz IS NULL OR (seen.at, seen.id) < (%(after_at)s::timestamptz, %(after_id)s::uuid))
    ORDER BY seen.at DESC, seen.id DESC LIMIT %(limit)s
"""
COLUMNS = ["id", "number", "muscle", "side", "place", "patient_id", "last_seen_at", "last_treated_at"]


@dataclass(frozen=True)
class PointQuery:
    """
    What is searched for.

    :ivar side, state: None: any
    :ivar not_treated_days: no treatment in so many days; None: whether or not it was treated
    """

    muscle: str
    side: str | None = None
    state: str | None = None
    not_treated_days: int | None = None


@dataclass(frozen=True)
class PointMatch:
    """
    A point that fits, of a person in care.

    :ivar last_treated_at: None: never
    :ivar course: None in documentation-only mode
    """

    id: UUID
    number: int
    muscle: str
    side: str
    place: str
    patient_id: UUID
    last_seen_at: datetime
    last_treated_at: datetime | None
    course: PointCourse | None


@dataclass(frozen=True)
class PointSearch:
    matches: list[PointMatch]
    is_cut: bool  # there are more than are shown


@transaction.atomic
def search_points(query: PointQuery, *, by: Actor, at: datetime) -> PointSearch:
    """
    Return the points of people in care that fit, the last examined first; each person is seen, and the audit trail
    says so. A state is judged by the clinic's rule set; "active" includes what is active again after it was resolved.

    :raises Invalid: there is no such muscle or state, or the clinic shows no states
    """
    if query.muscle not in catalogue.MUSCLES:
        raise Invalid.at("/muscle", "unknown_muscle")
    if query.state is not None and query.state not in STATES:
        raise Invalid.at("/state", "unknown_code.point_state", choices=STATES)
    if query.state is not None and not shows_classification():
        raise Invalid.at("/state", "no_states")
    matches: list[PointMatch] = []
    last: PointMatch | None = None
    while len(matches) <= MOST:
        batch = _read_batch(query, by=by, at=at, after=last)
        matches += [match for match in batch if _fits(match, query.state)]
        if len(batch) < BATCH:
            break
        last = batch[-1]
    shown = matches[:MOST]
    audit.log("trigger_point.search", by=by, patient_ids=list(dict.fromkeys(match.patient_id for match in shown)))
    return PointSearch(shown, is_cut=len(matches) > MOST)


def _read_batch(query: PointQuery, *, by: Actor, at: datetime, after: PointMatch | None) -> list[PointMatch]:
    days = query.not_treated_days
    rows = run_prepared(
        SEARCH,
        {
            "clinic": by.clinic_id,
            "muscle": query.muscle,
            "side": query.side,
            "before": at - timedelta(days=days) if days is not None else None,
            "after_at": after.last_seen_at if after else None,
            "after_id": after.id if after else None,
            "limit": BATCH,
        },
    )
    courses = judge_points([row[0] for row in rows]) if rows and shows_classification() else {}
    return [PointMatch(**dict(zip(COLUMNS, row, strict=True)), course=courses.get(row[0])) for row in rows]


def _fits(match: PointMatch, state: str | None) -> bool:
    if state is None or match.course is None:
        return True
    return match.course.state == state or (state == "active" and match.course.is_active)
