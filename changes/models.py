"""The clinic's sequence of changes, which PostgreSQL writes itself, and the webhooks that are fed from it."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now

from accounts.models import Clinic, User
from changes import rules
from database.expressions import UUIDv7

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


class WebhookSubscription(models.Model):
    """
    An address that is told what changes. What it is owed is what stands behind its position in the sequence: no queue
    can lose it.

    :ivar pending_to: the last number of the message that was tried; a retry is the same message with the same id
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    url = models.TextField()
    description = models.TextField(blank=True, default="")
    kinds = ArrayField(models.TextField(), help_text="what it is told of")
    secret = models.TextField(help_text="encrypted")
    old_secret = models.TextField(blank=True, default="", help_text="encrypted; signs too until `old_secret_until`")
    old_secret_until = models.DateTimeField(null=True)
    position = models.BigIntegerField(help_text="the last sequence number that was delivered, or is not for it")
    pending_to = models.BigIntegerField(null=True)
    state = models.TextField(default=rules.ACTIVE)
    reason = models.TextField(blank=True, default="", help_text="why it is paused or has ended")
    failures = models.PositiveSmallIntegerField(default=0, help_text="in a row")
    next_at = models.DateTimeField(db_default=Now())
    test_requested = models.BooleanField(default=False)
    fence = models.PositiveIntegerField(default=0, help_text="of the claim that may write a result")
    revision = models.PositiveIntegerField(default=1)
    made_at = models.DateTimeField(db_default=Now(), editable=False)
    made_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(state__in=rules.STATES), name="webhook_state_known"),
            models.CheckConstraint(
                condition=models.Q(state=rules.ACTIVE, reason="") | models.Q(reason__in=rules.REASONS),
                name="webhook_stopped_with_reason",
            ),
            models.CheckConstraint(
                condition=models.Q(kinds__contained_by=list(rules.KINDS)), name="webhook_kinds_known"
            ),
        ]
        indexes = [models.Index(fields=["clinic", "next_at"], name="webhook_due")]

    def __str__(self) -> str:
        return f"WebhookSubscription {self.pk}"


class WebhookDelivery(models.Model):
    """One attempt, for the log that is kept for a month. Nothing of what the receiver answered but its status."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    subscription = models.ForeignKey(
        WebhookSubscription, on_delete=models.PROTECT, related_name="deliveries", db_constraint=False, db_index=False
    )
    message_id = models.TextField()
    first = models.BigIntegerField(null=True, help_text="sequence numbers that it told of; none in a test")
    last = models.BigIntegerField(null=True)
    attempt = models.PositiveSmallIntegerField()
    outcome = models.TextField()
    status = models.PositiveSmallIntegerField(null=True)
    duration_ms = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(outcome__in=rules.OUTCOMES), name="webhook_outcome_known"),
        ]
        indexes = [models.Index(fields=["clinic", "subscription", "-at"], name="webhook_log")]

    def __str__(self) -> str:
        return f"WebhookDelivery {self.pk}"
