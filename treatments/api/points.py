"""Search for trigger points."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Choice, StrictInteger, StrictSerializer, Text, parse
from api.permissions import MissingScope
from api.views import ClinicView
from assessments.api.serializers import NOT_IN_DOCUMENTATION_ONLY, PointCourseOutput
from assessments.point_states import STATES
from assessments.rules import SIDES
from treatments.point_search import PointQuery, search_points

READS_FINDINGS = "assessments:read"


class PointSearchInput(StrictSerializer):
    muscle = Text(max_length=100, help_text="see /muscles/")
    side = Choice(SIDES, required=False, allow_null=True, default=None)
    state = Choice(
        STATES,
        required=False,
        allow_null=True,
        default=None,
        help_text="by the clinic's rule set; `active` includes what is active again after it was resolved",
    )
    not_treated_days = StrictInteger(
        min_value=0, max_value=3660, required=False, allow_null=True, default=None, help_text="not treated for so long"
    )


class PointMatchOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    number = serializers.IntegerField()
    muscle = serializers.CharField()
    side = Choice(SIDES)
    place = serializers.CharField()
    patient_id = serializers.UUIDField(help_text="of the record in use, if it was merged")
    last_seen_at = serializers.DateTimeField()
    last_treated_at = serializers.DateTimeField(allow_null=True)
    course = PointCourseOutput(allow_null=True, help_text=NOT_IN_DOCUMENTATION_ONLY)


class PointSearchOutput(serializers.Serializer[Any]):
    results = PointMatchOutput(many=True)
    is_cut = serializers.BooleanField(help_text="there are more; search for less")


class TriggerPointSearch(ClinicView):
    keeps_answers = False  # a retry looks again, and is recorded as a look
    scopes = {"post": "treatments:read"}
    audit_action = {"post": "trigger_point.search"}

    @extend_schema(
        operation_id="trigger_points_search",
        tags=["assessments"],
        request=PointSearchInput,
        responses=PointSearchOutput,
    )
    def post(self, request: Request) -> Response:
        """
        Points of patients in care by muscle, side and state that were not treated for some days.

        Needs `assessments:read` as well. By POST, because each patient who is found is recorded as seen.
        """
        if READS_FINDINGS not in self.actor.scopes:
            raise MissingScope(params={"scope": READS_FINDINGS}, extra={"scope": READS_FINDINGS})
        query = PointQuery(**parse(PointSearchInput, request.data))
        search = search_points(query, by=self.actor, at=timezone.now())
        return Response(PointSearchOutput({"results": search.matches, "is_cut": search.is_cut}).data)
