"""Muscles, zones and movements. The same for everybody, and no patient's data."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

import catalogue
from api.pagination import short_list
from api.schema import PAGED
from api.views import ClinicView
from catalogue.api import serializers as shapes
from catalogue.models import BodyZone, Movement, Muscle


class Muscles(ClinicView):
    tags_content = True
    scopes = {"get": ""}

    @extend_schema(
        operation_id="muscles_list",
        tags=["catalogue"],
        parameters=[
            *PAGED,
            OpenApiParameter("q", str, description="Words of the name, Latin name or synonym, or of a referral zone."),
            OpenApiParameter("zone", str, description="Muscles that refer to this zone, the likeliest first."),
        ],
        responses=shapes.MusclePage,
    )
    def get(self, request: Request) -> Response:
        """Muscles in the catalogue's order."""
        muscles = Muscle.objects.in_use().order_by("position")
        query = request.query_params.get("q", "").replace("\x00", "")
        if query.strip():
            muscles = muscles.matching(query)
        rows = list(muscles)
        zone = request.query_params.get("zone")
        if zone is not None:
            weight = {entry["muscle"]: -entry["weight"] for entry in catalogue.ZONE_TO_MUSCLES.get(zone, [])}
            rows = sorted((m for m in rows if m.pk in weight), key=lambda m: weight[m.pk])
        return Response({"version": catalogue.VERSION, **short_list(request, rows, self._show)})

    def _show(self, muscle: Muscle) -> dict[str, Any]:
        names = ["name", "latin", "region", "group", "tier", "needling_risk", "self_pressure", "detail"]
        return {"id": muscle.pk, **{name: getattr(muscle, name) for name in names}}


class BodyZones(ClinicView):
    tags_content = True
    scopes = {"get": ""}

    @extend_schema(
        operation_id="body_zones_list",
        tags=["catalogue"],
        parameters=[*PAGED, OpenApiParameter("q", str)],
        responses=shapes.BodyZonePage,
    )
    def get(self, request: Request) -> Response:
        """Body zones; a zone with `sided` has a left and a right, the others are on the middle line."""
        body_zones = BodyZone.objects.filter(is_retired=False).order_by("position")
        for word in request.query_params.get("q", "").replace("\x00", "").casefold().split()[:8]:
            body_zones = body_zones.filter(search_text__contains=word)
        names = ["label", "region", "views", "sided", "synonyms"]
        show = lambda zone: {"id": zone.pk, **{name: getattr(zone, name) for name in names}}  # noqa: E731
        return Response({"version": catalogue.VERSION, **short_list(request, list(body_zones), show)})


class Movements(ClinicView):
    tags_content = True
    scopes = {"get": ""}

    @extend_schema(operation_id="movements_list", tags=["catalogue"], parameters=PAGED, responses=shapes.CodePage)
    def get(self, request: Request) -> Response:
        """Movements that are measured or tested."""
        rows = list(Movement.objects.filter(is_retired=False).order_by("position"))
        return Response(
            {
                "version": catalogue.VERSION,
                **short_list(request, rows, lambda m: {"id": m.pk, "label": m.label}),
            }
        )
