"""Reads that span findings."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from accounts.queries import shows_classification
from assessments.models import TriggerPoint
from clinic.sql import prepared

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
    points = [dict(zip(POINT_COLUMNS, row, strict=True)) for row in prepared(statement, values)]
    if not shows_classification():
        for point in points:
            del point["class"], point["criteria"]
    return points


def known_points(patient_id: UUID, muscles: list[str]) -> list[tuple[UUID, str, str, str]]:
    """Return a patient's trigger points in these muscles: id, muscle, side, place as it is compared."""
    points = TriggerPoint.objects.filter(patient_id=patient_id, muscle_id__in=muscles)
    return list(points.values_list("id", "muscle_id", "side", "place_key"))
