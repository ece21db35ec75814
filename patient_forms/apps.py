from django.apps import AppConfig


class PatientForms(AppConfig):
    name = "patient_forms"
    verbose_name = "Patient forms"
