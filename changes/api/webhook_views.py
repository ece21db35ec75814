"""Webhooks over the API: who is told, how it went, and what a program may do about it."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import parse
from api.pagination import Page, moment
from api.schema import PAGED
from api.views import ClinicView, etag
from changes import webhooks
from changes.api import serializers as shapes
from changes.models import WebhookDelivery, WebhookSubscription

SCOPE = "webhooks:manage"
EXAMPLE = OpenApiExample(
    "Appointments and patients",
    request_only=True,
    value={
        "url": "https://billing.example/hooks/palpate",
        "kinds": ["appointment", "patient"],
        "description": "Billing",
    },
)


def webhook_json(subscription: WebhookSubscription, secret: str = "") -> dict[str, Any]:
    names = "id url description kinds state reason position failures next_at revision".split()
    return {name: getattr(subscription, name) for name in names} | ({"secret": secret} if secret else {})


class WebhookView(ClinicView):
    keeps_answers = False  # a secret may be in one

    def answer(self, subscription: WebhookSubscription, *, secret: str = "", number: int = 200) -> Response:
        headers = {"ETag": etag(subscription.revision)}
        if number == status.HTTP_201_CREATED:
            headers["Location"] = f"/api/v1/webhooks/{subscription.pk}/"
        return Response(webhook_json(subscription, secret), status=number, headers=headers)


class Webhooks(WebhookView):
    scopes = {"get": SCOPE, "post": SCOPE}
    audit_action = {"get": "webhook.list", "post": "webhook.subscribe"}

    @extend_schema(operation_id="webhooks_list", tags=["webhooks"], parameters=PAGED, responses=shapes.WebhookPage)
    def get(self, request: Request) -> Response:
        """The clinic's webhooks, oldest first."""
        page = Page(request, key_types=[moment, UUID])
        rows = page.rows(WebhookSubscription.objects.filter(clinic_id=self.actor.clinic_id), "made_at")
        return Response(
            page.answer(
                rows,
                lambda subscription: (subscription.made_at.isoformat(), subscription.pk),
                lambda shown: [webhook_json(subscription) for subscription in shown],
            )
        )

    @extend_schema(
        operation_id="webhooks_create",
        tags=["webhooks"],
        request=shapes.NewWebhook,
        responses={201: shapes.WebhookWithSecret},
        examples=[EXAMPLE],
    )
    def post(self, request: Request) -> Response:
        """
        Tell an address what changes from now on. Messages follow Standard Webhooks: verify `webhook-signature` with the
        `secret` of this answer, which is shown this once. They say where to look and never what is there.
        """
        body = parse(shapes.NewWebhook, request.data)
        subscription, secret = webhooks.subscribe(**body, by=self.actor, at=timezone.now())
        return self.answer(subscription, secret=secret, number=status.HTTP_201_CREATED)


class OneWebhook(WebhookView):
    scopes = {"get": SCOPE, "patch": SCOPE, "delete": SCOPE}
    audit_action = {"get": "webhook.read", "patch": "webhook.change", "delete": "webhook.unsubscribe"}

    @extend_schema(operation_id="webhooks_read", tags=["webhooks"], responses=shapes.WebhookOutput)
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """One webhook: whether it is told, and up to where."""
        return self.answer(webhooks.find(subscription_id=webhook_id, by=self.actor))

    @extend_schema(
        operation_id="webhooks_change",
        tags=["webhooks"],
        request=shapes.WebhookChanges,
        responses=shapes.WebhookOutput,
    )
    def patch(self, request: Request, webhook_id: UUID) -> Response:
        """Change address, kinds or description."""
        self.check_precondition(webhooks.find(subscription_id=webhook_id, by=self.actor).revision)
        changes = parse(shapes.WebhookChanges, request.data)
        return self.answer(
            webhooks.change(
                subscription_id=webhook_id, changes=changes, revision=None, by=self.actor, at=timezone.now()
            )
        )

    @extend_schema(operation_id="webhooks_delete", tags=["webhooks"], responses={204: None})
    def delete(self, request: Request, webhook_id: UUID) -> Response:
        """Remove a webhook with its log."""
        self.check_precondition(webhooks.find(subscription_id=webhook_id, by=self.actor).revision)
        webhooks.unsubscribe(subscription_id=webhook_id, revision=None, by=self.actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class WebhookAct(WebhookView):
    """One act on a webhook, which needs the revision that was read."""

    scopes: ClassVar[dict[str, str]] = {"post": SCOPE}


class WebhookSecret(WebhookAct):
    audit_action = {"post": "webhook.rotate_secret"}

    @extend_schema(
        operation_id="webhooks_rotate_secret", tags=["webhooks"], request=None, responses=shapes.WebhookWithSecret
    )
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Make a new secret. For 24 hours messages carry the signatures of both."""
        webhooks.find(subscription_id=webhook_id, by=self.actor)
        revision = self.read_revision()
        subscription, secret = webhooks.rotate_secret(
            subscription_id=webhook_id, revision=revision, by=self.actor, at=timezone.now()
        )
        return self.answer(subscription, secret=secret)


class WebhookPause(WebhookAct):
    audit_action = {"post": "webhook.pause"}

    @extend_schema(operation_id="webhooks_pause", tags=["webhooks"], request=None, responses=shapes.WebhookOutput)
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Send nothing until it is resumed; what changes in the meantime is sent then."""
        webhooks.find(subscription_id=webhook_id, by=self.actor)
        revision = self.read_revision()
        return self.answer(webhooks.pause(subscription_id=webhook_id, revision=revision, by=self.actor))


class WebhookResumption(WebhookAct):
    audit_action = {"post": "webhook.resume"}

    @extend_schema(operation_id="webhooks_resume", tags=["webhooks"], request=None, responses=shapes.WebhookOutput)
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Go on at once, from where it stopped."""
        webhooks.find(subscription_id=webhook_id, by=self.actor)
        revision = self.read_revision()
        return self.answer(
            webhooks.resume(subscription_id=webhook_id, revision=revision, by=self.actor, at=timezone.now())
        )


class WebhookReplay(WebhookAct):
    audit_action = {"post": "webhook.replay"}

    @extend_schema(
        operation_id="webhooks_replay",
        tags=["webhooks"],
        request=shapes.ReplayInput,
        responses=shapes.WebhookOutput,
    )
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Send again everything from a sequence number on."""
        webhooks.find(subscription_id=webhook_id, by=self.actor)
        revision = self.read_revision()
        sequence = parse(shapes.ReplayInput, request.data)["from_sequence"]
        return self.answer(
            webhooks.replay(
                subscription_id=webhook_id,
                from_sequence=sequence,
                revision=revision,
                by=self.actor,
                at=timezone.now(),
            )
        )


class WebhookTest(WebhookAct):
    audit_action = {"post": "webhook.test"}

    @extend_schema(operation_id="webhooks_test", tags=["webhooks"], request=None, responses={202: shapes.WebhookOutput})
    def post(self, request: Request, webhook_id: UUID) -> Response:
        """Send a message of type `webhook.test`, within seconds; the deliveries say how it went."""
        if "If-Match" in request.headers:
            self.check_precondition(webhooks.find(subscription_id=webhook_id, by=self.actor).revision)
        return self.answer(
            webhooks.request_test(subscription_id=webhook_id, by=self.actor, at=timezone.now()), number=202
        )


class WebhookDeliveries(WebhookView):
    scopes = {"get": SCOPE}
    audit_action = {"get": "webhook.deliveries"}

    @extend_schema(
        operation_id="webhooks_deliveries_list",
        tags=["webhooks"],
        parameters=PAGED,
        responses=shapes.DeliveryPage,
    )
    def get(self, request: Request, webhook_id: UUID) -> Response:
        """The attempts of the last 30 days, newest first."""
        subscription = webhooks.find(subscription_id=webhook_id, by=self.actor)
        page = Page(request, key_types=[moment, UUID])
        rows = page.rows(
            WebhookDelivery.objects.filter(clinic_id=self.actor.clinic_id, subscription=subscription), "-at"
        )
        return Response(
            page.answer(
                rows,
                lambda delivery: (delivery.at.isoformat(), delivery.pk),
                lambda shown: [delivery_json(delivery) for delivery in shown],
            )
        )


def delivery_json(delivery: WebhookDelivery) -> dict[str, Any]:
    names = "message_id first last attempt outcome status duration_ms at".split()
    return {name: getattr(delivery, name) for name in names}
