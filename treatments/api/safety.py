"""The safety check and the clinic's list, for programs."""

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
from patients.rules import MIN_REASON_CHARACTERS
from treatments import documents, queries, safety_lists, signing
from treatments.api.serializers import SafetyOutput
from treatments.models import Session
from treatments.safety_entries import ANYWHERE, LEVELS, Entry
from treatments.safety_facts import SafetyFinding
from treatments.safety_table import DEFAULT_CODES, HAS_BEEN_REVIEWED


def finding_json(finding: SafetyFinding) -> dict[str, Any]:
    own = ["level", "code", "key", "label", "reason", "source", "pointer", "overridable", "params"]
    return {**{name: getattr(finding, name) for name in own}, "emergency": finding.is_emergency}


class SessionSafety(ClinicView):
    scopes = {"get": "treatments:read"}
    audit_action = {"get": "session.safety"}

    @extend_schema(operation_id="sessions_safety", tags=["sessions"], responses=SafetyOutput)
    def get(self, request: Request, session_id: UUID) -> Response:
        """
        What stands in the way of a session, or should be known, as of now.

        A stop or an acknowledgement is listed whether or not it is answered for in the session.
        """
        visible = Session.objects.visible_to(self.actor).with_parts().select_related("patient")
        session = get_object_or_404(visible, pk=session_id)
        self.saw(session.patient_id)
        content = documents.session_content(session)
        check = signing.check_signature(session, content, by=self.actor, at=timezone.now())
        return Response(
            {
                "list_version": check.visit.safety_list.version,
                "reviewed": HAS_BEEN_REVIEWED,
                "screen_at": check.visit.facts.flags.screened_at,
                "findings": [finding_json(finding) for finding in check.findings],
            }
        )


class SafetyEntryInput(StrictSerializer):
    """A default row made stricter (`code`, `level`, `is_overridable`), or a row of the clinic's own."""

    code = Text(max_length=100, required=False, default="", help_text="leave it out for a new row of your own")
    level = Choice(LEVELS)
    is_overridable = serializers.BooleanField(required=False, default=False)
    label = Text(max_length=200, required=False, allow_blank=True, default="")  # type: ignore[assignment] # DRF has an attribute of that name
    reason = Text(
        max_length=1000, required=False, allow_blank=True, default="", help_text="what is wrong, and what to do"
    )
    source = Text(max_length=1000, required=False, allow_blank=True, default="")  # type: ignore[assignment] # DRF has an attribute of that name
    tags = serializers.ListField(child=Text(max_length=50), required=False, max_length=20)
    alert = Text(max_length=100, required=False, default="", help_text="only for patients with this alert")
    where = Choice(safety_lists.PLACES, required=False, default=ANYWHERE)
    muscles = serializers.ListField(child=Text(max_length=100), required=False, max_length=200)
    regions = serializers.ListField(child=Text(max_length=50), required=False, max_length=20)


class SafetyEntryEnd(StrictSerializer):
    reason = Text(max_length=1000, min_length=MIN_REASON_CHARACTERS)


class SafetyEntryOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    level = Choice(LEVELS)
    is_overridable = serializers.BooleanField()
    label = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    reason = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment] # DRF has an attribute of that name
    tags = serializers.ListField(child=serializers.CharField())
    alert = serializers.CharField(allow_blank=True)
    caution = serializers.CharField(allow_blank=True)
    where = Choice(safety_lists.PLACES)
    muscles = serializers.ListField(child=serializers.CharField())
    regions = serializers.ListField(child=serializers.CharField())
    is_default = serializers.BooleanField()
    list_version = serializers.CharField()


class SafetyEntryPage(serializers.Serializer[Any]):
    results = SafetyEntryOutput(many=True)
    next = serializers.URLField(allow_null=True)


def entry_json(entry: Entry, version: str) -> dict[str, Any]:
    own = ["code", "level", "is_overridable", "label", "reason", "source", "alert", "caution", "where"]
    sets = {name: sorted(getattr(entry, name)) for name in ("tags", "muscles", "regions")}
    return {
        **{name: getattr(entry, name) for name in own},
        **sets,
        "is_default": entry.code in DEFAULT_CODES,
        "list_version": version,
    }


class SafetyList(ClinicView):
    scopes = {"get": "treatments:read", "post": "safety:manage"}
    audit_action = {"get": "safety_list.read", "post": "safety_list.add"}

    @extend_schema(operation_id="safety_list", tags=["sessions"], parameters=PAGED, responses=SafetyEntryPage)
    def get(self, request: Request) -> Response:
        """The safety list in force in this clinic: the default one with the clinic's own rows."""
        in_force = queries.safety_list(self.actor.clinic_id)
        return Response(short_list(request, list(in_force.entries), lambda entry: entry_json(entry, in_force.version)))

    @extend_schema(
        operation_id="safety_list_add",
        tags=["sessions"],
        request=SafetyEntryInput,
        responses={201: SafetyEntryOutput},
    )
    def post(self, request: Request) -> Response:
        """Add a row, or make a default row stricter. Only the clinic's owner; no default row can be lost."""
        body = parse(SafetyEntryInput, request.data)
        row = safety_lists.add_entry(entry=body, by=self.actor, at=timezone.now())
        in_force = queries.safety_list(self.actor.clinic_id)
        entry = next(entry for entry in in_force.entries if entry.code == row.code)
        return Response(entry_json(entry, in_force.version), status=status.HTTP_201_CREATED)


class SafetyListEntry(ClinicView):
    scopes = {"post": "safety:manage"}
    audit_action = {"post": "safety_list.end"}

    @extend_schema(operation_id="safety_list_end", tags=["sessions"], request=SafetyEntryEnd, responses={204: None})
    def post(self, request: Request, code: str) -> Response:
        """End a row of the clinic's own, with a reason. Default rows cannot be ended."""
        reason = parse(SafetyEntryEnd, request.data)["reason"]
        safety_lists.end_entry(code=code, reason=reason, by=self.actor, at=timezone.now())
        return Response(status=status.HTTP_204_NO_CONTENT)
