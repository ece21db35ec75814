from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from accounts.models import Clinic, User
from database.expressions import UUIDv7
from patients.models import Patient
from records import rules


class Chain(models.Model):
    """
    The head of a clinic's chain. Its row lock, held until commit, is what makes sequences gap-free and in commit order.
    """

    clinic = models.OneToOneField(Clinic, primary_key=True, on_delete=models.PROTECT, related_name="+")
    head_sequence = models.BigIntegerField(default=0)
    head_sha256 = models.BinaryField(default=rules.GENESIS)

    def __str__(self) -> str:
        return f"Chain of {self.pk}"


class Record(models.Model):
    """
    One signed document of a clinic, never changed.

    `document` is the canonical JSON that was signed; it holds all the other columns' values too, so that its hash
    covers them. The columns are there to be searched.
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.BigIntegerField()
    kind = models.TextField(choices=[(kind, kind) for kind in rules.KINDS])
    entry = models.TextField(choices=[(entry, entry) for entry in rules.ENTRIES])
    subject_id = models.UUIDField(help_text="the assessment or session, the same for all its versions")
    patient = models.ForeignKey(Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    version = models.PositiveIntegerField()
    occurred_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    document = models.BinaryField()
    sha256 = models.BinaryField()
    previous_sha256 = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["clinic", "sequence"], name="record_sequence_once"),
            models.UniqueConstraint(
                fields=["clinic", "subject_id", "version"],
                condition=models.Q(entry="signed"),
                name="record_version_signed_once",
            ),
            models.CheckConstraint(condition=models.Q(kind__in=rules.KINDS), name="record_kind_known"),
            models.CheckConstraint(condition=models.Q(entry__in=rules.ENTRIES), name="record_entry_known"),
            models.CheckConstraint(condition=models.Q(sequence__gte=1, version__gte=1), name="record_counts_from_one"),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-occurred_at", "-sequence"], name="record_history"),
            models.Index(
                fields=["clinic", "subject_id", "sequence"],
                condition=models.Q(entry="addendum"),
                name="record_addenda",
            ),
        ]

    def __str__(self) -> str:
        return f"Record {self.pk}"


class Mark(models.Model):
    """That a record no longer stands, and which later record says so. Final; a record without one is current."""

    record = models.OneToOneField(
        Record, primary_key=True, on_delete=models.PROTECT, related_name="mark", db_constraint=False
    )
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    status = models.TextField(choices=[(s, s) for s in rules.STATUSES[1:]])
    marked_by = models.ForeignKey(Record, on_delete=models.PROTECT, related_name="+", db_constraint=False)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(status__in=rules.STATUSES[1:]), name="mark_status_known"),
        ]

    def __str__(self) -> str:
        return f"Mark {self.pk}"


class ChainCheck(models.Model):
    """What a verification of the chain found."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    checked_at = models.DateTimeField(db_default=Now())
    records = models.BigIntegerField()
    ok = models.BooleanField()
    first_broken = models.JSONField(null=True)
    head_sequence = models.BigIntegerField()
    head_sha256 = models.TextField()
    verified_from = models.BigIntegerField(default=1, db_default=1, help_text="1: every record was read")
    cannot_see = models.TextField(default="", db_default="", help_text="what this verification could not show")
    signature = models.TextField(default="", db_default="", help_text="of the head as a checkpoint; empty: no key")

    class Meta:
        indexes = [models.Index(fields=["clinic", "-checked_at"], name="chain_check_newest")]

    def __str__(self) -> str:
        return f"ChainCheck {self.pk}"
