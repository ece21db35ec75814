"""Reads of trigger points: over one patient, and what the sightings of a point make of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Coalesce

from accounts.models import Clinic
from accounts.queries import shows_classification
from assessments.models import Finding, TriggerPoint
from assessments.point_matching import ChartPlace, KnownPoint
from assessments.point_states import PointCourse, RecordedSighting, judge_course
from database import tenancy
from database.expressions import CurrentClinic
from database.sql import run_prepared

# A point's class is that of its newest signed sighting that still stands; of a draft, where there is no other. What was
# merged into a point counts as it.
# SQL: the page is cut from rows that are distinct already, and the ORM filters no DISTINCT ON.
TRIGGER_POINTS = """
    SELECT DISTINCT ON (r.id) r.id, r.number, r.muscle_id, r.side, r.place, a.performed_at,
        a.signed_at IS NULL AS provisional, count(*) OVER (PARTITION BY r.id), f.criteria, f.class_code,
        min(a.performed_at) OVER (PARTITION BY r.id)
    FROM assessments_triggerpoint t
    JOIN assessments_triggerpoint r ON r.clinic_id = t.clinic_id AND r.id = coalesce(t.merged_into_id, t.id)
    JOIN assessments_finding f ON f.clinic_id = t.clinic_id AND f.trigger_point_id = t.id
    JOIN assessments_assessment a ON a.id = f.assessment_id
    LEFT JOIN records_mark m ON m.record_id = a.record_id
    WHERE t.clinic_id = %(clinic)s AND t.patient_id = ANY(%(patients)s) AND m.status IS NULL
    ORDER BY r.id, provisional, a.performed_at DESC, a.id DESC
"""
POINT_COLUMNS = [
    "id", "number", "muscle", "side", "place", "last_seen_at", "provisional", "sightings", "criteria", "class",
    "first_seen_at",
]  # fmt: skip

# Where a point was first touched is where it is: it does not wander with each exam.
# SQL: the ORM has no lateral join, and each save of an exam asks this.
KNOWN_POINTS = """
    SELECT coalesce(t.merged_into_id, t.id), t.muscle_id, t.side, t.place_key, f.point_view, f.point_x, f.point_y
    FROM assessments_triggerpoint t
    LEFT JOIN LATERAL (
        SELECT f.point_view, f.point_x, f.point_y
        FROM assessments_finding f
        JOIN assessments_assessment a ON a.id = f.assessment_id
        LEFT JOIN records_mark m ON m.record_id = a.record_id
        WHERE f.clinic_id = t.clinic_id AND f.trigger_point_id = t.id AND f.point_view IS NOT NULL
            AND m.status IS NULL
        ORDER BY a.performed_at, a.id LIMIT 1
    ) f ON true
    WHERE t.patient_id IN (
        SELECT p.id FROM patients_patient p WHERE p.id = %(patient)s OR p.merged_into_id = %(patient)s
    ) AND t.muscle_id = ANY(%(muscles)s)
    ORDER BY t.number
"""


def trigger_points(
    *, clinic_id: UUID, patient_ids: Sequence[UUID], after: tuple[datetime, UUID] | None, limit: int
) -> list[dict[str, Any]]:
    """
    Return a patient's trigger points with their newest class and their course, the last seen first.

    In documentation-only mode they have neither `class` nor `criteria`, and no `course`.
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
    merged = merged_numbers([row["id"] for row in points])
    for row in points:
        row["merged_numbers"] = merged.get(row["id"], [])
    if not shows_classification():
        for row in points:
            del row["class"], row["criteria"]
        return points
    courses = judge_points([row["id"] for row in points])
    for row in points:
        row["course"] = courses[row["id"]]
    return points


def merged_numbers(point_ids: Sequence[UUID]) -> dict[UUID, list[int]]:
    """Return the numbers of the points that were merged into each of these."""
    rows = TriggerPoint.objects.filter(merged_into__in=point_ids).order_by("number")
    numbers: dict[UUID, list[int]] = defaultdict(list)
    for into, number in rows.values_list("merged_into_id", "number"):
        if into is not None:
            numbers[into].append(number)
    return numbers


def judge_points(point_ids: Sequence[UUID]) -> dict[UUID, PointCourse]:
    """
    Return the course of each point that was seen, all judged by the clinic's rule set, in one statement.

    :param point_ids: of points that were not merged into another
    """
    rule_set = clinic_rule_set()
    courses = {}
    for point, sightings in list_sightings(point_ids).items():
        signed = [sighting for sighting in sightings if not sighting.is_draft]
        courses[point] = judge_course(signed or sightings, rule_set=rule_set)
    return courses


def list_sightings(point_ids: Sequence[UUID]) -> dict[UUID, list[RecordedSighting]]:
    """Return the sightings that still stand of each point and of what was merged into it, oldest first."""
    rows = (
        Finding.objects.filter(Q(trigger_point__in=point_ids) | Q(trigger_point__merged_into__in=point_ids))
        .filter(assessment__record__mark=None)
        .select_related("trigger_point", "assessment")
        .defer("assessment__record__document", "notes")
        .order_by("assessment__performed_at", "assessment_id", "ordinal")
    )
    sightings: dict[UUID, list[RecordedSighting]] = defaultdict(list)
    for finding in rows:
        point = finding.trigger_point
        sightings[point.merged_into_id or point.pk].append(read_sighting(finding))
    return sightings


def read_sighting(finding: Finding) -> RecordedSighting:
    """:param finding: with its assessment"""
    return RecordedSighting(
        assessment_id=finding.assessment_id,
        at=finding.assessment.performed_at,
        is_draft=finding.assessment.signed_at is None,
        signs=finding.signs,
        recognised=finding.recognised,
        current_symptom=finding.assessment.current_symptom,
        class_then=finding.class_code,
        rule_set_then=finding.rule_set,
        rule_set_version_then=finding.rule_set_version,
    )


def clinic_rule_set() -> str:
    """Return the rule set by which the clinic of the current scope judges; one statement a scope at most."""
    return tenancy.look_up(
        "rule_set", lambda: str(Clinic.objects.values_list("rule_set", flat=True).get(pk=CurrentClinic()))
    )


def list_known_points(patient_id: UUID, muscles: Sequence[str]) -> list[KnownPoint]:
    """Return a person's trigger points in these muscles, those of merged records too, the lowest number first."""
    rows = run_prepared(KNOWN_POINTS, {"patient": patient_id, "muscles": list(muscles)})
    return [
        KnownPoint(point, muscle, side, place_key, ChartPlace(view, x, y) if view is not None else None)
        for point, muscle, side, place_key, view, x, y in rows
    ]


@dataclass(frozen=True)
class NumberedPoint:
    """
    A point as screens and paper name it.

    :ivar was_seen: at an exam other than the one that is asked about
    """

    id: UUID
    number: int
    muscle: str
    side: str
    place: str
    merged_into: UUID | None
    was_seen: bool


def numbered_points(patient_id: UUID, *, leave_out: UUID) -> list[NumberedPoint]:
    """
    Return all trigger points of a person, the lowest number first.

    :param leave_out: an exam (`subject_id`) that does not count as one at which a point was seen
    """
    seen = Finding.objects.filter(trigger_point=OuterRef("pk"), assessment__record__mark=None)
    rows = (
        TriggerPoint.objects.filter(Q(patient=patient_id) | Q(patient__merged_into=patient_id))
        .annotate(was_seen=Exists(seen.exclude(assessment__subject_id=leave_out)))
        .order_by("number")
    )
    names = ("id", "number", "muscle_id", "side", "place", "merged_into_id", "was_seen")
    return [NumberedPoint(*row) for row in rows.values_list(*names)]


def numbers_of(point_ids: Iterable[UUID | None]) -> dict[UUID, int]:
    """Return the number of each point; where it was merged, that of the point that counts. One statement, or none."""
    ids = {point_id for point_id in point_ids if point_id is not None}
    if not ids:
        return {}
    rows = TriggerPoint.objects.filter(pk__in=ids)
    return dict(rows.values_list("pk", Coalesce("merged_into__number", "number")))
