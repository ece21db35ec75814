"""Reads of a patient's red flags that span exams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from uuid import UUID

from assessments.models import Clearance
from assessments.red_flags import Answer, FlagState, KnownClearance, work_out_state
from catalogue import MEASURES
from database.sql import run_prepared

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
