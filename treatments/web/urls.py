from django.urls import path

from treatments.web import views

urlpatterns = [
    path("patients/<uuid:patient_id>/sessions/new/", views.start, name="start_session"),
    path("sessions/<uuid:session_id>/", views.session, name="session"),
    path("sessions/<uuid:session_id>/changes/", views.changes, name="session_changes"),
    path("sessions/<uuid:session_id>/discard/", views.discard, name="discard_session"),
]
