"""A patient's red flags: their state, and clearing one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import parse
from api.views import ClinicView
from assessments import clearances, queries, red_flags
from assessments import red_flag_table as table
from assessments.api import red_flag_serializers as shapes
from assessments.models import Clearance
from assessments.red_flags import FlagState, KnownClearance, OpenFlag
from patients.queries import identities
from patients.rules import BODY_REGIONS


def open_flag_json(flag: OpenFlag) -> dict[str, Any]:
    row = table.RED_FLAGS[flag.code]
    return {
        **asdict(flag),
        "label": _(row.label),
        "question": _(row.question),
        "suspects": _(row.suspects),
        "to_do": _(row.to_do),
        "newer": _(row.newer) if row.newer else "",
        "action": row.action,
        "is_emergency": row.is_emergency,
        "is_overridable": row.is_overridable,
        "stops": [_stop_json(effect, flag) for effect in row.effects],
    }


def _stop_json(effect: table.Effect, flag: OpenFlag) -> dict[str, Any]:
    regions = red_flags.regions_of(effect.place, flag)
    return {
        "level": effect.level,
        "technique_classes": [name for name in table.TECHNIQUE_CLASSES if name in effect.classes],
        "regions": [region for region in BODY_REGIONS if region in regions],
        "upper_neck_only": effect.place == table.UPPER_NECK,
        "one_side_only": effect.place in red_flags.SIDED_PLACES and flag.side in ("left", "right"),
    }


def flag_clearance_json(clearance: KnownClearance) -> dict[str, Any]:
    return {
        "code": clearance.code,
        "kind": clearance.kind,
        "reason": clearance.reason,
        "cleared_at": clearance.at,
        "cleared_by": clearance.cleared_by,
        "seen_by": clearance.seen_by,
        "seen_at": clearance.seen_at,
    }


def state_json(state: FlagState) -> dict[str, Any]:
    return {
        "table_version": table.TABLE_VERSION,
        "reviewed_by_clinician": table.HAS_BEEN_REVIEWED,
        "screened_at": state.screened_at,
        "open": [open_flag_json(flag) for flag in state.open],
        "unanswered": list(state.unanswered),
        "cleared": [flag_clearance_json(clearance) for clearance in state.cleared],
    }


def clearance_json(clearance: Clearance) -> dict[str, Any]:
    return {
        "id": clearance.pk,
        "code": clearance.code,
        "kind": clearance.kind,
        "reason": clearance.reason,
        "cleared_at": clearance.cleared_at,
        "cleared_by": clearance.cleared_by.name,
        "seen_by": clearance.seen_by,
        "seen_at": clearance.seen_at,
        "c_spine": clearance.c_spine,
    }


class PatientRedFlags(ClinicView):
    scopes = {"get": "assessments:read"}
    audit_action = {"get": "red_flag.list"}

    @extend_schema(
        operation_id="patients_red_flags",
        tags=["assessments"],
        parameters=[
            OpenApiParameter(
                "regions",
                {"type": "array", "items": {"type": "string", "enum": BODY_REGIONS}},
                description="regions about to be treated; some questions must be answered before some of them only",
            )
        ],
        responses=shapes.FlagStateOutput,
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """A patient's red flags: which are open since which exam, what they stop, and what must still be asked."""
        people = identities(clinic_id=self.actor.clinic_id, patient_id=patient_id)
        self.saw(*people)
        query = parse(shapes.FlagStateQuery, {"regions": request.query_params.getlist("regions")})
        state = queries.flag_state(people, at=timezone.now(), regions=query["regions"])
        return Response(state_json(state))


class PatientClearances(ClinicView):
    scopes = {"post": "assessments:write"}
    audit_action = {"post": "red_flag.clear"}

    @extend_schema(
        operation_id="patients_red_flags_clear",
        tags=["assessments"],
        request=shapes.ClearanceInput,
        responses={201: shapes.NewClearanceOutput},
    )
    def post(self, request: Request, patient_id: UUID) -> Response:
        """
        Clear an open red flag: by examination, imaging, a physician or an emergency department.

        An injury of the neck is cleared by examination only if the Canadian C-spine rule clears it.
        """
        self.saw(patient_id)
        body = parse(shapes.ClearanceInput, request.data)
        body["c_spine"] = body["c_spine"] or {}
        clearance = clearances.clear_red_flag(
            patient_id=patient_id, clearance=clearances.NewClearance(**body), by=self.actor, at=timezone.now()
        )
        return Response(clearance_json(clearance), status=status.HTTP_201_CREATED)
