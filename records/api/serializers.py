from __future__ import annotations

from typing import Any

from rest_framework import serializers

from records import rules


class RecordOutput(serializers.Serializer[Any]):
    """
    One signed record. `document` is RFC 8785 canonical JSON: written canonically again, its SHA-256 is `sha256`.
    """

    id = serializers.UUIDField()
    sequence = serializers.IntegerField(help_text="gap-free in a clinic, in the order of commits")
    kind = serializers.ChoiceField(rules.KINDS)
    entry = serializers.ChoiceField(
        rules.ENTRIES, help_text="a signed document, an addendum to one, or a mark of error"
    )
    subject_id = serializers.UUIDField(help_text="the assessment or session, the same for all its versions")
    patient_id = serializers.UUIDField()
    version = serializers.IntegerField()
    status = serializers.ChoiceField(rules.STATUSES)
    occurred_at = serializers.DateTimeField()
    signed_at = serializers.DateTimeField()
    signed_by = serializers.UUIDField()
    sha256 = serializers.RegexField("^[0-9a-f]{64}$")
    previous_sha256 = serializers.RegexField("^[0-9a-f]{64}$")
    document = serializers.DictField()


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
    reason = serializers.ChoiceField(
        [
            "missing",
            "document_changed",
            "link_broken",
            "columns_changed",
            "status_changed",
            "tail_missing",
            "anchor_not_found",
        ]
    )


class HeadOutput(serializers.Serializer[Any]):
    sequence = serializers.IntegerField()
    sha256 = serializers.RegexField("^[0-9a-f]{64}$")


class VerificationOutput(serializers.Serializer[Any]):
    records = serializers.IntegerField()
    ok = serializers.BooleanField()
    first_broken = BrokenOutput(allow_null=True)
    head = HeadOutput(help_text="keep it elsewhere: as `anchor`, it later shows a cut tail")
    anchor_holds = serializers.BooleanField(allow_null=True)
    cannot_see = serializers.CharField(allow_null=True)
