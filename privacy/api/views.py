from __future__ import annotations

from uuid import UUID

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import Clinic
from api.views import ClinicView
from privacy.patient_export import complete_export, to_bytes


class PatientExport(ClinicView):
    scopes = {"get": "records:export"}
    audit_action = {"get": "disclosure.patient_export"}

    @extend_schema(
        operation_id="patients_export",
        tags=["records"],
        responses={(200, "application/json"): OpenApiTypes.OBJECT},
    )
    def get(self, request: Request, patient_id: UUID) -> Response:
        """
        Everything that the clinic has of one patient: every row by table, the signed documents with their hashes, what
        was decided about the record, and who looked at it. Records that were merged into this one are included.

        A restricted patient is exported too; that is theirs to ask for.
        """
        clinic = Clinic.objects.get(pk=self.actor.clinic_id)
        export = complete_export(clinic=clinic, patient_id=patient_id, at=timezone.now())
        self.saw(*export["patient_ids"])
        return Response(to_bytes(export))
