from __future__ import annotations

from typing import Self, TypeVar
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from accounts.models import Clinic, User
from database.choices import DocumentStatus
from database.expressions import UUIDv7
from identity.actor import Actor
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
    covers them. The columns are there to be searched. Only the erasure of a patient takes `document` away; a later
    record (entry `erased`) then names each that it took, with its hash.
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    sequence = models.BigIntegerField()
    kind = models.TextField(choices=[(kind, kind) for kind in rules.RECORD_KINDS])
    entry = models.TextField(choices=[(entry, entry) for entry in rules.ENTRIES])
    subject_id = models.UUIDField(help_text="the assessment or session, the same for all its versions")
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    version = models.PositiveIntegerField()
    occurred_at = models.DateTimeField()
    signed_at = models.DateTimeField()
    signed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    document = models.BinaryField(null=True)
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
            models.CheckConstraint(condition=models.Q(kind__in=rules.RECORD_KINDS), name="record_kind_known"),
            models.CheckConstraint(condition=models.Q(entry__in=rules.ENTRIES), name="record_entry_known"),
            models.CheckConstraint(condition=models.Q(sequence__gte=1, version__gte=1), name="record_counts_from_one"),
            models.CheckConstraint(
                condition=models.Q(document__isnull=False) | ~models.Q(entry="erased"), name="record_erasure_stays"
            ),
        ]
        indexes = [
            models.Index(fields=["clinic", "patient", "-occurred_at", "-sequence"], name="record_history"),
            models.Index(
                fields=["clinic", "subject_id", "sequence"],
                condition=models.Q(entry="addendum"),
                name="record_addenda",
            ),
            models.Index(fields=["clinic", "signed_at"], name="record_by_signing"),
            models.Index(fields=["clinic", "sequence"], condition=models.Q(entry="erased"), name="record_erasures"),
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


# --- Documents on their way to a record -----------------------------------------------------------------------


def one_of(field: str, values: list[str], name: str) -> models.CheckConstraint:
    return models.CheckConstraint(condition=models.Q(**{f"{field}__in": values}), name=name)


def signed_or_not(name: str) -> models.CheckConstraint:
    """A document's signature is whole or not there."""
    none = models.Q(signed_at=None, signed_by=None, record=None)
    whole = models.Q(signed_at__isnull=False, signed_by__isnull=False, record__isnull=False)
    return models.CheckConstraint(condition=none | whole, name=name)


class Document(models.Model):
    """
    A draft that anyone in charge may edit, until it is signed; then its rows are final.

    `subject_id` is the same for all versions; `revises` is the version that this one is to replace.
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    patient = models.ForeignKey(
        Patient, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    performed_at = models.DateTimeField()
    notes = models.TextField(blank=True, default="")
    recorded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    recorded_at = models.DateTimeField()
    subject_id = models.UUIDField()
    version = models.PositiveIntegerField(default=1)
    revises = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    revises_id: UUID | None  # type checkers do not see it in an abstract model
    signed_at = models.DateTimeField(null=True)
    signed_by = models.ForeignKey(User, null=True, on_delete=models.PROTECT, related_name="+", db_index=False)
    record = models.OneToOneField(Record, null=True, on_delete=models.PROTECT, related_name="+", db_constraint=False)
    revision = models.PositiveIntegerField(default=1)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"

    @property
    def is_signed(self) -> bool:
        return self.signed_at is not None

    @property
    def status(self) -> str:
        """Draft, signed, superseded or entered in error. Needs `record__mark`; see `with_record`."""
        if self.record is None:
            return DocumentStatus.DRAFT
        mark = getattr(self.record, "mark", None)
        return str(mark.status) if mark else DocumentStatus.SIGNED


D = TypeVar("D", bound=Document)


class DocumentQuerySet(models.QuerySet[D]):
    def visible_to(self, actor: Actor) -> Self:
        """The clinic's documents. Row-level security says the same, should a view forget this word."""
        return self.filter(clinic_id=actor.clinic_id)

    def of_patients(self, patient_ids: list[UUID]) -> Self:
        return self.filter(patient_id__in=patient_ids)

    def drafts(self) -> Self:
        return self.filter(signed_at=None)

    def newest_first(self) -> Self:
        return self.order_by("-performed_at", "-id")

    def with_record(self) -> Self:
        return self.select_related("record__mark").defer("record__document")

    def with_parts(self) -> Self:
        """With all rows of the document, in a fixed number of statements."""
        raise NotImplementedError


class Part(models.Model):
    """A row of a document."""

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    # The key to the parent says (clinic, id), so it holds this one too.
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    ordinal = models.PositiveSmallIntegerField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{type(self).__name__} {self.pk}"


class DraftEdit(models.Model):
    """
    Who changed a field of a draft last, and through which open screen: so that a second person is told.

    Holds no value; the rows of the draft do. Goes when the draft is signed or discarded.
    """

    id = models.UUIDField(primary_key=True, db_default=UUIDv7(), editable=False)
    clinic = models.ForeignKey(Clinic, on_delete=models.PROTECT, related_name="+", db_index=False)
    document_id = models.UUIDField()
    path = models.TextField()
    tab = models.UUIDField(help_text="one open screen")
    edited_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+", db_index=False)
    edited_at = models.DateTimeField()

    class Meta:
        db_table = "assessments_draftedit"  # made by that app
        constraints = [models.UniqueConstraint(fields=["document_id", "path"], name="draft_edit_once_a_path")]

    def __str__(self) -> str:
        return f"DraftEdit {self.pk}"
