"""That a patient was given the advice after needling: how, when, and the text as it was."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from accounts.models import User
from messaging.models import Message
from patients.models import OfPatient, Patient
from treatments.aftercare import rules


class Aftercare(OfPatient):
    """One handing over of the advice. Final: giving it again is another row."""

    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    session = models.ForeignKey(
        "treatments.Session", on_delete=models.PROTECT, related_name="aftercare", db_constraint=False
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
