from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import User
from messaging.models import Link
from patient_forms import rules
from patients.models import OfPatient, Patient


class FormRequestQuerySet(models.QuerySet["FormRequest"]):
    def of_patients(self, patient_ids: Sequence[UUID]) -> FormRequestQuerySet:
        return self.filter(patient_id__in=patient_ids)

    def newest_first(self) -> FormRequestQuerySet:
        return self.order_by("-asked_at", "-id")


class FormRequest(OfPatient):
    """
    One form that a patient was sent, and the answers. They are the patient's words, and no part of the record until a
    therapist accepts them. The answers are final once they are sent in, the row once it is reviewed (a trigger).

    :ivar form: the code of one of `registry.FORMS`
    :ivar form_version: of the questions that were answered
    :ivar taken: the keys of the proposals that the therapist accepted
    """

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    form = models.TextField()
    form_version = models.PositiveSmallIntegerField(default=0)
    status = models.TextField(default=rules.SENT)
    link = models.ForeignKey(Link, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    asked_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    answers = models.JSONField(default=dict)
    answered_at = models.DateTimeField(null=True)
    taken = ArrayField(models.TextField(), default=list)
    reviewed_at = models.DateTimeField(null=True)
    reviewed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")
    review_note = models.TextField(blank=True, default="")
    revision = models.PositiveIntegerField(default=1)

    objects = FormRequestQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(status__in=rules.STATUSES), name="form_request_status_known"),
            models.CheckConstraint(
                condition=Q(status__in=[rules.SENT, rules.CANCELLED], answered_at=None)
                | Q(status__in=[rules.ANSWERED, *rules.REVIEWED], answered_at__isnull=False),
                name="form_request_answered_whole",
            ),
            models.CheckConstraint(
                condition=Q(status__in=rules.REVIEWED, reviewed_at__isnull=False, reviewed_by__isnull=False)
                | (~Q(status__in=rules.REVIEWED) & Q(reviewed_at=None, reviewed_by=None)),
                name="form_request_reviewed_whole",
            ),
            models.UniqueConstraint(
                fields=["patient", "form"], condition=Q(status__in=rules.OPEN), name="form_request_open_once"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "patient", "-asked_at"], name="form_request_of_patient")]
