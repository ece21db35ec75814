from django.urls import path

from homecare.api import safety, views

urlpatterns = [
    path("exercises/", views.Exercises.as_view()),
    path("patients/<uuid:patient_id>/programmes/", views.PatientProgrammes.as_view()),
    path("programmes/<uuid:programme_id>/", views.OneProgramme.as_view()),
    path("programmes/<uuid:programme_id>/safety/", safety.ProgrammeSafety.as_view()),
    path("programmes/<uuid:programme_id>/publish/", views.ProgrammePublication.as_view()),
    path("programmes/<uuid:programme_id>/pause/", views.ProgrammePause.as_view()),
    path("programmes/<uuid:programme_id>/resume/", views.ProgrammeResumption.as_view()),
    path("programmes/<uuid:programme_id>/end/", views.ProgrammeEnd.as_view()),
    path("programmes/<uuid:programme_id>/reminders/", views.ProgrammeReminders.as_view()),
    path("programmes/<uuid:programme_id>/check-ins/", views.ProgrammeCheckIns.as_view()),
    path("programmes/<uuid:programme_id>/send-link/", views.ProgrammeLink.as_view()),
    path("patients/<uuid:patient_id>/check-ins/", views.PatientCheckIns.as_view()),
    path("programme-templates/", views.Templates.as_view()),
    path("programme-templates/<uuid:template_id>/", views.OneTemplate.as_view()),
    path("programmes/<uuid:programme_id>/adherence/", views.ProgrammeAdherence.as_view()),
]
