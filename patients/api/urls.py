from django.urls import path

from patients.api import views

urlpatterns = [
    path("patients/", views.Patients.as_view(), name="patients"),
    path("patients/search/", views.PatientSearch.as_view(), name="patient_search"),
    path("patients/imports/", views.PatientImports.as_view(), name="patient_imports"),
    path("patients/imports/<uuid:run_id>/", views.OneImport.as_view(), name="patient_import"),
    path("patients/imports/<uuid:run_id>/undo/", views.ImportUndo.as_view(), name="patient_import_undo"),
    path("medicines/", views.Medicines.as_view(), name="medicines"),
    path("medicines/<uuid:medicine_id>/", views.OneMedicine.as_view(), name="medicine"),
    path("patients/<uuid:patient_id>/", views.OnePatient.as_view(), name="patient"),
    path("patients/<uuid:patient_id>/duplicates/", views.PatientDuplicates.as_view(), name="patient_duplicates"),
    path("patients/<uuid:patient_id>/merge/", views.PatientMerge.as_view(), name="patient_merge"),
]
