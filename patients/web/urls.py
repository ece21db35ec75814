from django.urls import path

from patients.web import alerts, duplicates, edit, imports, medicines, reviews

urlpatterns = [
    path("settings/medicines/", medicines.medicines, name="own_medicines"),
    path("settings/medicines/<uuid:medicine_id>/remove/", medicines.remove, name="own_medicine_remove"),
    path("patients/imports/", imports.imports, name="imports"),
    path("patients/imports/review/", reviews.reviews, name="import_reviews"),
    path("patients/imports/review/<uuid:review_id>/", reviews.review, name="import_review"),
    path("patients/imports/files/<uuid:upload_id>/", imports.import_upload, name="import_upload"),
    path("patients/imports/<uuid:run_id>/", imports.import_run, name="import_run"),
    path("patients/imports/<uuid:run_id>/undo/", imports.import_undo, name="import_undo"),
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
