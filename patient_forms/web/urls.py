from django.urls import path

from patient_forms.web import patient, views

urlpatterns = [
    # Before messaging's `c/<token>/`: these are no tokens.
    path("c/form/", patient.my_form, name="my_form"),
    path("c/form/thanks/", patient.my_form_thanks, name="my_form_thanks"),
    path("patients/<uuid:patient_id>/forms/", views.patient_forms, name="patient_forms"),
    path("forms/<uuid:form_id>/", views.review, name="form_review"),
    path("forms/<uuid:form_id>/cancel/", views.cancel, name="form_cancel"),
]
