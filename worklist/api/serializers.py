"""Shapes of the worklist on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictSerializer, Text
from worklist import rules
from worklist.models import FILTERS


class DoneInput(StrictSerializer):
    outcome = Choice(rules.OUTCOMES)
    note = Text(required=False, allow_blank=True, default="", max_length=2000)


class SnoozeInput(StrictSerializer):
    until = serializers.DateTimeField()


class ItemOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    revision = serializers.IntegerField(help_text="the number for If-Match")
    patient_id = serializers.UUIDField()
    kind = Choice(list(rules.KINDS))
    why = serializers.CharField()
    to_do = serializers.CharField()
    about_id = serializers.UUIDField()
    facts = serializers.DictField()
    since = serializers.DateTimeField()
    due_at = serializers.DateTimeField()
    times = serializers.IntegerField()
    snoozed_until = serializers.DateTimeField(allow_null=True)
    taken_by_id = serializers.UUIDField(allow_null=True)
    taken_at = serializers.DateTimeField(allow_null=True)
    done_by_id = serializers.UUIDField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    outcome = serializers.CharField(allow_blank=True)


class ItemPage(serializers.Serializer[Any]):
    results = ItemOutput(many=True)
    next = serializers.CharField(allow_null=True)


class CountsOutput(serializers.Serializer[Any]):
    filters = serializers.DictField(child=serializers.IntegerField(), help_text=f"one of each: {', '.join(FILTERS)}")
    kinds = serializers.DictField(child=serializers.IntegerField())
