from django.urls import path

from records.api import views

urlpatterns = [
    path("patients/<uuid:patient_id>/history/", views.PatientHistory.as_view(), name="patient_history"),
    path("records/", views.Records.as_view(), name="records"),
    path("records/export/", views.RecordsExport.as_view(), name="records_export"),
    path("records/verify/", views.RecordsVerify.as_view(), name="records_verify"),
    path("records/verifications/", views.Verifications.as_view(), name="records_verifications"),
    path(
        "records/verifications/<uuid:verification_id>/",
        views.OneVerification.as_view(),
        name="records_verification",
    ),
    path("records/head/", views.RecordsHead.as_view(), name="records_head"),
    path("records/checkpoint/", views.RecordsCheckpoint.as_view(), name="records_checkpoint"),
    path("records/<uuid:record_id>/", views.OneRecord.as_view(), name="record"),
]
