from __future__ import annotations

from uuid import UUID

from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from database.expressions import AnyOf, UUIDv7

AnyOf.register()
MOST_ABOUT = 10_000


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def about(self, about_id: UUID) -> AuditEventQuerySet:
        """
        What was done to a row or looked at of a patient: the newest `MOST_ABOUT` of this clinic.

        The ids come first, as an array: however the planner counts, it looks for those events and walks no others.
        """
        newest = About.objects.filter(about_id=about_id).order_by("-at").values("event_id")[:MOST_ABOUT]
        return self.filter(id__any_of=ArraySubquery(newest))

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
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(outcome__in=["ok", "refused", "failed"]), name="audit_event_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"AuditEvent {self.pk}"


class About(models.Model):
    """
    Which event is about which patient or row; PostgreSQL adds these itself with each event, and they go with its month.

    Row-level security lets no array be searched by an index, so that "who looked at this patient" would read the trail.
    """

    pk = models.CompositePrimaryKey("clinic_id", "about_id", "at", "event_id")
    clinic_id = models.UUIDField()
    about_id = models.UUIDField()
    at = models.DateTimeField()
    event_id = models.UUIDField()

    class Meta:
        db_table = "audit_about"

    def __str__(self) -> str:
        return f"About {self.event_id}"
