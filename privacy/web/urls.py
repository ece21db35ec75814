from django.urls import path

from privacy.web import views

urlpatterns = [
    path("settings/rights/", views.clinic_rights, name="clinic_rights"),
    path("settings/rights/<uuid:case_id>/end/", views.end_case, name="end_rights_case"),
    path("patients/<uuid:patient_id>/rights/", views.patient_rights, name="patient_rights"),
    path("patients/<uuid:patient_id>/rights/export/<str:form>/", views.export, name="patient_rights_export"),
]
