from typing import Any

from rest_framework import serializers

from accounts.rules import COMPETENCIES
from api.fields import Choice


class CallerOutput(serializers.Serializer[Any]):
    """Who this token or session is, as Palpate sees it."""

    clinic = serializers.CharField(help_text="slug")
    clinic_id = serializers.UUIDField()
    time_zone = serializers.CharField()
    user_id = serializers.UUIDField(allow_null=True)
    client_id = serializers.CharField(allow_null=True)
    acts_for_id = serializers.UUIDField(allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField())


class ExpiringOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    user_id = serializers.UUIDField()
    technique = Choice(list(COMPETENCIES))
    valid_until = serializers.DateField(help_text="its last day")
    has_ended = serializers.BooleanField()


class ExpiringPage(serializers.Serializer[Any]):
    results = ExpiringOutput(many=True)
    next = serializers.CharField(allow_null=True)
