from __future__ import annotations

from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import parse
from api.pagination import Page, moment
from api.schema import PAGED
from api.views import ClinicView
from assessments import drawings, point_queries, points
from assessments.actions import EXAM
from assessments.api import serializers as shapes
from assessments.documents import get_parts
from assessments.models import Assessment, TriggerPoint
from patients.queries import identities
from records.api.document_views import DocumentApi
from records.api.serializers import AddendumInput, ReasonInput, SignedOutput

EXAMPLE = OpenApiExample(
    "Upper trapezius, active",
    request_only=True,
    value={
        "performed_at": "2026-11-20T09:30:00Z",
        "pain_now": 6,
        "pain_worst_24h": 8,
        "pain_best_24h": 3,
        "red_flags": [{"code": "trauma_recent", "answer": "no"}],
        "pain_drawing": [{"zone": "head.temple", "side": "right", "intensity": 6}],
        "range_of_motion": [
            {
                "movement": "cervical.rotation",
                "side": "right",
                "degrees": 52,
                "painful": True,
                "device": "goniometer",
            }
        ],
        "findings": [
            {
                "muscle": "trapezius_upper",
                "side": "right",
                "place": "mid-belly",
                "point": {"view": "back", "x": 0.58, "y": 0.19},
                "taut_band": "present",
                "hypersensitive_spot": "present",
                "palpable_nodule": "present",
                "spot_in_band": "yes",
                "referred_pain": "present",
                "referred_to": [{"zone": "head.temple", "side": "right"}],
                "referred_quality": ["dull_ache"],
                "recognised": "yes",
                "jump_sign": "absent",
                "pain_on_pressure": 7,
                "ppt_kpa": [186.3, 176.5, 180.4],
            }
        ],
    },
)


API = DocumentApi(
    kind=EXAM,
    noun="assessment",
    about_recording="Record an assessment as a draft. Each finding is classified by the assessment's rule set.",
    example=EXAMPLE,
    new=shapes.NewAssessmentInput,
    changes=shapes.AssessmentChanges,
    output=shapes.AssessmentOutput,
    page=shapes.AssessmentPage,
    signed=SignedOutput,
    addendum=AddendumInput,
    reason=ReasonInput,
)


class AssessmentDrawing(ClinicView):
    scopes = {"get": "assessments:read"}
    audit_action = {"get": "assessment.drawing"}

    @extend_schema(operation_id="assessments_drawing", tags=["assessments"], responses=shapes.DrawingOutput)
    def get(self, request: Request, assessment_id: UUID) -> Response:
        """
        Which muscles could cause the drawn pain, and which drawn zones the findings explain.

        Computed now, from the exam as it stands; no part of the signed record. It suggests an order of palpation and
        decides nothing. In documentation-only mode only `drawn` is filled.
        """
        visible = Assessment.objects.visible_to(self.actor).with_parts()
        assessment = get_object_or_404(visible, pk=assessment_id)
        self.saw(assessment.patient_id)
        return Response(drawings.drawing_json(get_parts(assessment)))


class PatientTriggerPoints(ClinicView):
    scopes = {"get": "assessments:read"}
    audit_action = {"get": "trigger_point.list"}

    @extend_schema(
        operation_id="patients_trigger_points",
        tags=["assessments"],
        parameters=PAGED,
        responses=shapes.TriggerPointPage,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """
        A patient's trigger points, the last seen first, each with the class of its newest signed sighting.

        `course` judges all exams of a point by the clinic's rule set of today, beside what was said then: a change of
        rule set is no change of the patient.
        """
        page = Page(request, key_types=[moment, UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        points = point_queries.trigger_points(
            clinic_id=self.actor.clinic_id, patient_ids=patient_ids, after=page.after, limit=page.limit + 1
        )
        render = shapes.TriggerPointOutput(many=True).to_representation
        return Response(page.answer(points, lambda p: (p["last_seen_at"].isoformat(), p["id"]), render))


class TriggerPointMerge(ClinicView):
    scopes = {"post": "assessments:write"}
    audit_action = {"post": "trigger_point.merge"}

    @extend_schema(
        operation_id="trigger_points_merge",
        tags=["assessments"],
        request=shapes.PointMergeInput,
        responses=shapes.NumberedPointOutput,
    )
    def post(self, request: Request, point_id: UUID) -> Response:
        """
        Count a point as another one, for all that was and will be recorded. It can be undone: split it off.

        Signed documents keep the ids under which they were signed.
        """
        body = parse(shapes.PointMergeInput, request.data)
        into = points.merge_points(
            point_id=point_id, into_id=body["into"], reason=body["reason"], by=self.actor, at=timezone.now()
        )
        return Response(_numbered(into))


class TriggerPointSplit(ClinicView):
    scopes = {"post": "assessments:write"}
    audit_action = {"post": "trigger_point.split"}

    @extend_schema(
        operation_id="trigger_points_split",
        tags=["assessments"],
        request=shapes.PointSplitInput,
        responses=shapes.NumberedPointOutput,
    )
    def post(self, request: Request, point_id: UUID) -> Response:
        """Count a merged point as one of its own again, with its number."""
        reason = parse(shapes.PointSplitInput, request.data)["reason"]
        point = points.split_point(point_id=point_id, reason=reason, by=self.actor, at=timezone.now())
        return Response(_numbered(point))


def _numbered(point: TriggerPoint) -> dict[str, object]:
    numbers = point_queries.merged_numbers([point.pk])
    return {"id": point.pk, "number": point.number, "merged_numbers": numbers.get(point.pk, [])}
