from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictInteger, StrictSerializer, Text
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


class WebhookChanges(StrictSerializer):
    url = Text(max_length=rules.URL_MAX, required=False, help_text="https, on the public internet")
    kinds = serializers.ListField(child=Choice(list(rules.KINDS)), required=False, help_text="what it is told of")
    description = Text(max_length=200, required=False, allow_blank=True)


class NewWebhook(WebhookChanges):
    url = Text(max_length=rules.URL_MAX, help_text="https, on the public internet")
    kinds = serializers.ListField(child=Choice(list(rules.KINDS)), help_text="what it is told of")


class ReplayInput(StrictSerializer):
    from_sequence = StrictInteger(min_value=1, help_text="the first change that is sent again")


class WebhookOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    url = serializers.CharField()
    description = serializers.CharField()
    kinds = serializers.ListField(child=Choice(list(rules.KINDS)))
    state = Choice(rules.STATES)
    reason = serializers.CharField(help_text="why it is not active: by_hand, failed or gone (410)")
    position = serializers.IntegerField(help_text="the last sequence number that it was told of")
    failures = serializers.IntegerField(help_text="in a row")
    next_at = serializers.DateTimeField(help_text="not tried before this moment")
    revision = serializers.IntegerField()


class WebhookWithSecret(WebhookOutput):
    secret = serializers.CharField(help_text="shown this once; the old one signs too for 24 hours")


class WebhookPage(serializers.Serializer[Any]):
    results = WebhookOutput(many=True)
    next = serializers.URLField(allow_null=True)


class DeliveryOutput(serializers.Serializer[Any]):
    message_id = serializers.CharField(help_text="`webhook-id`: the same for all attempts of a message")
    first = serializers.IntegerField(allow_null=True, help_text="sequence numbers that it told of; null in a test")
    last = serializers.IntegerField(allow_null=True)
    attempt = serializers.IntegerField()
    outcome = Choice(rules.OUTCOMES)
    status = serializers.IntegerField(allow_null=True)
    duration_ms = serializers.IntegerField()
    at = serializers.DateTimeField()


class DeliveryPage(serializers.Serializer[Any]):
    results = DeliveryOutput(many=True)
    next = serializers.URLField(allow_null=True)
