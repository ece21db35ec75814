from django.urls import path

from privacy.api import views

urlpatterns = [
    path("patients/<uuid:patient_id>/export/", views.PatientExport.as_view(), name="patient_export"),
]
