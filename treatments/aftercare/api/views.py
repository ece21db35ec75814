"""The advice after needling of one session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Choice, StrictSerializer, Text, parse
from api.pagination import short_list
from api.schema import PAGED
from api.views import ClinicView
from treatments.aftercare import actions, queries, rules, texts
from treatments.models import Aftercare, Session


class AftercareInput(StrictSerializer):
    how = Choice(rules.WAYS, help_text="`link` sends the advice to the patient")
    language = Choice(texts.LANGUAGES)


class AftercareOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    how = Choice(rules.WAYS)
    language = serializers.CharField()
    text_version = serializers.CharField()
    text = serializers.CharField()
    given_at = serializers.DateTimeField()
    given_by_id = serializers.UUIDField()


AFTERCARE_FIELDS: list[str] = list(AftercareOutput._declared_fields)


class SessionAftercareOutput(serializers.Serializer[Any]):
    needs_warning = serializers.BooleanField(help_text="a muscle was needled that the lung is near")
    given = AftercareOutput(many=True)


def answer(session: Session) -> dict[str, Any]:
    return {
        "needs_warning": queries.needs_warning(session),
        "given": [row_json(row) for row in queries.list_given(session)],
    }


def row_json(row: Aftercare) -> dict[str, Any]:
    return {name: getattr(row, name) for name in AFTERCARE_FIELDS}


class SessionAftercare(ClinicView):
    scopes = {"get": "treatments:read", "post": "treatments:write"}
    audit_action = {"get": "aftercare.read", "post": "aftercare.give"}

    def get_session(self, session_id: UUID) -> Session:
        visible = Session.objects.visible_to(self.actor).with_parts().select_related("patient")
        session = get_object_or_404(visible, pk=session_id)
        self.saw(session.patient_id)
        return session

    @extend_schema(operation_id="sessions_aftercare_read", tags=["sessions"], responses=SessionAftercareOutput)
    def get(self, request: Request, session_id: UUID) -> Response:
        """Whether the advice after needling is needed, and how and when it was given."""
        return Response(answer(self.get_session(session_id)))

    @extend_schema(
        operation_id="sessions_aftercare_give",
        tags=["sessions"],
        request=AftercareInput,
        responses={201: SessionAftercareOutput},
    )
    def post(self, request: Request, session_id: UUID) -> Response:
        """Note that the advice was printed and handed over, or send it as a link."""
        session = self.get_session(session_id)
        body = parse(AftercareInput, request.data)
        actions.give_aftercare(session=session, **body, by=self.actor, at=timezone.now())
        return Response(answer(session), status=status.HTTP_201_CREATED)


class AftercareTextInput(StrictSerializer):
    language = Choice(texts.LANGUAGES)
    expected_title = Text(required=False, allow_blank=True, default="", max_length=rules.TITLE_MOST)
    expected = serializers.ListField(
        child=Text(max_length=rules.LINE_MOST),
        max_length=rules.LINES_MOST,
        help_text="what the patient can expect; empty: the product's text again",
    )


class AftercareTextOutput(serializers.Serializer[Any]):
    language = serializers.CharField()
    version = serializers.CharField()
    is_clinics = serializers.BooleanField()
    warning = serializers.CharField(help_text="always the product's; no clinic can leave it out")
    expected_title = serializers.CharField()
    expected = serializers.ListField(child=serializers.CharField())


class AftercareTextPage(serializers.Serializer[Any]):
    results = AftercareTextOutput(many=True)
    next = serializers.CharField(allow_null=True)


def text_json(current: queries.CurrentAdvice) -> dict[str, Any]:
    advice = current.advice
    return {
        "language": current.language,
        "version": current.version,
        "is_clinics": current.is_clinics,
        "warning": "\n".join([advice.warning_title, *advice.signs, advice.warning]),
        "expected_title": advice.expected_title,
        "expected": list(advice.expected),
    }


class AftercareTexts(ClinicView):
    scopes = {"get": "treatments:read", "post": "safety:manage"}
    audit_action = {"get": "aftercare.texts", "post": "aftercare.text"}

    @extend_schema(
        operation_id="aftercare_texts_list", tags=["sessions"], parameters=PAGED, responses=AftercareTextPage
    )
    def get(self, request: Request) -> Response:
        """The advice after needling that is handed over today, in each language."""
        current = [queries.current_advice(language) for language in texts.LANGUAGES]
        return Response(short_list(request, current, text_json))

    @extend_schema(
        operation_id="aftercare_texts_create",
        tags=["sessions"],
        request=AftercareTextInput,
        responses={201: AftercareTextOutput},
    )
    def post(self, request: Request) -> Response:
        """Write a new version of the clinic's own advice; the warning stays. Only the clinic's owner."""
        body = parse(AftercareTextInput, request.data)
        actions.save_text(**body, by=self.actor, at=timezone.now())
        return Response(text_json(queries.current_advice(body["language"])), status=status.HTTP_201_CREATED)
