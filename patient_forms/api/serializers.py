"""Shapes of forms by link on the wire."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from api.fields import Choice, StrictInteger, StrictSerializer, Text
from patient_forms import rules

KEYS_MOST = 200


class FormInput(StrictSerializer):
    form = Text(max_length=50, help_text="`intake`, `pain_drawing` and whatever else /patient-forms/ lists")


class FormAcceptInput(StrictSerializer):
    keys = serializers.ListField(
        child=Text(max_length=rules.TEXT_MOST + 50),
        max_length=KEYS_MOST,
        help_text="of the proposals that are written to the record; what is left out is not",
    )
    patient_revision = StrictInteger(
        min_value=0, help_text="of the patient's record that the answers were held against"
    )


class FormDismissInput(StrictSerializer):
    note = Text(
        max_length=rules.TEXT_MOST,
        help_text=f"why nothing is used, in {rules.MIN_REASON_CHARACTERS} characters or more",
    )


class PatientFormOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    version = serializers.IntegerField()
    title = serializers.CharField()


class PatientFormPage(serializers.Serializer[Any]):
    results = PatientFormOutput(many=True)
    next = serializers.CharField(allow_null=True)


class FormRequestOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    patient_id = serializers.UUIDField()
    form = serializers.CharField()
    form_version = serializers.IntegerField(help_text="of the questions that were answered; 0: none yet")
    status = Choice(rules.STATUSES)
    asked_at = serializers.DateTimeField()
    asked_by_id = serializers.UUIDField(allow_null=True)
    answered_at = serializers.DateTimeField(allow_null=True)
    reviewed_at = serializers.DateTimeField(allow_null=True)
    reviewed_by_id = serializers.UUIDField(allow_null=True)
    revision = serializers.IntegerField()


class FormRequestPage(serializers.Serializer[Any]):
    results = FormRequestOutput(many=True)
    next = serializers.CharField(allow_null=True)


class FormAnswerOutput(serializers.Serializer[Any]):
    question = serializers.CharField()
    answer = serializers.CharField()


class FormProposalOutput(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField()
    proposed = serializers.CharField()
    recorded = serializers.CharField(allow_blank=True, help_text="what the record says now")


class OneFormRequestOutput(FormRequestOutput):
    answers = serializers.DictField(
        help_text="the patient's words, by the names of the questions; no part of the record"
    )
    described = FormAnswerOutput(many=True, help_text="answers that are only read")
    proposals = FormProposalOutput(
        many=True, help_text="what accepting would write; empty unless it waits for a review"
    )
    patient_revision = serializers.IntegerField()
    taken = serializers.ListField(child=serializers.CharField(), help_text="the keys that were accepted")
    review_note = serializers.CharField(allow_blank=True)
