"""What is kept of red flags beside the answers of exams."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Length, Trim
from django.db.models.lookups import GreaterThanOrEqual

from accounts.models import User
from assessments.red_flag_table import RED_FLAGS
from assessments.red_flags import CLEARANCE_KINDS, MIN_REASON_CHARACTERS, RAISED_FLAG_SOURCES
from patients.models import OfPatient, Patient


class Clearance(OfPatient):
    """That an open red flag of a patient was cleared, by whom and how. Final."""

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    code = models.TextField()
    kind = models.TextField()
    reason = models.TextField()
    seen_by = models.TextField(blank=True, default="", help_text="who saw the patient, outside the clinic too")
    seen_at = models.DateTimeField(null=True)
    cleared_at = models.DateTimeField()
    cleared_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()
    subject_ids = ArrayField(models.UUIDField(), help_text="the exams whose answers are cleared, in any version")
    c_spine = models.JSONField(null=True, help_text="Canadian C-spine rule: its inputs, outcome and version")
    table_version = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(code__in=list(RED_FLAGS)), name="clearance_code_known"),
            models.CheckConstraint(condition=models.Q(kind__in=CLEARANCE_KINDS), name="clearance_kind_known"),
            models.CheckConstraint(
                condition=GreaterThanOrEqual(Length(Trim("reason")), MIN_REASON_CHARACTERS),
                name="clearance_reason_long_enough",
            ),
            models.CheckConstraint(
                condition=~models.Q(code__in=[code for code, flag in RED_FLAGS.items() if flag.is_emergency])
                | (~models.Q(seen_by="") & models.Q(seen_at__isnull=False)),
                name="clearance_emergency_was_seen",
            ),
            models.CheckConstraint(
                condition=models.Q(cleared_at__lte=models.F("recorded_at"))
                & (models.Q(seen_at=None) | models.Q(seen_at__lte=models.F("cleared_at"))),
                name="clearance_times_in_order",
            ),
            models.CheckConstraint(condition=models.Q(subject_ids__len__gte=1), name="clearance_of_an_answer"),
        ]
        indexes = [models.Index(fields=["clinic", "patient"], name="clearance_of_patient")]


class RaisedFlag(OfPatient):
    """That a patient answered "yes" to a red flag outside an exam, where nobody has confirmed it yet. Final."""

    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    code = models.TextField()
    source = models.TextField()
    source_id = models.UUIDField(help_text="the check-in or form in which it was answered")
    raised_at = models.DateTimeField()
    table_version = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["source_id", "code"], name="raised_flag_once"),
            models.CheckConstraint(condition=models.Q(code__in=list(RED_FLAGS)), name="raised_flag_code_known"),
            models.CheckConstraint(condition=models.Q(source__in=RAISED_FLAG_SOURCES), name="raised_flag_source_known"),
        ]
        indexes = [models.Index(fields=["clinic", "patient"], name="raised_flag_of_patient")]
