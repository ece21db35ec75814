from __future__ import annotations

from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models

from database.expressions import UUIDv7
from patients.models import OfPatient, Patient
from privacy import rules


class RightsCaseQuerySet(models.QuerySet["RightsCase"]):
    def open(self) -> RightsCaseQuerySet:
        """Those in force: not lifted or undone, and not an erasure that is done."""
        return self.filter(ended_at=None, done_at=None)


class RightsCase(OfPatient):
    """
    That a patient's record is restricted, is to be erased, or must be kept.

    While a restriction or an erasure is in force, row-level security hides every row of the patient
    (`palpate_hidden_patients`). What was begun is final; it ends, or an erasure is done.

    :ivar patient_ids: the patient's id, and those of the records that were merged into it
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    patient_ids = ArrayField(models.UUIDField())
    kind = models.TextField(choices=[(kind, kind) for kind in rules.KINDS])
    reason = models.TextField()
    begun_at = models.DateTimeField()
    begun_by_user_id = models.UUIDField()
    due_at = models.DateTimeField(null=True, help_text="when an erasure is done, unless it is undone before")
    ended_at = models.DateTimeField(null=True)
    ended_by_user_id = models.UUIDField(null=True)
    done_at = models.DateTimeField(null=True)

    objects = RightsCaseQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=rules.KINDS), name="rightscase_kind_known"),
            models.UniqueConstraint(
                fields=["patient", "kind"], condition=models.Q(ended_at=None), name="rightscase_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind=rules.ERASURE, due_at__isnull=False)
                | (~models.Q(kind=rules.ERASURE) & models.Q(due_at=None)),
                name="rightscase_erasure_is_due",
            ),
            models.CheckConstraint(
                condition=models.Q(due_at=None)
                | models.Q(due_at__gte=models.F("begun_at") + timedelta(days=rules.UNDO_DAYS)),
                name="rightscase_can_be_undone",
            ),
            models.CheckConstraint(
                condition=models.Q(done_at=None) | models.Q(kind=rules.ERASURE, ended_at=None),
                name="rightscase_done_erasure",
            ),
        ]
        indexes = [models.Index(fields=["clinic"], condition=models.Q(ended_at=None), name="rightscase_in_force")]

    def __str__(self) -> str:
        return f"RightsCase {self.pk}"
