"""Results of outcome measures, and when a clinic asks for them. Results are final; a wrong one is withdrawn."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Clinic, User
from assessments.outcomes import rules
from catalogue.models import Muscle
from database.revisions import content_revision
from patients.models import OfPatient, Patient


class OutcomeQuerySet(models.QuerySet["Outcome"]):
    def of_patients(self, patient_ids: Sequence[UUID]) -> OutcomeQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def standing(self) -> OutcomeQuerySet:
        return self.filter(withdrawal=None)

    def newest_first(self) -> OutcomeQuerySet:
        return self.order_by("-performed_at", "-id")


class Outcome(OfPatient):
    """One result of one measure."""

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    measure = models.TextField()
    series_key = models.TextField(help_text="what results must have in common to be compared")
    muscle = models.ForeignKey(Muscle, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    side = models.TextField(null=True)
    answers = models.JSONField(help_text="as entered; numbers as they were written")
    score = models.DecimalField(max_digits=8, decimal_places=2, null=True, help_text="empty: too few answers")
    catalogue_version = models.PositiveSmallIntegerField(help_text="of the measures")
    performed_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)

    objects = OutcomeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(measure__in=rules.MEASURES), name="outcome_measure_known"),
            models.CheckConstraint(
                condition=Q(performed_at__lte=models.F("recorded_at")), name="outcome_performed_before_recorded"
            ),
            models.CheckConstraint(
                condition=Q(muscle=None, side=None) | Q(muscle__isnull=False, side__in=rules.SIDES),
                name="outcome_muscle_has_side",
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-performed_at"], name="outcome_of_patient"),
            models.Index(fields=["clinic", "measure", "performed_at"], name="outcome_of_measure"),
        ]


class OutcomeWithdrawal(OfPatient):
    """That a result was entered in error, and why."""

    outcome = models.OneToOneField(Outcome, on_delete=models.PROTECT, related_name="withdrawal", db_constraint=False)
    reason = models.TextField()
    withdrawn_at = models.DateTimeField()
    withdrawn_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)

    class Meta:
        constraints = [models.CheckConstraint(condition=~Q(reason=""), name="outcome_withdrawal_has_reason")]


class OutcomeSettings(models.Model):
    """What a clinic asks for, and when: weeks from the begin of a treatment plan. Empty: nothing becomes due."""

    clinic = models.OneToOneField(Clinic, primary_key=True, on_delete=models.PROTECT, related_name="+")
    weeks = ArrayField(models.PositiveSmallIntegerField(), default=list)
    measures = ArrayField(models.TextField(), default=list)

    revision = property(content_revision)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(measures__contained_by=rules.MEASURES), name="outcome_settings_measures_known"
            )
        ]

    def __str__(self) -> str:
        return f"OutcomeSettings {self.pk}"
