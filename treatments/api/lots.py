"""Search by lot."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from api.fields import Choice, StrictSerializer, Text, parse
from api.views import ClinicView
from database.choices import DOCUMENT_STATUSES
from treatments.lots import EXACT, SIMILAR, Treated, search_lot
from treatments.rules import TECHNIQUES


class LotInput(StrictSerializer):
    lot = Text(max_length=200, help_text="case, blanks and punctuation do not matter")


class TreatedOutput(serializers.Serializer[Any]):
    match = Choice([EXACT, SIMILAR], help_text="`similar`: the lot is part of what was recorded")
    recorded_lot = serializers.CharField()
    patient_id = serializers.UUIDField(help_text="of the record in use, if it was merged")
    session_id = serializers.UUIDField()
    performed_at = serializers.DateTimeField()
    status = Choice(DOCUMENT_STATUSES)
    technique = Choice(list(TECHNIQUES))
    muscle = serializers.CharField(allow_null=True)
    side = serializers.CharField(allow_null=True)


class LotSearchOutput(serializers.Serializer[Any]):
    results = TreatedOutput(many=True)
    is_cut = serializers.BooleanField(help_text="there are more; search for more of the lot")


def lot_use_json(treated: Treated) -> dict[str, Any]:
    row = treated.intervention
    return {
        "match": treated.match,
        "recorded_lot": treated.recorded_lot,
        "patient_id": row.session.patient.in_use.pk,
        "session_id": row.session_id,
        "performed_at": row.session.performed_at,
        "status": row.session.status,
        "technique": row.technique,
        "muscle": row.muscle_id,
        "side": row.side,
    }


class LotSearch(ClinicView):
    keeps_answers = False  # a retry looks again, and is recorded as a look
    scopes = {"post": "treatments:read"}
    audit_action = {"post": "lot.search"}

    @extend_schema(operation_id="lots_search", tags=["sessions"], request=LotInput, responses=LotSearchOutput)
    def post(self, request: Request) -> Response:
        """Who was treated with a lot of needles or of a medicine. By POST, so that no address carries it."""
        search = search_lot(lot=parse(LotInput, request.data)["lot"], by=self.actor)
        return Response({"results": [lot_use_json(line) for line in search.treated], "is_cut": search.is_cut})
