from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Now

from database.expressions import UUIDv7


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def about_patient(self, patient_id: object) -> AuditEventQuerySet:
        return self.filter(patient_ids__contains=[patient_id])

    def newest_first(self) -> AuditEventQuerySet:
        return self.order_by("-at", "-id")


class AuditEvent(models.Model):
    """
    One read, write or refusal.

    It has no foreign keys on purpose: it outlives what it tells of, and writing it can never fail on a row that
    is locked, merged or gone.
    """

    class Outcome(models.TextChoices):
        OK = "ok"
        REFUSED = "refused"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)
    clinic_id = models.UUIDField(null=True)
    user_id = models.UUIDField(null=True)
    client_id = models.TextField(default="")
    action = models.TextField(help_text="app and verb, as in patient.read")
    outcome = models.TextField(choices=Outcome.choices)
    code = models.TextField(default="", help_text="why it was refused or failed: the error code of the answer")
    target_id = models.UUIDField(null=True)
    patient_ids = ArrayField(models.UUIDField(), default=list)
    ip = models.GenericIPAddressField(null=True)
    request_id = models.TextField(default="")
    times = models.PositiveIntegerField(default=1, db_default=1, help_text="refusals of strangers are counted")

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["clinic_id", "-at"], name="audit_event_by_clinic"),
            GinIndex(fields=["patient_ids"], name="audit_event_by_patient"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome__in=["ok", "refused", "failed"]), name="audit_event_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"AuditEvent {self.pk}"
