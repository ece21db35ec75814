"""That a patient was given the advice after needling: how, when, and the text as it was."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from accounts.models import Clinic, User
from database.expressions import UUIDv7
from messaging.models import Message
from patients.models import OfPatient, Patient
from treatments.aftercare import rules


class Aftercare(OfPatient):
    """One handing over of the advice. Final: giving it again is another row."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    session = models.ForeignKey(
        "treatments.Session", on_delete=models.PROTECT, related_name="aftercare", db_constraint=False, db_index=False
    )
    how = models.TextField(help_text="printed or link")
    language = models.TextField()
    text_version = models.TextField()
    text = models.TextField()
    message = models.ForeignKey(Message, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    given_at = models.DateTimeField()
    given_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")

    class Meta:
        verbose_name_plural = "aftercare"
        constraints = [
            models.CheckConstraint(condition=Q(how__in=rules.WAYS), name="aftercare_how_known"),
            models.CheckConstraint(condition=~Q(text=""), name="aftercare_has_text"),
            models.CheckConstraint(
                condition=Q(how=rules.LINK, message__isnull=False) | (~Q(how=rules.LINK) & Q(message=None)),
                name="aftercare_message_of_link",
            ),
        ]
        indexes = [models.Index(fields=["clinic", "session"], name="aftercare_of_session")]


class AftercareText(models.Model):
    """One version of what a clinic writes below the warning of pneumothorax, which is not part of it. Final."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    language = models.TextField(help_text="as in en or de")
    version = models.PositiveIntegerField(help_text="from 1, counted for each language")
    expected_title = models.TextField(blank=True, default="")
    expected = ArrayField(
        models.TextField(), default=list, help_text="empty: from here on the product's text is used again"
    )
    made_at = models.DateTimeField()
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "language", "version"], name="aftercaretext_version_once"),
            models.CheckConstraint(condition=Q(version__gte=1), name="aftercaretext_version_from_1"),
        ]

    def __str__(self) -> str:
        return f"AftercareText {self.pk}"
