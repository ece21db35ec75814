from typing import Any

from rest_framework import serializers


class CallerOutput(serializers.Serializer[Any]):
    """Who this token or session is, as Palpate sees it."""

    clinic = serializers.CharField(help_text="slug")
    clinic_id = serializers.UUIDField()
    time_zone = serializers.CharField()
    user_id = serializers.UUIDField(allow_null=True)
    client_id = serializers.CharField(allow_null=True)
    acts_for_id = serializers.UUIDField(allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField())
