"""The clinic's sequence of changes. PostgreSQL writes both tables itself, as the last act of each transaction."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from changes import rules

MARK_LENGTH = 16  # hexadecimal digits


class ChangeCounter(models.Model):
    """The clinic's last sequence number. Who commits a change holds this row from its triggers to the commit."""

    clinic_id = models.UUIDField(primary_key=True)
    sequence = models.BigIntegerField()

    def __str__(self) -> str:
        return f"ChangeCounter {self.pk}"


class ClinicChange(models.Model):
    """One thing that became different: what and whose it is, never its content. Without keys, as it outlives it."""

    pk = models.CompositePrimaryKey("clinic_id", "sequence")
    clinic_id = models.UUIDField()
    sequence = models.BigIntegerField()
    kind = models.TextField(choices=[(kind, kind) for kind in rules.KINDS])
    action = models.TextField(choices=[(action, action) for action in rules.ACTIONS])
    subject_id = models.UUIDField()
    patient_id = models.UUIDField()
    revision = models.BigIntegerField(null=True, help_text="of a row that counts its changes; a record's version")
    fields = ArrayField(models.TextField(), default=list, help_text="names of what changed")
    merged_into_id = models.UUIDField(null=True)
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(kind__in=list(rules.KINDS)), name="change_kind_known"),
            models.CheckConstraint(condition=models.Q(action__in=rules.ACTIONS), name="change_action_known"),
            models.CheckConstraint(
                condition=models.Q(action=rules.MERGED, merged_into_id__isnull=False)
                | (~models.Q(action=rules.MERGED) & models.Q(merged_into_id=None)),
                name="change_merged_into_somebody",
            ),
        ]

    def __str__(self) -> str:
        return f"ClinicChange {self.sequence}"

    @property
    def mark(self) -> str:
        """What a cursor remembers of the row behind which it stands: another one may get its number after a restore."""
        return mark_of(self.subject_id, self.at.isoformat())


def mark_of(subject_id: UUID, at: str) -> str:
    return hashlib.sha256(f"{subject_id} {at}".encode()).hexdigest()[:MARK_LENGTH]
