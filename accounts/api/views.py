from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import queries
from accounts.api.serializers import CallerOutput, ExpiringPage
from accounts.models import Clinic, Competency
from api.pagination import short_list
from api.schema import PAGED
from api.views import ClinicView


class Me(ClinicView):
    """Who is asking: useful as the first call of a new client."""

    scopes = {"get": ""}

    @extend_schema(responses=CallerOutput, operation_id="me", tags=["me"])
    def get(self, request: Request) -> Response:
        actor = self.actor
        clinic = Clinic.objects.get(pk=actor.clinic_id)
        return Response(
            CallerOutput(
                {
                    "clinic": clinic.slug,
                    "clinic_id": clinic.pk,
                    "time_zone": clinic.time_zone,
                    "user_id": actor.user_id,
                    "client_id": actor.client_id,
                    "acts_for_id": actor.acts_for_id,
                    "scopes": sorted(actor.scopes),
                }
            ).data
        )


class ExpiringCompetencies(ClinicView):
    scopes = {"get": "scheduling:read"}
    audit_action = {"get": "competency.expiring"}

    @extend_schema(
        responses=ExpiringPage, parameters=PAGED, operation_id="competencies_expiring", tags=["scheduling set-up"]
    )
    def get(self, request: Request) -> Response:
        """Competencies that end within 60 days or have ended, of people who treat here; the first to end first."""
        today = timezone.now().astimezone(queries.clinic_zone(self.actor.clinic_id)).date()
        rows = queries.expiring_competencies(self.actor.clinic_id, today=today)

        def show(row: Competency) -> dict[str, Any]:
            names = ("id", "user_id", "technique", "valid_until")
            has_ended = row.valid_until is not None and row.valid_until < today
            return {**{name: getattr(row, name) for name in names}, "has_ended": has_ended}

        return Response(short_list(request, rows, show))
