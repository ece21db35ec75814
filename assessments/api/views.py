from __future__ import annotations

from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import Page, moment
from api.schema import PAGED
from api.views import ClinicView
from assessments import drawings, queries
from assessments.actions import EXAM
from assessments.api import serializers as shapes
from assessments.documents import get_parts
from assessments.models import Assessment
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
        """A patient's trigger points, the last seen first, each with the class of its newest signed sighting."""
        page = Page(request, key_types=[moment, UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        points = queries.trigger_points(
            clinic_id=self.actor.clinic_id, patient_ids=patient_ids, after=page.after, limit=page.limit + 1
        )
        return Response(page.answer(points, lambda p: (p["last_seen_at"].isoformat(), p["id"]), list))
