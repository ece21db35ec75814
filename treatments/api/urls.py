from django.urls import path

from treatments.api import views

urlpatterns = [
    path("techniques/", views.Techniques.as_view(), name="techniques"),
    path("patients/<uuid:patient_id>/sessions/", views.PatientSessions.as_view(), name="patient_sessions"),
    path("sessions/<uuid:session_id>/", views.OneSession.as_view(), name="session"),
    path("sessions/<uuid:session_id>/sign/", views.SessionSignature.as_view(), name="session_sign"),
    path("sessions/<uuid:session_id>/addenda/", views.SessionAddenda.as_view(), name="session_addenda"),
    path(
        "sessions/<uuid:session_id>/entered-in-error/",
        views.SessionEnteredInError.as_view(),
        name="session_entered_in_error",
    ),
    path("sessions/<uuid:session_id>/revisions/", views.SessionRevisions.as_view(), name="session_revisions"),
]
