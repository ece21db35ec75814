from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice
from changes import rules


class ClinicChangeOutput(serializers.Serializer[Any]):
    """That something became different. What it is now, read at its own address."""

    sequence = serializers.IntegerField(help_text="gap-free in a clinic, in the order of commits")
    kind = Choice(list(rules.KINDS))
    action = Choice(rules.ACTIONS)
    id = serializers.UUIDField(help_text="of the record, patient, appointment, … that changed")
    patient_id = serializers.UUIDField()
    revision = serializers.IntegerField(
        allow_null=True, help_text="its revision after the change; of a record or an adverse event, its version"
    )
    changed = serializers.ListField(
        child=serializers.CharField(), help_text="names of what changed; empty where it is new, or where none says more"
    )
    merged_into = serializers.UUIDField(allow_null=True, help_text="of a patient who was merged into another")
    at = serializers.DateTimeField()


class ChangesPage(serializers.Serializer[Any]):
    results = ClinicChangeOutput(many=True)
    next = serializers.URLField(allow_null=True)
    next_cursor = serializers.CharField(allow_null=True)
    resume = serializers.URLField(help_text="where to go on later: keep it, and ask it for what came since")
    resume_cursor = serializers.CharField()
    head = serializers.IntegerField(help_text="the clinic's newest sequence number")
    complete = serializers.BooleanField(help_text="every kind is in these pages, so the sequence has no gaps in them")
