from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictSerializer, Text
from database.choices import DOCUMENT_STATUSES
from records import rules


class RecordOutput(serializers.Serializer[Any]):
    """
    One signed record. `document` is RFC 8785 canonical JSON: written canonically again, its SHA-256 is `sha256`.
    """

    id = serializers.UUIDField()
    sequence = serializers.IntegerField(help_text="gap-free in a clinic, in the order of commits")
    kind = Choice(rules.RECORD_KINDS, help_text="`patient`: the record says that a patient was erased")
    entry = Choice(
        rules.ENTRIES, help_text="a signed document, an addendum to one, a mark of error, or the erasure of a patient"
    )
    subject_id = serializers.UUIDField(help_text="the assessment or session, the same for all its versions")
    patient_id = serializers.UUIDField()
    version = serializers.IntegerField()
    status = Choice(
        rules.RECORD_STATUSES,
        help_text="`erased`: the document is gone, a later record of entry `erased` names it with its hash; "
        "`restricted`: the clinic may only store it",
    )
    occurred_at = serializers.DateTimeField()
    signed_at = serializers.DateTimeField()
    signed_by = serializers.UUIDField()
    sha256 = serializers.RegexField("^[0-9a-f]{64}$")
    previous_sha256 = serializers.RegexField("^[0-9a-f]{64}$")
    document = serializers.DictField(allow_null=True, help_text="null where it is erased or restricted")


class HistoryRecordOutput(RecordOutput):
    addenda = serializers.ListField(child=serializers.DictField(), help_text="the addenda's documents, oldest first")


class HistoryPage(serializers.Serializer[Any]):
    results = HistoryRecordOutput(many=True)
    next = serializers.URLField(allow_null=True)


class FeedPage(serializers.Serializer[Any]):
    results = RecordOutput(many=True)
    next = serializers.URLField(allow_null=True)
    resume = serializers.URLField(help_text="where to go on later: keep it, and ask it for what came since")


class BrokenOutput(serializers.Serializer[Any]):
    sequence = serializers.IntegerField(allow_null=True)
    record_id = serializers.UUIDField(allow_null=True)
    reason = Choice(
        [
            "missing",
            "document_changed",
            "link_broken",
            "columns_changed",
            "erased_without_record",
            "status_changed",
            "row_changed",
            "row_missing",
            "row_without_record",
            "head_changed",
            "head_forged",
            "tail_missing",
            "counter_changed",
            "anchor_not_found",
        ]
    )


class HeadOutput(serializers.Serializer[Any]):
    sequence = serializers.IntegerField()
    sha256 = serializers.RegexField("^[0-9a-f]{64}$")


class VerificationOutput(serializers.Serializer[Any]):
    records = serializers.IntegerField(help_text="up to the head that this verification is judged by")
    complete = serializers.BooleanField(help_text="every record was read")
    verified_from = serializers.IntegerField(help_text="the first sequence that was read")
    ok = serializers.BooleanField()
    first_broken = BrokenOutput(allow_null=True)
    head = HeadOutput(help_text="keep it elsewhere: as `anchor`, it later shows a cut tail")
    anchor_holds = serializers.BooleanField(allow_null=True)
    cannot_see = serializers.CharField()


class VerificationInput(serializers.Serializer[Any]):
    complete = serializers.BooleanField(
        default=False, help_text="read every record, and not only those since the last head that was found whole"
    )
    checkpoint = serializers.CharField(
        default="", allow_blank=True, max_length=1000, help_text="a checkpoint that was kept elsewhere, whole"
    )


class KeptVerification(serializers.Serializer[Any]):
    checked_at = serializers.DateTimeField()
    records = serializers.IntegerField()
    complete = serializers.BooleanField()
    verified_from = serializers.IntegerField()
    ok = serializers.BooleanField()
    first_broken = BrokenOutput(allow_null=True)
    head = HeadOutput()
    cannot_see = serializers.CharField()


class VerificationState(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    state = Choice(["running", "done"])
    verification = KeptVerification(allow_null=True)


class CheckpointOutput(serializers.Serializer[Any]):
    checkpoint = serializers.CharField(help_text="the signed note, whole: keep it as it is")
    head = HeadOutput()
    public_keys = serializers.ListField(
        child=serializers.CharField(), help_text="the keys that checkpoints of this server are verified with"
    )


# --- Documents of every kind ---------------------------------------------------------------------------------


class DocumentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    patient_id = serializers.UUIDField()
    subject_id = serializers.UUIDField(help_text="the same for all versions; records carry it")
    version = serializers.IntegerField()
    revises = serializers.UUIDField(allow_null=True, help_text="the version that this one replaces when signed")
    status = Choice(DOCUMENT_STATUSES)
    performed_at = serializers.DateTimeField()
    recorded_by = serializers.UUIDField()
    recorded_at = serializers.DateTimeField()
    signed_by = serializers.UUIDField(allow_null=True)
    signed_at = serializers.DateTimeField(allow_null=True)
    record_id = serializers.UUIDField(allow_null=True)
    revision = serializers.IntegerField(help_text="the number in the ETag")
    notes = serializers.CharField()


class AddendumInput(StrictSerializer):
    text = Text(max_length=50_000)


class ReasonInput(StrictSerializer):
    reason = Text(max_length=2000)


class SignedOutput(serializers.Serializer[Any]):
    """The record that a signature made."""

    record_id = serializers.UUIDField()
    sequence = serializers.IntegerField()
    sha256 = serializers.CharField()
    previous_sha256 = serializers.CharField()
    subject_id = serializers.UUIDField()
    version = serializers.IntegerField()
    signed_at = serializers.DateTimeField()
    signed_by = serializers.UUIDField()
