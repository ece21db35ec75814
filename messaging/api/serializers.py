"""Shapes of messages on the wire. No address and no text: they are nobody's business but the patient's."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictSerializer
from messaging import rules


class MessageOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    revision = serializers.IntegerField(help_text="the number for If-Match")
    patient_id = serializers.UUIDField()
    to_user_id = serializers.UUIDField(allow_null=True, help_text="somebody of the clinic; null: the patient")
    kind = Choice(list(rules.KINDS))
    channel = Choice(rules.CHANNELS)
    about_id = serializers.UUIDField()
    state = Choice(rules.STATES)
    reason = serializers.CharField(allow_blank=True, help_text="why it did not go, or not yet")
    uncertain = serializers.BooleanField(help_text="it may have gone out twice, or never")
    by_hand = serializers.BooleanField()
    due_at = serializers.DateTimeField()
    attempts = serializers.IntegerField()
    sent_at = serializers.DateTimeField(allow_null=True)


class MessagePage(serializers.Serializer[Any]):
    results = MessageOutput(many=True)
    next = serializers.CharField(allow_null=True)


class ResolveInput(StrictSerializer):
    went_out = serializers.BooleanField()


class SendingOutput(serializers.Serializer[Any]):
    paused_at = serializers.DateTimeField(allow_null=True)
    paused_by_id = serializers.UUIDField(allow_null=True)
