from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api.serializers import CallerOutput
from accounts.models import Clinic
from clinic.api.views import ClinicView


class Me(ClinicView):
    """Who is asking: useful as the first call of a new client."""

    scopes = {"get": ""}

    @extend_schema(responses=CallerOutput, operation_id="me", tags=["me"])
    def get(self, request: Request) -> Response:
        caller = self.caller
        clinic = Clinic.objects.get(pk=caller.clinic_id)
        return Response(
            CallerOutput(
                {
                    "clinic": clinic.slug,
                    "clinic_id": clinic.pk,
                    "time_zone": clinic.time_zone,
                    "user_id": caller.user_id,
                    "client_id": caller.client_id,
                    "acts_for_id": caller.acts_for_id,
                    "scopes": sorted(caller.scopes),
                }
            ).data
        )
