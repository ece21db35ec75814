"""What keeps the draft of a home programme from being published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from assessments.models import TriggerPoint
from errors.exceptions import Problems
from homecare import rules, safety
from homecare.models import Programme, Step
from homecare.programmes import safety_stops
from homecare.programmes import serialization as contents
from homecare.programmes.pictures import find_unknown_pictures
from patients.queries import identities

Points = Mapping[UUID, tuple[str, str | None]]


def find_points(steps: Sequence[Mapping[str, Any]], *, clinic_id: UUID, patient_id: UUID) -> Points:
    """Return muscle and side of the patient's trigger points that the steps name."""
    point_ids = {UUID(step["trigger_point"]) for step in steps if step.get("trigger_point")}
    if not point_ids:
        return {}
    people = identities(clinic_id=clinic_id, patient_id=patient_id)
    points = TriggerPoint.objects.filter(pk__in=point_ids, patient_id__in=people)
    return {pk: (muscle, side) for pk, muscle, side in points.values_list("pk", "muscle_id", "side")}


def find_lasting_ids(programme: Programme) -> set[UUID]:
    """Return the ids of the steps of all versions of the programme."""
    return set(Step.objects.filter(version__programme=programme).values_list("lasting", flat=True))


def find_unknown_ids(steps: Sequence[Mapping[str, Any]], points: Points, lasting_ids: set[UUID]) -> Problems:
    problems = find_unknown_pictures(steps)
    for number, step in enumerate(steps):
        if step.get("trigger_point") and UUID(step["trigger_point"]) not in points:
            problems.add(f"/steps/{number}/trigger_point", "unknown.trigger_point")
        if step.get("lasting") and UUID(step["lasting"]) not in lasting_ids:
            problems.add(f"/steps/{number}/lasting", "unknown.step")
    return problems


def known_of(programme: Programme, *, at: datetime) -> safety_stops.KnownSafety:
    """What the record says against the draft."""
    return safety_stops.load_known(programme, (programme.draft or {}).get("steps", []), at=at)


def problems_of(
    programme: Programme, known: safety_stops.KnownSafety, overrides: Sequence[safety.Override] | None = None
) -> Problems:
    """
    What keeps the draft from being published.

    :param known: as `known_of` returns it
    :param overrides: as in `stopping.find_problems`
    """
    draft = programme.draft or {}
    steps = draft.get("steps", [])
    problems = rules.check_steps(steps, ratings=contents.ratings(), tools=contents.tools())
    problems.errors += safety_stops.find_problems(known, steps, overrides).errors
    if not steps:
        problems.add("/steps", "required.steps")
    if not draft.get("title"):
        problems.add("/title", "required.programme_title")
    points = find_points(steps, clinic_id=programme.clinic_id, patient_id=programme.patient_id)
    for number, step in enumerate(steps):
        point = step.get("trigger_point")
        if point and UUID(point) in points and points[UUID(point)] != (step["muscle"], step["side"]):
            problems.add(f"/steps/{number}/trigger_point", "other_place")
    problems.errors += find_unknown_ids(steps, points, find_lasting_ids(programme)).errors
    return problems
