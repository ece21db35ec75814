"""Reads of the workspace that span apps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max, QuerySet

from accounts.queries import shows_classification
from assessments.models import Assessment, Finding, RangeOfMotion, TriggerPoint
from assessments.point_queries import read_sighting
from assessments.point_states import PointCourse, RecordedSighting, judge_course
from database.sql import run_prepared
from patients.models import Patient
from scheduling.rules import HOLDING
from treatments.models import Intervention, Measure, Session

# Patients in care with a signed exam that still has an active point, not seen again for so long, and not booked.
# SQL, because in the ORM it took 3 times as long: 6 % of the start page.
DUE = """
    SELECT patient_id, last_at, points FROM (
        SELECT a.patient_id, max(a.performed_at) AS last_at,
            count(*) FILTER (WHERE f.class_code = 'active') AS points
        FROM assessments_assessment a JOIN assessments_finding f ON f.assessment_id = a.id
        WHERE a.clinic_id = %(clinic)s AND a.signed_by_id = %(user)s AND a.performed_at > %(since)s
            AND NOT EXISTS (
                SELECT FROM assessments_assessment n
                WHERE n.patient_id = a.patient_id AND n.performed_at > a.performed_at
            )
            AND NOT EXISTS (
                SELECT FROM treatments_session s WHERE s.patient_id = a.patient_id AND s.performed_at > %(until)s
            )
            AND NOT EXISTS (
                SELECT FROM scheduling_appointment v
                WHERE v.clinic_id = a.clinic_id AND v.patient_id = a.patient_id AND v.ends_at > %(now)s
                    AND v.status = ANY (%(holding)s)
            )
        GROUP BY a.patient_id
    ) AS seen WHERE points > 0 AND last_at < %(until)s ORDER BY last_at LIMIT %(limit)s
"""

ROWS_A_PATIENT = 10


def recent_patients(*, clinic_id: UUID, user_id: UUID, limit: int) -> list[tuple[Patient, datetime]]:
    """Return whom this therapist has worked with lately, each with their newest exam or session, newest first."""
    newest: dict[UUID, datetime] = {}
    for model in (Assessment, Session):
        work = model._default_manager.filter(clinic_id=clinic_id, recorded_by_id=user_id)
        # The newest of both kinds are among the newest of each.
        for patient_id, at in _newest_of_each(work, limit):
            newest[patient_id] = max(at, newest.get(patient_id, at))
    rows = sorted(sorted(newest.items()), key=lambda row: row[1], reverse=True)[:limit]
    people = Patient.objects.in_bulk([patient_id for patient_id, _at in rows])
    return [(people[patient_id], at) for patient_id, at in rows if patient_id in people]


def _newest_of_each(work: QuerySet[Any], limit: int) -> list[tuple[UUID, datetime]]:
    """
    Each patient's newest of these documents, newest first.

    The newest rows mostly are of enough patients; all that somebody has ever recorded is read only where they are not.
    """
    rows = list(work.order_by("-performed_at").values_list("patient_id", "performed_at")[: limit * ROWS_A_PATIENT])
    newest: dict[UUID, datetime] = {}
    for patient_id, at in rows:
        newest.setdefault(patient_id, at)
    if len(newest) < limit and len(rows) == limit * ROWS_A_PATIENT:
        last = work.values("patient_id").annotate(at=Max("performed_at")).order_by("-at", "patient_id")
        newest = dict(last.values_list("patient_id", "at")[:limit])
    return list(newest.items())[:limit]


def due_patients(
    *, clinic_id: UUID, user_id: UUID, since: datetime, until: datetime, now: datetime, limit: int
) -> list[tuple[Patient, datetime, int]]:
    """Whom this therapist found an active point in, who was not seen since `until`, and has nothing booked."""
    values = {
        "clinic": clinic_id,
        "user": user_id,
        "since": since,
        "until": until,
        "now": now,
        "limit": limit,
        "holding": HOLDING,
    }
    if not shows_classification():
        return []  # they are chosen by a computed class
    rows = run_prepared(DUE, values)
    people = Patient.objects.in_bulk([row[0] for row in rows])
    in_care = {pk for pk, person in people.items() if person.status == "in_care" and not person.is_merged}
    return [(people[pk], at, points) for pk, at, points in rows if pk in in_care]


@dataclass
class Course:
    """One trigger point over time: what it was found to be, and what was done about it."""

    id: UUID
    muscle: str
    side: str
    place: str
    number: int
    steps: list[dict[str, Any]] = field(default_factory=list)
    point: dict[str, Any] | None = None
    sightings: list[RecordedSighting] = field(default_factory=list)
    judged: PointCourse | None = None

    @property
    def now(self) -> str:
        """Its newest class; empty if it was only treated."""
        return next((step["class"] for step in reversed(self.steps) if step["what"] == "found"), "")


def courses(patient_ids: Sequence[UUID], *, rule_set: str) -> list[Course]:
    """
    Every trigger point of a patient with its sightings and treatments in the order of time, all judged by one rule set;
    two queries.
    """
    findings = (
        Finding.objects.filter(assessment__patient_id__in=patient_ids, assessment__record__mark=None)
        .exclude(assessment__signed_at=None)
        .select_related("trigger_point__merged_into", "assessment")
        .defer("assessment__record__document")
        .order_by("assessment__performed_at", "ordinal")
    )
    treatments = (
        Intervention.objects.filter(session__patient_id__in=patient_ids, session__record__mark=None)
        .exclude(session__signed_at=None)
        .exclude(muscle=None)
        .select_related("trigger_point__merged_into", "session")
        .order_by("session__performed_at", "ordinal")
    )
    matches: dict[UUID, Course] = {}
    for finding in findings:
        course = _course_of(matches, finding.trigger_point)
        shown_class = finding.class_code if shows_classification() else ""
        course.steps.append({"what": "found", "at": finding.assessment.performed_at, "class": shown_class})
        course.sightings.append(read_sighting(finding))
        if finding.point_view:
            course.point = {"view": finding.point_view, "x": finding.point_x, "y": finding.point_y}
    for treatment in treatments:
        step = {"what": "treated", "at": treatment.session.performed_at, "technique": treatment.technique}
        if treatment.trigger_point is not None:
            _course_of(matches, treatment.trigger_point).steps.append(step)
            continue
        # Recorded for a muscle and side only: a treatment of every point there.
        for course in matches.values():
            if (course.muscle, course.side) == (treatment.muscle_id, treatment.side):
                course.steps.append(step)
    for course in matches.values():
        _judge(course, rule_set)
        course.steps.sort(key=lambda step: step["at"])
    order = {"active": 0, "activity_undetermined": 1, "latent": 2, "indeterminate": 3}
    return sorted(matches.values(), key=lambda c: (order.get(c.now, 4), c.muscle, c.side))


def _judge(course: Course, rule_set: str) -> None:
    """Judge all exams of a point by the clinic's rule set; what another one said at the time stands beside it."""
    if not course.sightings or not shows_classification():
        return
    course.judged = judge_course(course.sightings, rule_set=rule_set)
    found = [step for step in course.steps if step["what"] == "found"]
    for step, judged in zip(found, course.judged.series, strict=True):
        step["class"], step["class_then"] = judged.class_now, judged.sighting.class_then


def _course_of(courses: dict[UUID, Course], point: TriggerPoint) -> Course:
    """The course of a point; of the one that it was merged into, if it was."""
    point = point.merged_into or point
    return courses.setdefault(point.pk, Course(point.pk, point.muscle_id, point.side, point.place, point.number))


@dataclass(frozen=True)
class MeasureSeries:
    """One measure over time: (moment, value) in order."""

    kind: str
    about: str
    side: str
    values: list[tuple[datetime, float]]


def series(patient_ids: Sequence[UUID]) -> list[MeasureSeries]:
    """Pain now, thresholds by muscle and ranges by movement, of signed exams and sessions that still stand."""
    exams = Assessment.objects.of_patients(list(patient_ids)).exclude(signed_at=None).filter(record__mark=None)
    values_by_key: dict[tuple[str, str, str], list[tuple[datetime, float]]] = defaultdict(list)
    for at, pain in exams.exclude(pain_now=None).values_list("performed_at", "pain_now"):
        values_by_key["pain", "", ""].append((at, float(pain or 0)))
    for finding in Finding.objects.filter(assessment__in=exams).exclude(ppt_kpa=[]).select_related("assessment"):
        mean = float(sum(finding.ppt_kpa) / len(finding.ppt_kpa))
        values_by_key["ppt_kpa", finding.muscle_id, finding.side].append((finding.assessment.performed_at, mean))
    for movement in (
        RangeOfMotion.objects.filter(assessment__in=exams).exclude(degrees=None).select_related("assessment")
    ):
        key = ("rom_deg", movement.movement_id, movement.side or "")
        values_by_key[key].append((movement.assessment.performed_at, float(movement.degrees or 0)))
    sessions = Session.objects.of_patients(list(patient_ids)).exclude(signed_at=None).filter(record__mark=None)
    for measure in Measure.objects.filter(session__in=sessions).select_related("trigger_point"):
        point: Any = measure.trigger_point
        about = measure.movement_id or (point.muscle_id if point else "")
        side = measure.side or (point.side if point else "")
        values_by_key[measure.kind, about, side].append((measure.measured_at, float(measure.value)))
    order = ["pain", "ppt_kpa", "rom_deg"]
    keys = sorted(values_by_key, key=lambda key: (order.index(key[0]), key[1:]))
    return [
        MeasureSeries(measure_kind, about, side, sorted(values_by_key[measure_kind, about, side]))
        for measure_kind, about, side in keys
    ]
