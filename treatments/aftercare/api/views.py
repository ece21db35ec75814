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

from api.fields import StrictSerializer, parse
from api.views import ClinicView
from treatments.aftercare import actions, queries, rules, texts
from treatments.models import Aftercare, Session


class AftercareInput(StrictSerializer):
    how = serializers.ChoiceField(rules.WAYS, help_text="`link` sends the advice to the patient")
    language = serializers.ChoiceField(texts.LANGUAGES)


class AftercareOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    how = serializers.ChoiceField(rules.WAYS)
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
