"""A patient's trigger points: their numbers, what became of each, and which of them are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _

import catalogue
from accounts.models import User
from accounts.queries import shows_classification
from accounts.web.pages import PageRequest, page
from assessments import point_queries, points, rules
from assessments.models import PointMerge, TriggerPoint
from assessments.point_states import PointCourse
from assessments.web import labels
from errors.exceptions import Conflict, Invalid, NotFound
from errors.texts import message_of
from patients.models import Patient
from patients.queries import identities

MOST = 500  # technical: all points of a person on one page


@page(scope="assessments:read", action="page.patient.points")
def patient_points(request: PageRequest, patient_id: UUID) -> HttpResponse:
    patient = Patient.objects.visible_to(request.actor).filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    return _render(request, patient)


@page(scope="assessments:write", action="page.point.merge", methods="POST")
def merge(request: PageRequest, point_id: UUID) -> HttpResponse:
    """Count a point as another one."""
    point = _find(request, point_id)
    reason = request.POST.get("reason", "")[:1000]
    try:
        into = UUID(request.POST.get("into", ""))
    except ValueError:
        raise NotFound from None
    try:
        points.merge_points(point_id=point.pk, into_id=into, reason=reason, by=request.actor, at=timezone.now())
    except (Invalid, Conflict) as refusal:
        return _render(request, point.patient.in_use, refused={point.pk: _say(refusal)}, status=400)
    toasts.success(request, _("The two points are counted as one."))
    return redirect("patient_points", point.patient.in_use.pk)


@page(scope="assessments:write", action="page.point.split", methods="POST")
def split(request: PageRequest, point_id: UUID) -> HttpResponse:
    """Count a merged point as one of its own again."""
    point = _find(request, point_id)
    reason = request.POST.get("reason", "")[:1000]
    try:
        points.split_point(point_id=point.pk, reason=reason, by=request.actor, at=timezone.now())
    except (Invalid, Conflict) as refusal:
        about = point.merged_into_id or point.pk
        return _render(request, point.patient.in_use, refused={about: _say(refusal)}, status=400)
    toasts.success(request, _("The point has its own number again."))
    return redirect("patient_points", point.patient.in_use.pk)


def _find(request: PageRequest, point_id: UUID) -> TriggerPoint:
    point = TriggerPoint.objects.select_related("patient__merged_into").filter(pk=point_id).first()
    if point is None:
        raise NotFound
    request.trace.saw(point.patient_id)
    return point


def _say(refusal: Invalid | Conflict) -> str:
    return message_of(refusal.errors[0]) if refusal.errors else message_of(refusal)


def _render(
    request: PageRequest, patient: Patient, *, refused: Mapping[UUID, str] | None = None, status: int = 200
) -> HttpResponse:
    people = identities(clinic_id=request.clinic.pk, patient_id=patient.pk)
    request.trace.saw(*people)
    rows = point_queries.trigger_points(clinic_id=request.clinic.pk, patient_ids=people, after=None, limit=MOST)
    rows.sort(key=lambda row: row["number"])
    merged = TriggerPoint.objects.filter(merged_into__in=[row["id"] for row in rows]).order_by("number")
    parts: dict[UUID, list[TriggerPoint]] = {}
    for point in merged:
        if point.merged_into_id is not None:
            parts.setdefault(point.merged_into_id, []).append(point)
    for row in rows:
        row["name"] = name_point(row)
        row["others"] = [other for other in rows if _may_be_one(row, other)]
        row["parts"] = parts.get(row["id"], [])
        row["refused"] = (refused or {}).get(row["id"])
        course: PointCourse | None = row.get("course")
        row["state_word"] = labels.POINT_STATES[course.state] if course else ""
        row["lines"] = describe_course(course) if course else []
    context = {
        "patient": patient,
        "points": rows,
        "trail": trail(people),
        "judged_by": rules.RULE_SETS[point_queries.clinic_rule_set()].label if shows_classification() else "",
    }
    return render(request, "assessments/points.html", context, status=status)


def name_point(row: Mapping[str, Any]) -> str:
    """Return a point's muscle, side and place in words."""
    parts = (_(catalogue.MUSCLES[row["muscle"]]["name"]), str(labels.SIDES[row["side"]]), row["place"])
    return " · ".join(part for part in parts if part)


def _may_be_one(row: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return row["id"] != other["id"] and (row["muscle"], row["side"]) == (other["muscle"], other["side"])


def describe_course(course: PointCourse) -> list[dict[str, Any]]:
    """Return a line for each exam: its class by the course's rule set, and what was said then where that differs."""
    return [
        {
            "at": judged.sighting.at,
            "class": judged.class_now,
            "word": labels.CLASSES[judged.class_now],
            "then": labels.CLASSES[judged.sighting.class_then]
            if judged.sighting.class_then != judged.class_now
            else "",
            "judged_then_by": _(rules.RULE_SETS[judged.sighting.rule_set_then].label)
            if judged.rule_set_changed and judged.sighting.rule_set_then in rules.RULE_SETS
            else "",
        }
        for judged in course.series
    ]


def trail(people: Sequence[UUID]) -> list[dict[str, Any]]:
    """Return who merged and split which points of a person, and why, the newest first."""
    rows = list(PointMerge.objects.filter(point__patient_id__in=people).select_related("point", "into").order_by("-id"))
    users = User.objects.filter(pk__in=[row.merged_by_user_id for row in rows if row.merged_by_user_id])
    names: dict[UUID | None, str] = dict(users.values_list("pk", "name")) if rows else {}
    return [
        {
            "row": row,
            "who": names.get(row.merged_by_user_id, row.merged_by_client_id),
            "day": formats.date_format(timezone.localtime(row.merged_at), "SHORT_DATETIME_FORMAT"),
        }
        for row in rows
    ]
