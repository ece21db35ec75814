from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import parse
from api.pagination import Page, moment
from api.schema import PAGED
from api.views import ClinicView, etag
from assessments import actions, drawings, queries
from assessments.api import serializers as shapes
from assessments.documents import ExamParts, assessment_json, get_parts
from assessments.models import Assessment
from patients.queries import identities
from records import drafts
from records.documents import signature_json
from records.models import Record

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


def answer(assessment: Assessment, parts: ExamParts | None = None, *, number: int = status.HTTP_200_OK) -> Response:
    """An assessment with its rows; `parts` as in `assessment_content`."""
    headers = {"ETag": etag(assessment.revision)}
    if number == status.HTTP_201_CREATED:
        headers["Location"] = f"/api/v1/assessments/{assessment.pk}/"
    return Response(assessment_json(assessment, parts), status=number, headers=headers)


def fresh(assessment_id: UUID) -> Assessment:
    return Assessment.objects.with_parts().get(pk=assessment_id)


def signature_response(record: Record, number: int = status.HTTP_200_OK) -> Response:
    """The record that a signature made."""
    return Response(signature_json(record), status=number, headers={"Location": f"/api/v1/records/{record.pk}/"})


class PatientAssessments(ClinicView):
    scopes = {"get": "assessments:read", "post": "assessments:write"}
    audit_action = {"get": "assessment.list", "post": "assessment.record"}

    @extend_schema(
        operation_id="patients_assessments_list",
        tags=["assessments"],
        parameters=PAGED,
        responses=shapes.AssessmentPage,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's assessments, drafts too, newest first."""
        page = Page(request, key_types=[moment, UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        assessments = Assessment.objects.visible_to(self.actor).of_patients(patient_ids)
        rows = page.rows(assessments.with_parts(), "-performed_at")
        key = lambda a: (a.performed_at.isoformat(), a.pk)  # noqa: E731 - used once, here
        return Response(page.answer(rows, key, lambda shown: [assessment_json(a) for a in shown]))

    @extend_schema(
        operation_id="patients_assessments_create",
        tags=["assessments"],
        request=shapes.NewAssessmentInput,
        responses={201: shapes.AssessmentOutput},
        examples=[EXAMPLE],
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Record an assessment as a draft. Each finding is classified by the assessment's rule set."""
        body = parse(shapes.NewAssessmentInput, request.data)
        recorded = actions.record_assessment(patient_id=patient_id, content=body, by=self.actor, at=timezone.now())
        return answer(recorded.assessment, recorded.parts, number=status.HTTP_201_CREATED)


class OneAssessment(ClinicView):
    scopes = {"get": "assessments:read", "patch": "assessments:write", "delete": "assessments:write"}
    audit_action = {"get": "assessment.read", "patch": "assessment.change", "delete": "assessment.discard"}

    @extend_schema(operation_id="assessments_read", tags=["assessments"], responses=shapes.AssessmentOutput)
    def get(self, request: Request, assessment_id: UUID) -> Response:
        """One assessment, draft or signed."""
        visible = Assessment.objects.visible_to(self.actor).with_parts()
        assessment = get_object_or_404(visible, pk=assessment_id)
        self.saw(assessment.patient_id)
        return Response(assessment_json(assessment), headers={"ETag": etag(assessment.revision)})

    @extend_schema(
        operation_id="assessments_change",
        tags=["assessments"],
        request=shapes.AssessmentChanges,
        responses=shapes.AssessmentOutput,
    )
    def patch(self, request: Request, assessment_id: UUID) -> Response:
        """Change a draft. A list that is sent replaces the whole list."""
        assessment = self._draft(assessment_id)
        body = parse(shapes.AssessmentChanges, request.data)
        actions.change_assessment(assessment=assessment, content=body, by=self.actor, at=timezone.now())
        return answer(fresh(assessment.pk))

    @extend_schema(operation_id="assessments_discard", tags=["assessments"], responses={204: None})
    def delete(self, request: Request, assessment_id: UUID) -> Response:
        """Throw a draft away. A signed assessment cannot be deleted; it can be entered in error."""
        actions.discard_assessment(assessment=self._draft(assessment_id), by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def _draft(self, assessment_id: UUID) -> Assessment:
        assessment = get_object_or_404(Assessment.objects.visible_to(self.actor), pk=assessment_id)
        self.saw(assessment.patient_id)
        if "If-Match" not in self.request.headers:
            self.check_precondition(assessment.revision)
        draft = drafts.lock_draft(Assessment.objects.all(), assessment.pk)
        self.check_precondition(draft.revision)
        return draft


class AssessmentCommand(ClinicView):
    """A command on one assessment: found here, done by its action."""

    scopes = {"post": "assessments:write"}

    def get_assessment(self, assessment_id: UUID) -> Assessment:
        assessment = get_object_or_404(Assessment.objects.visible_to(self.actor), pk=assessment_id)
        self.saw(assessment.patient_id)
        return assessment

    def validate_body(self, shape: type[Any]) -> Any:
        return parse(shape, self.request.data)


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


class AssessmentSignature(AssessmentCommand):
    audit_action = {"post": "assessment.sign"}

    @extend_schema(operation_id="assessments_sign", tags=["assessments"], request=None, responses=shapes.SignedOutput)
    def post(self, request: Request, assessment_id: UUID) -> Response:
        """Sign: from here on nothing in it changes."""
        assessment = self.get_assessment(assessment_id)
        return signature_response(
            actions.sign_assessment(
                assessment_id=assessment.pk, revision=self.read_revision(), by=self.actor, at=timezone.now()
            )
        )


class AssessmentAddenda(AssessmentCommand):
    audit_action = {"post": "assessment.add_addendum"}

    @extend_schema(
        operation_id="assessments_addenda_create",
        tags=["assessments"],
        request=shapes.AddendumInput,
        responses={201: shapes.SignedOutput},
    )
    def post(self, request: Request, assessment_id: UUID) -> Response:
        """Add to a signed assessment."""
        assessment = self.get_assessment(assessment_id)
        revision = self.read_revision()
        text = self.validate_body(shapes.AddendumInput)["text"]
        record = actions.add_addendum(
            assessment=assessment, text=text, revision=revision, by=self.actor, at=timezone.now()
        )
        return signature_response(record, status.HTTP_201_CREATED)


class AssessmentEnteredInError(AssessmentCommand):
    audit_action = {"post": "assessment.mark_entered_in_error"}

    @extend_schema(
        operation_id="assessments_entered_in_error",
        tags=["assessments"],
        request=shapes.ReasonInput,
        responses=shapes.SignedOutput,
    )
    def post(self, request: Request, assessment_id: UUID) -> Response:
        """Say that a signed assessment should never have been. It stays readable, marked."""
        assessment = self.get_assessment(assessment_id)
        revision = self.read_revision()
        reason = self.validate_body(shapes.ReasonInput)["reason"]
        return signature_response(
            actions.mark_entered_in_error(
                assessment=assessment, reason=reason, revision=revision, by=self.actor, at=timezone.now()
            )
        )


class AssessmentRevisions(AssessmentCommand):
    audit_action = {"post": "assessment.revise"}

    @extend_schema(
        operation_id="assessments_revisions_create",
        tags=["assessments"],
        request=None,
        responses={201: shapes.AssessmentOutput},
    )
    def post(self, request: Request, assessment_id: UUID) -> Response:
        """Start a new version of a signed assessment: a draft with the same content. Signed, it supersedes the old."""
        assessment = self.get_assessment(assessment_id)
        draft = actions.revise_assessment(
            assessment=assessment, revision=self.read_revision(), by=self.actor, at=timezone.now()
        )
        return answer(fresh(draft.pk), number=status.HTTP_201_CREATED)


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
