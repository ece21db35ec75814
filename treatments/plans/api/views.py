"""Treatment plans of a patient: made, changed, ended."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import parse
from api.pagination import Page
from api.schema import PAGED
from api.views import ClinicView, etag
from errors.exceptions import Problems
from patients.queries import identities
from treatments.plans import actions, queries
from treatments.plans.api import serializers as shapes
from treatments.plans.models import TreatmentPlan
from treatments.plans.rules import PlanContent, PlannedGoal, PlanResult

TAG = ["treatment plans"]
OWN = (
    "id",
    "patient_id",
    "problem",
    "sessions",
    "weeks",
    "minutes",
    "techniques",
    "starts_on",
    "review_on",
    "status",
    "author_id",
    "made_at",
    "ended_at",
    "ended_by_id",
    "summary",
    "revision",
)
OF_GOAL = ("id", "measure", "target", "target_date", "reached")
CHANGEABLE = ("problem", "sessions", "weeks", "minutes", "review_on")


def plan_json(plan: TreatmentPlan) -> dict[str, Any]:
    """:param plan: with its goals at hand"""
    goals = sorted(plan.goals.all(), key=lambda goal: goal.number)
    return {
        **{name: getattr(plan, name) for name in OWN},
        "goals": [{name: getattr(goal, name) for name in OF_GOAL} for goal in goals],
    }


def content_of(body: dict[str, Any], plan: TreatmentPlan | None = None) -> PlanContent:
    """Return what a plan is to say: what is sent, and of the plan whatever is not."""
    values: dict[str, Any] = {}
    if plan is not None:
        values = {name: getattr(plan, name) for name in CHANGEABLE}
        values["techniques"] = plan.techniques
        values["goals"] = [
            {"measure": goal.measure, "target": goal.target, "target_date": goal.target_date}
            for goal in plan.goals.order_by("number")
        ]
    values |= body
    values["techniques"] = tuple(values.get("techniques", ()))
    values["goals"] = tuple(PlannedGoal(**goal) for goal in values.get("goals", ()))
    return PlanContent(**values)


class PatientPlans(ClinicView):
    scopes = {"get": "treatments:read", "post": "treatments:write"}
    audit_action = {"get": "plan.list", "post": "plan.make"}

    @extend_schema(operation_id="patients_plans_list", tags=TAG, parameters=PAGED, responses=shapes.TreatmentPlanPage)
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's treatment plans, ended ones too, newest first."""
        page = Page(request, key_types=[UUID])
        patient_ids = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*patient_ids)
        plans = TreatmentPlan.objects.of_patients(patient_ids).prefetch_related("goals")
        if page.after:
            plans = plans.filter(pk__lt=page.after[0])
        rows = list(plans.order_by("-pk")[: page.limit + 1])
        return Response(page.answer(rows, lambda plan: [plan.pk], lambda shown: [plan_json(plan) for plan in shown]))

    @extend_schema(
        operation_id="patients_plans_create",
        tags=TAG,
        request=shapes.TreatmentPlanInput,
        responses={201: shapes.OneTreatmentPlanOutput},
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """Make a treatment plan. A patient has one that runs: `409 plan_exists` if there is one."""
        self.saw(*identities(clinic_id=self.actor.clinic_id, patient_id=patient_id))
        content = content_of(parse(shapes.TreatmentPlanInput, request.data))
        plan = actions.make_plan(patient_id=patient_id, content=content, by=self.actor, at=timezone.now())
        return answer(plan.pk, number=status.HTTP_201_CREATED)


def answer(plan_id: UUID, *, number: int = status.HTTP_200_OK) -> Response:
    plan = TreatmentPlan.objects.select_related("patient").prefetch_related("goals").get(pk=plan_id)
    people = identities(clinic_id=plan.clinic_id, patient_id=plan.patient.merged_into_id or plan.patient_id)
    progress = queries.progress_of(plan, people, at=timezone.now())
    standing = {"given": progress.given, "expected": progress.expected, "is_kept": progress.is_kept}
    headers = {"ETag": etag(plan.revision)}
    if number == status.HTTP_201_CREATED:
        headers["Location"] = f"/api/v1/plans/{plan.pk}/"
    return Response({**plan_json(plan), "progress": standing}, status=number, headers=headers)


class PlanView(ClinicView):
    def get_plan(self, plan_id: UUID) -> TreatmentPlan:
        plan = get_object_or_404(TreatmentPlan.objects.filter(clinic_id=self.actor.clinic_id), pk=plan_id)
        self.saw(plan.patient_id, target_id=plan.pk)
        return plan


class OnePlan(PlanView):
    scopes = {"get": "treatments:read", "patch": "treatments:write"}
    audit_action = {"get": "plan.read", "patch": "plan.change"}

    @extend_schema(operation_id="plans_read", tags=TAG, responses=shapes.OneTreatmentPlanOutput)
    def get(self, request: Request, plan_id: UUID) -> Response:
        """One treatment plan, and whether what was given keeps up with it."""
        return answer(self.get_plan(plan_id).pk)

    @extend_schema(
        operation_id="plans_change",
        tags=TAG,
        request=shapes.TreatmentPlanChanges,
        responses=shapes.OneTreatmentPlanOutput,
    )
    def patch(self, request: Request, plan_id: UUID) -> Response:
        """Change what is sent of a plan that runs; `goals` and `techniques` are replaced as a whole."""
        plan = self.get_plan(plan_id)
        locked = TreatmentPlan.objects.select_for_update(of=("self",)).get(pk=plan.pk)
        self.check_precondition(locked.revision)
        content = content_of(parse(shapes.TreatmentPlanChanges, request.data), locked)
        actions.change_plan(
            plan_id=plan.pk, content=content, revision=locked.revision, by=self.actor, at=timezone.now()
        )
        return answer(plan.pk)


class PlanEnd(PlanView):
    scopes = {"post": "treatments:write"}
    audit_action = {"post": "plan.end"}

    @extend_schema(
        operation_id="plans_end", tags=TAG, request=shapes.PlanEndInput, responses=shapes.OneTreatmentPlanOutput
    )
    def post(self, request: Request, plan_id: UUID) -> Response:
        """End a plan, saying of each goal whether it was reached. It is final from then on."""
        plan, revision = self.get_plan(plan_id), self.read_revision()
        body = parse(shapes.PlanEndInput, request.data)
        results = body.get("goals", [])
        known, problems = set(plan.goals.values_list("pk", flat=True)), Problems()
        for index, result in enumerate(results):
            if result["goal_id"] not in known:
                problems.add(f"/goals/{index}/goal_id", "unknown.goal")
        problems.raise_if_any()
        reached = {result["goal_id"]: result["reached"] for result in results}
        result = PlanResult(reached, body["summary"])
        actions.end_plan(plan_id=plan.pk, result=result, revision=revision, by=self.actor, at=timezone.now())
        return answer(plan.pk)
