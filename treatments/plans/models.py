"""A treatment plan and its goals. Editable while it runs; final once it has ended."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from patients.models import OfPatient, Patient
from treatments.plans import rules
from treatments.rules import TECHNIQUES


class TreatmentPlanQuerySet(models.QuerySet["TreatmentPlan"]):
    def of_patients(self, patient_ids: Sequence[UUID]) -> TreatmentPlanQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def newest_first(self) -> TreatmentPlanQuerySet:
        return self.order_by("-starts_on", "-id")


class TreatmentPlan(OfPatient):
    """
    What is to be done about one problem: so many sessions over so many weeks, with what, and to what end.

    A patient has one that runs.
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    problem = models.TextField()
    techniques = ArrayField(models.TextField(), default=list)
    sessions = models.PositiveSmallIntegerField()
    weeks = models.PositiveSmallIntegerField()
    minutes = models.PositiveSmallIntegerField(help_text="of each session")
    starts_on = models.DateField()
    review_on = models.DateField(null=True)
    status = models.TextField(default=rules.ACTIVE)
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    summary = models.TextField(blank=True, default="", help_text="what came of it, for the discharge summary")
    revision = models.PositiveIntegerField(default=1)

    objects = TreatmentPlanQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(problem=""), name="treatment_plan_has_problem"),
            models.CheckConstraint(condition=Q(status__in=rules.STATUSES), name="treatment_plan_status_known"),
            models.CheckConstraint(condition=Q(sessions__range=rules.SESSIONS), name="treatment_plan_sessions"),
            models.CheckConstraint(condition=Q(weeks__range=rules.WEEKS), name="treatment_plan_weeks"),
            models.CheckConstraint(condition=Q(minutes__range=rules.MINUTES), name="treatment_plan_minutes"),
            models.CheckConstraint(
                condition=Q(techniques__contained_by=list(TECHNIQUES)), name="treatment_plan_techniques_known"
            ),
            models.CheckConstraint(
                condition=Q(review_on=None) | Q(review_on__gte=models.F("starts_on")),
                name="treatment_plan_review_after",
            ),
            models.CheckConstraint(
                condition=Q(status=rules.ACTIVE, ended_at=None, ended_by=None)
                | Q(status=rules.ENDED, ended_at__isnull=False, ended_by__isnull=False),
                name="treatment_plan_ended_whole",
            ),
            models.UniqueConstraint(
                fields=["patient"], condition=Q(status=rules.ACTIVE), name="treatment_plan_runs_once"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-starts_on"], name="treatment_plan_of_patient")]

    @property
    def is_active(self) -> bool:
        return self.status == rules.ACTIVE


class PlanGoal(OfPatient):
    """What is to be better by when; whether it was is said when the plan ends."""

    plan = models.ForeignKey(TreatmentPlan, on_delete=models.PROTECT, related_name="goals", db_constraint=False)
    number = models.PositiveSmallIntegerField()
    measure = models.TextField()
    target = models.TextField()
    target_date = models.DateField(null=True)
    reached = models.TextField(blank=True, default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["plan", "number"], name="plan_goal_once"),
            models.CheckConstraint(condition=~Q(measure="") & ~Q(target=""), name="plan_goal_whole"),
            models.CheckConstraint(condition=Q(reached__in=["", *rules.REACHED]), name="plan_goal_reached_known"),
        ]
