"""Which tests still matter in an exam, and how each class came about."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Choice
from api.views import ClinicView
from assessments import class_trace, rules
from assessments.class_trace import TraceStep
from assessments.documents import get_parts
from assessments.models import Assessment
from assessments.next_tests import list_tests, list_traces


class NextTestOutput(serializers.Serializer[Any]):
    kind = Choice(class_trace.KINDS)
    muscle = serializers.CharField()
    side = Choice(rules.SIDES)
    test = serializers.CharField(help_text="the sign; empty: palpate the muscle")
    finding_id = serializers.UUIDField(allow_null=True)
    settling = serializers.IntegerField(help_text="how many of its two outcomes settle the class alone")


class TraceSignOutput(serializers.Serializer[Any]):
    sign = serializers.CharField()
    recorded = serializers.CharField()
    counts_as = Choice(list(class_trace.COUNTS.values()))


class TraceStepOutput(serializers.Serializer[Any]):
    needed = serializers.IntegerField(help_text="the number of signs that must be present, at least")
    signs = TraceSignOutput(many=True)
    present = serializers.IntegerField()
    unknown = serializers.IntegerField()
    result = Choice(rules.CRITERIA_VALUES)


class TraceOutput(serializers.Serializer[Any]):
    finding_id = serializers.UUIDField()
    rule_set = Choice(list(rules.RULE_SETS))
    rule_set_version = serializers.IntegerField()
    steps = TraceStepOutput(many=True, help_text="the whole formula first, then its parts")
    recognised = Choice(rules.RECOGNISED_VALUES)
    current_symptom = Choice(rules.CURRENT_SYMPTOM_VALUES)
    leads_to = Choice(rules.CLASSES)


class NextTestsOutput(serializers.Serializer[Any]):
    tests = NextTestOutput(many=True, help_text="the most informative first")
    traces = TraceOutput(many=True)


def steps_json(step: TraceStep) -> list[dict[str, Any]]:
    own = {**asdict(step), "signs": [asdict(sign) for sign in step.signs]}
    own.pop("parts")
    return [own, *(row for part in step.parts for row in steps_json(part))]


class AssessmentNextTests(ClinicView):
    scopes = {"get": "assessments:read"}
    audit_action = {"get": "assessment.next_tests"}

    @extend_schema(operation_id="assessments_next_tests", tags=["assessments"], responses=NextTestsOutput)
    def get(self, request: Request, assessment_id: UUID) -> Response:
        """
        The tests that could still change a class or the order, and how each class came about.

        Computed now, from the exam as it stands; no part of the signed record. Empty in documentation-only mode.
        """
        visible = Assessment.objects.visible_to(self.actor).with_parts()
        exam = get_object_or_404(visible, pk=assessment_id)
        self.saw(exam.patient_id)
        parts = get_parts(exam)
        return Response(
            {
                "tests": [asdict(test) for test in list_tests(exam, parts)],
                "traces": [
                    {
                        "finding_id": spot.finding_id,
                        "rule_set": trace.rule_set,
                        "rule_set_version": trace.rule_set_version,
                        "steps": steps_json(trace.step),
                        "recognised": trace.recognised,
                        "current_symptom": trace.current_symptom,
                        "leads_to": trace.class_,
                    }
                    for spot, trace in list_traces(exam, parts)
                ],
            }
        )
