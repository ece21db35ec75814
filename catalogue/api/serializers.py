"""What the API shows of the catalogue."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


class MuscleOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    latin = serializers.CharField()
    region = serializers.CharField()
    group = serializers.CharField()
    tier = serializers.CharField()
    needling_risk = serializers.CharField()
    self_pressure = serializers.CharField()
    detail = serializers.DictField(help_text="referral zones, test movements, cautions, sources: the catalogue's entry")


class MusclePage(serializers.Serializer[Any]):
    version = serializers.CharField(help_text="of the catalogue")
    results = MuscleOutput(many=True)
    next = serializers.URLField(allow_null=True)


class BodyZoneOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    region = serializers.CharField()
    views = serializers.ListField(child=serializers.CharField())
    sided = serializers.BooleanField()
    synonyms = serializers.ListField(child=serializers.CharField())


class BodyZonePage(serializers.Serializer[Any]):
    version = serializers.CharField()
    results = BodyZoneOutput(many=True)
    next = serializers.URLField(allow_null=True)


class CodeOutput(serializers.Serializer[Any]):
    id = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name


class CodePage(serializers.Serializer[Any]):
    version = serializers.CharField()
    results = CodeOutput(many=True)
    next = serializers.URLField(allow_null=True)
