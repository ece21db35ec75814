from django.urls import path

from patients.web import alerts, duplicates, edit

urlpatterns = [
    path("patients/<uuid:patient_id>/two-people/", duplicates.two_people, name="patient_two_people"),
    path("patients/<uuid:patient_id>/edit/", edit.edit, name="patient_edit"),
    path("patients/<uuid:patient_id>/conditions/", edit.conditions, name="patient_conditions"),
    path(
        "patients/<uuid:patient_id>/conditions/<uuid:fact_id>/end/",
        edit.end_condition,
        name="patient_condition_end",
    ),
    path("patients/<uuid:patient_id>/alerts/", alerts.alerts, name="patient_alerts"),
    path("patients/<uuid:patient_id>/alerts/<uuid:alert_id>/end/", alerts.end, name="patient_alert_end"),
]
