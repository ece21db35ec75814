"""Reads that span findings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.queries import shows_classification
from assessments.models import Clearance, TriggerPoint
from assessments.red_flags import Answer, FlagState, KnownClearance, work_out_state
from catalogue import MEASURES
from database.sql import run_prepared

# A point's class is that of its newest signed sighting that still stands; of a draft, where there is no other.
# SQL: the page is cut from rows that are distinct already, and the ORM filters no DISTINCT ON.
TRIGGER_POINTS = """
    SELECT DISTINCT ON (t.id) t.id, t.muscle_id, t.side, t.place, a.performed_at, a.signed_at IS NULL AS provisional,
        count(*) OVER (PARTITION BY t.id), f.criteria, f.class_code, min(a.performed_at) OVER (PARTITION BY t.id)
    FROM assessments_triggerpoint t
    JOIN assessments_finding f ON f.clinic_id = t.clinic_id AND f.trigger_point_id = t.id
    JOIN assessments_assessment a ON a.id = f.assessment_id
    LEFT JOIN records_mark m ON m.record_id = a.record_id
    WHERE t.clinic_id = %(clinic)s AND t.patient_id = ANY(%(patients)s) AND m.status IS NULL
    ORDER BY t.id, provisional, a.performed_at DESC, a.id DESC
"""
POINT_COLUMNS = [
    "id", "muscle", "side", "place", "last_seen_at", "provisional", "sightings", "criteria", "class", "first_seen_at",
]  # fmt: skip


def trigger_points(
    *, clinic_id: UUID, patient_ids: Sequence[UUID], after: tuple[datetime, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """
    Return a patient's trigger points with their newest class, the last seen first.

    In documentation-only mode they have neither `class` nor `criteria`.
    """
    statement = f"""
        SELECT * FROM ({TRIGGER_POINTS}) AS points
            ({", ".join(POINT_COLUMNS)})
        WHERE %(after_at)s::timestamptz IS NULL OR (last_seen_at, id) < (%(after_at)s::timestamptz, %(after_id)s::uuid)
        ORDER BY last_seen_at DESC, id DESC LIMIT %(limit)s
    """  # noqa: S608 - no input
    at, point = after or (None, None)
    values: dict[str, Any] = {
        "clinic": clinic_id,
        "patients": list(patient_ids),
        "after_at": at,
        "after_id": point,
        "limit": limit,
    }
    points = [dict(zip(POINT_COLUMNS, row, strict=True)) for row in run_prepared(statement, values)]
    if not shows_classification():
        for row in points:
            del row["class"], row["criteria"]
    return points


def list_points(patient_id: UUID, muscles: list[str]) -> list[tuple[UUID, str, str, str]]:
    """Return a patient's trigger points in these muscles: id, muscle, side, place as it is compared."""
    points = TriggerPoint.objects.filter(patient_id=patient_id, muscle_id__in=muscles)
    return list(points.values_list("id", "muscle_id", "side", "place_key"))


# --- Red flags ------------------------------------------------------------------------------------------------

# Of each flag what was answered from its last signed "no" on: older answers are closed by it. Injuries are needed
# whole, because a screen before one is stale.
# SQL: every signature of a session asks this; the ORM filters by a window only through a subquery of every column.
RED_FLAG_ANSWERS = """
    SELECT code, answer, performed_at, id, is_draft, note <> '', regions, side, subject_id, false FROM (
        SELECT r.code, r.answer, a.performed_at, a.id, a.signed_at IS NULL AS is_draft, r.note, r.regions, r.side,
            a.subject_id, max(a.performed_at) FILTER (WHERE r.answer = 'no' AND a.signed_at IS NOT NULL)
                OVER (PARTITION BY r.code) AS last_no_at
        FROM assessments_assessment a
        JOIN assessments_redflaganswer r ON r.clinic_id = a.clinic_id AND r.assessment_id = a.id
        LEFT JOIN records_mark m ON m.record_id = a.record_id
        WHERE a.patient_id = ANY(%(patients)s) AND a.performed_at <= %(at)s AND m.status IS NULL
            AND r.answer <> 'not_asked' AND a.subject_id IS DISTINCT FROM %(leave_out)s::uuid
    ) AS answers
    WHERE last_no_at IS NULL OR performed_at >= last_no_at OR (code = 'trauma_recent' AND answer = 'yes')
    UNION ALL
    SELECT f.code, 'yes', f.raised_at, NULL, true, false, ARRAY[]::text[], NULL, f.id, true
    FROM assessments_raisedflag f
    WHERE f.patient_id = ANY(%(patients)s) AND f.raised_at <= %(at)s
    UNION ALL
    SELECT 'psych_safety', 'to_ask', o.performed_at, NULL, false, false, ARRAY[]::text[], NULL, o.id, false
    FROM assessments_outcome o
    WHERE o.patient_id = ANY(%(patients)s) AND o.measure = 'phq2' AND o.score >= %(positive_from)s
        AND o.performed_at <= %(at)s
        AND NOT EXISTS (SELECT FROM assessments_outcomewithdrawal w WHERE w.outcome_id = o.id)
"""


def red_flag_answers(patient_ids: Sequence[UUID], *, at: datetime, leave_out: UUID | None = None) -> list[Answer]:
    """
    Return what counts of the answers of all exams that stand, and of those given at home, up to a time.

    A positive mood screen is among them as the question of safety that is to be asked.

    :param leave_out: an exam (`subject_id`) that is not looked at, because it is just being written
    """
    values = {
        "patients": list(patient_ids),
        "at": at,
        "leave_out": leave_out,
        "positive_from": MEASURES["phq2"]["positive_from"],
    }
    rows = run_prepared(RED_FLAG_ANSWERS, values)
    return [
        Answer(
            code=code,
            answer=answer,
            answered_at=performed_at,
            assessment_id=assessment_id,
            is_draft=is_draft,
            has_note=has_note,
            regions=tuple(regions),
            side=side,
            subject_id=subject_id,
            is_from_home=is_from_home,
        )
        for (
            code,
            answer,
            performed_at,
            assessment_id,
            is_draft,
            has_note,
            regions,
            side,
            subject_id,
            is_from_home,
        ) in rows
    ]


def red_flag_clearances(patient_ids: Sequence[UUID], *, at: datetime) -> list[KnownClearance]:
    """Return every clearance up to a time, oldest first."""
    rows = Clearance.objects.filter(patient_id__in=patient_ids, cleared_at__lte=at).order_by("cleared_at", "id")
    names = ("code", "kind", "cleared_at", "reason", "seen_by", "seen_at", "cleared_by__name", "subject_ids")
    return [
        KnownClearance(code, kind_code, cleared_at, reason, seen_by, seen_at, name, frozenset(subject_ids))
        for code, kind_code, cleared_at, reason, seen_by, seen_at, name, subject_ids in rows.values_list(*names)
    ]


def flag_state(
    patient_ids: Sequence[UUID],
    *,
    at: datetime,
    regions: Iterable[str] = (),
    first_visit: bool = False,
    new_trauma_at: datetime | None = None,
    leave_out: UUID | None = None,
) -> FlagState:
    """
    Return a person's red flags as of a time, in two statements.

    :param patient_ids: all ids of the record (`patients.queries.identities`)
    :param regions: BODY_REGIONS about to be treated
    :param first_visit, new_trauma_at: as in `red_flags.work_out_state`
    :param leave_out: as in `red_flag_answers`
    """
    return work_out_state(
        red_flag_answers(patient_ids, at=at, leave_out=leave_out),
        red_flag_clearances(patient_ids, at=at),
        at=at,
        regions=regions,
        first_visit=first_visit,
        new_trauma_at=new_trauma_at,
    )
