from __future__ import annotations

from typing import Any

from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from api.pagination import short_list
from api.schema import PAGED
from api.views import ClinicView
from records.api.document_views import DocumentApi
from treatments import limit_sources, rules
from treatments.actions import SESSION
from treatments.api import serializers as shapes

EXAMPLE = OpenApiExample(
    "Compression, needling, stretching",
    request_only=True,
    value={
        "performed_at": "2026-11-20T09:50:00Z",
        "interventions": [
            {
                "technique": "ischemic_compression",
                "muscle": "trapezius_upper",
                "side": "right",
                "dose": {"hold_s": 60, "repetitions": 3, "pressure_discomfort_0_10": 6},
            },
            {
                "technique": "dry_needling",
                "muscle": "trapezius_upper",
                "side": "right",
                "dose": {
                    "needling_technique": "deep_pistoning",
                    "needle_diameter_mm": 0.3,
                    "needle_length_mm": 25,
                    "insertions": 8,
                    "ltr_elicited": "yes",
                    "ltr_count": 3,
                    "needles_in": 1,
                    "needles_out": 1,
                },
            },
        ],
        "measures": [
            {"kind": "pain", "phase": "before", "value": 6},
            {"kind": "pain", "phase": "after", "timing": "immediate", "value": 4},
        ],
        "response": "Tolerated well.",
    },
)


API = DocumentApi(
    kind=SESSION,
    noun="session",
    about_recording=(
        "Record a treatment session as a draft. A dose outside its usual range wants a reason in `limit_reasons`."
    ),
    example=EXAMPLE,
    new=shapes.NewSessionInput,
    changes=shapes.SessionChanges,
    output=shapes.SessionOutput,
    page=shapes.SessionPage,
    signed=shapes.SessionSignedOutput,
    addendum=shapes.SessionAddendumInput,
    reason=shapes.SessionReasonInput,
)


class Techniques(ClinicView):
    scopes = {"get": ""}

    @extend_schema(operation_id="techniques_list", tags=["catalogue"], parameters=PAGED, responses=shapes.TechniquePage)
    def get(self, request: Request) -> Response:
        """The techniques with the fields of their doses and the limits of each."""
        return Response(short_list(request, list(rules.TECHNIQUES.items()), self._show))

    def _show(self, entry: tuple[str, rules.Technique]) -> dict[str, Any]:
        code, technique = entry
        return {
            "id": code,
            "label": technique.label,
            "breaks_skin": technique.breaks_skin,
            "dose": [self._field(code, name, limits) for name, limits in technique.dose.items()],
        }

    def _field(self, technique: str, name: str, limits: rules.Limits) -> dict[str, Any]:
        field = rules.FIELDS[name]
        measured = rules.is_measured(name)
        return {
            "name": name,
            "label": field.label,
            "kind": field.kind,
            "unit": field.unit,
            "codes": list(field.codes),
            "hard": list(limits.hard) if measured else None,
            "soft": list(limits.soft) if limits.soft else None,
            "typical": list(limits.typical) if limits.typical else None,
            "limits": [
                {"limit": limit, "low": pair[0], "high": pair[1], "status": about.status, "source": about.source}
                for limit, pair, about in limit_sources.limits_with_sources(technique, name, limits)
                if measured
            ],
        }
