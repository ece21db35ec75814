"""What was sent, what was not, and why; sent again, resolved, paused."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import names_of, parse
from api.pagination import Page, invalid_parameter, moment
from api.parameters import parameter, uuid_of
from api.schema import PAGED
from api.views import ClinicView
from messaging import actions, engine, rules
from messaging.api import serializers as shapes
from messaging.models import Message
from patients.queries import identities

TAG = ["messages"]


def message_json(message: Message) -> dict[str, Any]:
    return {name: getattr(message, name) for name in names_of(shapes.MessageOutput)}


class Messages(ClinicView):
    scopes = {"get": "homecare:read"}
    audit_action = {"get": "message.list"}

    @extend_schema(
        operation_id="messages_list",
        tags=TAG,
        responses=shapes.MessagePage,
        parameters=[
            *PAGED,
            OpenApiParameter("state", str, enum=rules.STATES),
            parameter("patient_id", UUID),
            parameter("about_id", UUID, "a programme, a session, an appointment"),
        ],
    )
    def get(self, request: Request) -> Response:
        """Messages, the latest first: what was due when, what became of it, and why."""
        page = Page(request, key_types=[moment, UUID])
        messages = Message.objects.visible_to(self.actor)
        if state := request.query_params.get("state"):
            if state not in rules.STATES:
                raise invalid_parameter("state", "invalid.choice", choices=list(rules.STATES))
            messages = messages.filter(state=state)
        if patient_id := uuid_of(request, "patient_id"):
            messages = messages.filter(patient_id__in=identities(clinic_id=self.actor.clinic_id, patient_id=patient_id))
        if about_id := uuid_of(request, "about_id"):
            messages = messages.filter(about_id=about_id)
        rows = page.rows(messages, "-due_at")
        self.saw(*{row.patient_id for row in rows[: page.limit]})
        return Response(
            page.answer(rows, lambda m: [m.due_at.isoformat(), m.pk], lambda some: [message_json(m) for m in some])
        )


class MessageView(ClinicView):
    scopes = {"post": "scheduling:write"}

    def get_message(self, message_id: UUID) -> Message:
        message = get_object_or_404(Message.objects.visible_to(self.actor), pk=message_id)
        self.saw(message.patient_id)
        return message


class MessageAgain(MessageView):
    audit_action = {"post": "message.send_again"}

    @extend_schema(operation_id="messages_send_again", tags=TAG, request=None, responses={201: shapes.MessageOutput})
    def post(self, request: Request, message_id: UUID) -> Response:
        """Send it anew, as a new message; the old one stays as it is."""
        message = actions.send_again(
            message_id=self.get_message(message_id).pk, revision=self.read_revision(), by=self.actor, at=timezone.now()
        )
        return Response(message_json(message), status=status.HTTP_201_CREATED)


class MessageResolution(MessageView):
    audit_action = {"post": "message.resolve"}

    @extend_schema(
        operation_id="messages_resolve", tags=TAG, request=shapes.ResolveInput, responses=shapes.MessageOutput
    )
    def post(self, request: Request, message_id: UUID) -> Response:
        """Say what became of a message whose fate is unknown."""
        message = self.get_message(message_id)
        revision = self.read_revision()
        went_out = parse(shapes.ResolveInput, request.data)["went_out"]
        return Response(
            message_json(
                actions.resolve(
                    message_id=message.pk, revision=revision, went_out=went_out, by=self.actor, at=timezone.now()
                )
            )
        )


class SendingView(ClinicView):
    scopes = {"post": "scheduling:write"}

    def settings_response(self) -> Response:
        sending = engine.sending_of(self.actor.clinic_id)
        return Response({"paused_at": sending.paused_at, "paused_by_id": sending.paused_by_id})


class Pause(SendingView):
    audit_action = {"post": "messages.pause"}

    @extend_schema(operation_id="messages_pause", tags=TAG, request=None, responses=shapes.SendingOutput)
    def post(self, request: Request) -> Response:
        """Stop all sending to patients; alarms to the clinic go on."""
        actions.pause(by=self.actor, at=timezone.now())
        return self.settings_response()


class Resumption(SendingView):
    audit_action = {"post": "messages.resume"}

    @extend_schema(operation_id="messages_resume", tags=TAG, request=None, responses=shapes.SendingOutput)
    def post(self, request: Request) -> Response:
        """Go on sending; what waited and is not too late goes out now."""
        actions.resume(by=self.actor)
        return self.settings_response()
