"""The worklist: who waits, why, since when; taken, put aside, closed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import names_of, parse
from api.pagination import Page, invalid_parameter, moment
from api.schema import PAGED
from api.views import ClinicView
from worklist import actions, rules
from worklist.api import serializers as shapes
from worklist.models import FILTERS, Item

TAG = ["worklist"]


def item_json(item: Item) -> dict[str, Any]:
    names = [name for name in names_of(shapes.ItemOutput) if name not in ("why", "to_do")]
    texts = {"why": item.about.label, "to_do": item.about.to_do}
    return {name: getattr(item, name) for name in names} | texts


def parse_filter(request: Request) -> tuple[str, str]:
    """The filter and the kind that are asked for."""
    show, item_kind = request.query_params.get("show", "all"), request.query_params.get("kind", "")
    if show not in FILTERS:
        raise invalid_parameter("show", "invalid.choice", choices=list(FILTERS))
    if item_kind and item_kind not in rules.KINDS:
        raise invalid_parameter("kind", "invalid.choice", choices=list(rules.KINDS))
    return show, item_kind


class Worklist(ClinicView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "worklist.list"}

    @extend_schema(
        operation_id="worklist_list",
        tags=TAG,
        responses=shapes.ItemPage,
        parameters=[
            *PAGED,
            OpenApiParameter("kind", str, enum=list(rules.KINDS)),
            OpenApiParameter("show", str, enum=list(FILTERS), description="all, if absent"),
        ],
    )
    def get(self, request: Request) -> Response:
        """What waits for the clinic: what was due first comes first."""
        page = Page(request, key_types=[moment, UUID])
        show, item_kind = parse_filter(request)
        items = Item.objects.visible_to(self.actor)
        items = items.shown(show, now=timezone.now(), user_id=self.actor.author_id)
        if item_kind:
            items = items.filter(kind=item_kind)
        rows = page.rows(items, "due_at")
        self.saw(*{row.patient_id for row in rows[: page.limit]})
        return Response(
            page.answer(rows, lambda i: [i.due_at.isoformat(), i.pk], lambda some: [item_json(i) for i in some])
        )


class ItemView(ClinicView):
    scopes = {"post": "scheduling:write"}

    def get_item(self, item_id: UUID) -> Item:
        item = get_object_or_404(Item.objects.visible_to(self.actor), pk=item_id)
        self.saw(item.patient_id)
        return item


class ItemTaken(ItemView):
    audit_action = {"post": "worklist.take"}

    @extend_schema(operation_id="worklist_take", tags=TAG, request=None, responses=shapes.ItemOutput)
    def post(self, request: Request, item_id: UUID) -> Response:
        """Say that one sees to it."""
        return Response(
            item_json(
                actions.take(
                    item_id=self.get_item(item_id).pk, revision=self.read_revision(), by=self.actor, at=timezone.now()
                )
            )
        )


class ItemDone(ItemView):
    audit_action = {"post": "worklist.finish"}

    @extend_schema(operation_id="worklist_finish", tags=TAG, request=shapes.DoneInput, responses=shapes.ItemOutput)
    def post(self, request: Request, item_id: UUID) -> Response:
        """Close it with what came of it."""
        body = parse(shapes.DoneInput, request.data)
        item = actions.finish(
            item_id=self.get_item(item_id).pk, revision=self.read_revision(), by=self.actor, at=timezone.now(), **body
        )
        return Response(item_json(item))


class ItemSnoozed(ItemView):
    audit_action = {"post": "worklist.snooze"}

    @extend_schema(operation_id="worklist_snooze", tags=TAG, request=shapes.SnoozeInput, responses=shapes.ItemOutput)
    def post(self, request: Request, item_id: UUID) -> Response:
        """Put it aside until then."""
        body = parse(shapes.SnoozeInput, request.data)
        aside = actions.snooze(
            item_id=self.get_item(item_id).pk, revision=self.read_revision(), by=self.actor, at=timezone.now(), **body
        )
        return Response(item_json(aside))


class ItemReopened(ItemView):
    audit_action = {"post": "worklist.reopen"}

    @extend_schema(operation_id="worklist_reopen", tags=TAG, request=None, responses=shapes.ItemOutput)
    def post(self, request: Request, item_id: UUID) -> Response:
        """Undo that it was closed."""
        return Response(
            item_json(actions.reopen(item_id=self.get_item(item_id).pk, revision=self.read_revision(), by=self.actor))
        )


class Counts(ClinicView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "worklist.counts"}

    @extend_schema(
        operation_id="worklist_counts",
        tags=TAG,
        responses=shapes.CountsOutput,
        parameters=[
            OpenApiParameter("kind", str, enum=list(rules.KINDS)),
            OpenApiParameter("show", str, enum=list(FILTERS)),
        ],
    )
    def get(self, request: Request) -> Response:
        """How many rows each filter shows with this kind, and each kind with this filter."""
        show, item_kind = parse_filter(request)
        items = Item.objects.visible_to(self.actor)
        return Response(items.counts(show, item_kind, now=timezone.now(), user_id=self.actor.author_id))
