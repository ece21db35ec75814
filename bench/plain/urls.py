from django.db import transaction
from django.urls import include, path
from rest_framework import pagination, routers, serializers, viewsets

from bench.plain.models import Assessment, Finding, Intervention, Measure, Referral, Session


class InterventionShape(serializers.ModelSerializer):
    class Meta:
        model = Intervention
        exclude = ["session"]


class MeasureShape(serializers.ModelSerializer):
    class Meta:
        model = Measure
        exclude = ["session"]


class SessionShape(serializers.ModelSerializer):
    interventions = InterventionShape(many=True)
    measures = MeasureShape(many=True)

    class Meta:
        model = Session
        fields = "__all__"


class ReferralShape(serializers.ModelSerializer):
    class Meta:
        model = Referral
        exclude = ["finding"]


class FindingShape(serializers.ModelSerializer):
    referred_to = ReferralShape(many=True)

    class Meta:
        model = Finding
        exclude = ["assessment"]


class AssessmentShape(serializers.ModelSerializer):
    findings = FindingShape(many=True)

    class Meta:
        model = Assessment
        fields = "__all__"

    @transaction.atomic
    def create(self, validated_data):
        findings = validated_data.pop("findings")
        assessment = Assessment.objects.create(**validated_data)
        for data in findings:
            referrals = data.pop("referred_to")
            finding = Finding.objects.create(assessment=assessment, **data)
            for referral in referrals:
                Referral.objects.create(finding=finding, **referral)
        return assessment


class Pages(pagination.PageNumberPagination):
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200


class Sessions(viewsets.ModelViewSet):
    serializer_class = SessionShape
    pagination_class = Pages

    def get_queryset(self):
        sessions = Session.objects.prefetch_related("interventions", "measures")
        if "patient" in self.request.query_params:
            return sessions.filter(patient=self.request.query_params["patient"]).order_by("-performed_at", "-id")
        return sessions.order_by("signed_at", "id")


class Assessments(viewsets.ModelViewSet):
    serializer_class = AssessmentShape
    queryset = Assessment.objects.prefetch_related("findings__referred_to")


router = routers.SimpleRouter()
router.register("sessions", Sessions, basename="session")
router.register("assessments", Assessments)
urlpatterns = [path("", include(router.urls))]
