"""What the safety check says about a programme, for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from homecare import queries, safety
from homecare.api.serializers import ProgrammeSafetyOutput
from homecare.api.views import ProgrammeView
from homecare.models import facts_of
from homecare.programmes import safety_stops
from treatments.safety_table import HAS_BEEN_REVIEWED


def finding_json(found: safety.StepFinding, steps: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    own = ["level", "code", "label", "reason", "source"]
    return {
        **{name: getattr(found.finding, name) for name in own},
        "pointer": found.pointer,
        "name": found.name,
        "takes_reason": found.takes_reason,
        "is_explained": found.is_explained(steps),
    }


class ProgrammeSafety(ProgrammeView):
    scopes = {"get": "assessments:read"}  # the findings name muscles, alerts and red flags
    audit_action = {"get": "programme.safety"}

    @extend_schema(operation_id="programmes_safety", tags=["home programmes"], responses=ProgrammeSafetyOutput)
    def get(self, request: Request, programme_id: UUID) -> Response:
        """
        What the safety check says now against what is being written; without a draft, against what the patient has.

        A stop or an acknowledgement is listed whether or not a reason is given for it. A red flag is answered for
        once, in `overrides`; anything else at its step, in `limit_reasons`, under its `name`.
        """
        programme = self.get_programme(programme_id)
        _version, provided = queries.current_version(programme)
        draft = programme.draft
        steps = draft["steps"] if draft is not None else [facts_of(step) for step in provided]
        existing = safety_stops.load_known(programme, steps, at=timezone.now())
        return Response(
            {
                "list_version": existing.list_version,
                "reviewed": HAS_BEEN_REVIEWED,
                "is_draft": draft is not None,
                "findings": [finding_json(finding, steps) for finding in existing.check.findings],
                "red_flags": [
                    {
                        "code": flag.flag.code,
                        "level": flag.level,
                        "answered_at": flag.flag.answered_at,
                        "steps": flag.steps,
                    }
                    for flag in existing.flags
                ],
            }
        )
