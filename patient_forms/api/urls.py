from django.urls import path

from patient_forms.api import views

urlpatterns = [
    path("patient-forms/", views.PatientForms.as_view(), name="patient_forms"),
    path("patients/<uuid:patient_id>/forms/", views.FormsOfPatient.as_view(), name="forms_of_patient"),
    path("forms/<uuid:form_id>/", views.OneForm.as_view(), name="form"),
    path("forms/<uuid:form_id>/accept/", views.FormAcceptance.as_view(), name="form_accept"),
    path("forms/<uuid:form_id>/dismiss/", views.FormDismissal.as_view(), name="form_dismiss"),
    path("forms/<uuid:form_id>/cancel/", views.FormCancel.as_view(), name="form_cancel"),
]
