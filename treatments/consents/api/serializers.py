"""Shapes of consents on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictInteger, StrictSerializer, Text
from treatments.consents import default_texts, rules


class TreatmentConsentInput(StrictSerializer):
    technique_class = Choice(rules.TECHNIQUE_CLASSES)
    region = Choice(rules.REGIONS)
    language = Choice(default_texts.LANGUAGES, help_text="of the text that was read")
    text_version = Text(max_length=50, help_text="of the text that was read, as /consent-texts/ gives it")
    how = Choice(rules.WAYS)
    signed_name = Text(max_length=200, help_text="who consents, in their own name: the patient or the guardian")
    signature = serializers.ListField(
        child=serializers.ListField(
            child=serializers.ListField(
                child=StrictInteger(min_value=0, max_value=rules.PAD_WIDTH), min_length=2, max_length=2
            ),
            max_length=rules.POINTS_MAX,
        ),
        max_length=rules.STROKES_MAX,
        required=False,
        allow_null=True,
        default=None,
        help_text=f"strokes of [x, y] on a pad of {rules.PAD_WIDTH} by {rules.PAD_HEIGHT}; for `signature` only",
    )
    witness = Text(required=False, allow_blank=True, default="", max_length=200)
    guardian_relation = Text(
        required=False,
        allow_blank=True,
        default="",
        max_length=200,
        help_text="what the guardian is to the patient; below 16 a guardian must consent to needling",
    )
    given_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="null: now")


class WithdrawalInput(StrictSerializer):
    withdrawn_by = Choice(rules.WITHDRAWN_BY, required=False, default="patient")
    reason = Text(required=False, allow_blank=True, default="", max_length=1000)
    withdrawn_at = serializers.DateTimeField(required=False, allow_null=True, default=None, help_text="null: now")


class PatientWithdrawalInput(WithdrawalInput):
    technique_class = Choice(["", *rules.TECHNIQUE_CLASSES], required=False, default="", help_text="empty: every class")
    region = Choice(["", *rules.REGIONS], required=False, default="", help_text="empty: every region")


class PatientWithdrawalOutput(serializers.Serializer[Any]):
    withdrawn = serializers.IntegerField(help_text="how many consents")


class ConsentTextInput(StrictSerializer):
    technique_class = Choice(rules.TECHNIQUE_CLASSES)
    region = Choice(rules.REGIONS)
    language = Choice(default_texts.LANGUAGES)
    text = Text(
        required=False, allow_blank=True, default="", max_length=20_000, help_text="empty: the product's text again"
    )
    risks = serializers.ListField(
        child=Text(max_length=1000), required=False, max_length=100, help_text="each with its number of treatments"
    )


class ConsentSettings(StrictSerializer):
    valid_days = StrictInteger(allow_null=True, help_text="how long new consents hold; null: until they are withdrawn")


class CopyInput(StrictSerializer):
    how = Choice(rules.COPY_WAYS)


class CopyOutput(serializers.Serializer[Any]):
    how = Choice(rules.COPY_WAYS)
    given_at = serializers.DateTimeField()


class TreatmentConsentOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    signing_id = serializers.UUIDField(help_text="the same for what was agreed to in one go")
    technique_class = Choice(rules.TECHNIQUE_CLASSES)
    region = Choice(rules.REGIONS)
    state = Choice(["valid", "expired", "withdrawn", "not_yet_given"])
    language = serializers.CharField()
    text_version = serializers.CharField()
    text = serializers.CharField()
    risks = serializers.ListField(child=serializers.CharField())
    how = Choice(rules.WAYS)
    signed_name = serializers.CharField()
    signature = serializers.JSONField()
    signature_sha256 = serializers.CharField(allow_null=True)
    witness = serializers.CharField()
    guardian_relation = serializers.CharField()
    given_at = serializers.DateTimeField()
    valid_days = serializers.IntegerField(allow_null=True)
    valid_until = serializers.DateTimeField(allow_null=True)
    withdrawn_at = serializers.DateTimeField(allow_null=True)
    withdrawn_by = serializers.CharField(allow_null=True)
    copies = CopyOutput(many=True)
    recorded_at = serializers.DateTimeField()
    recorded_by_id = serializers.UUIDField()


class TreatmentConsentPage(serializers.Serializer[Any]):
    results = TreatmentConsentOutput(many=True)
    next = serializers.CharField(allow_null=True)


class ConsentTextOutput(serializers.Serializer[Any]):
    technique_class = Choice(rules.TECHNIQUE_CLASSES)
    region = Choice(rules.REGIONS)
    language = serializers.CharField()
    version = serializers.CharField()
    is_clinics = serializers.BooleanField(help_text="the clinic's own text; otherwise the product's, not reviewed")
    text = serializers.CharField()
    risks = serializers.ListField(child=serializers.CharField())


class ConsentTextPage(serializers.Serializer[Any]):
    results = ConsentTextOutput(many=True)
    next = serializers.CharField(allow_null=True)
