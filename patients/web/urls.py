from django.urls import path

from patients.web import alerts

urlpatterns = [
    path("patients/<uuid:patient_id>/alerts/", alerts.alerts, name="patient_alerts"),
    path("patients/<uuid:patient_id>/alerts/<uuid:alert_id>/end/", alerts.end, name="patient_alert_end"),
]
