from django.urls import path

from treatments.consents.web import patient, texts
from treatments.consents.web import views as consents
from treatments.web import lots, views

urlpatterns = [
    # Before messaging's `c/<token>/`: this is no token.
    path("c/consent/", patient.my_consent, name="my_consent"),
    path("consents/texts/", texts.consent_texts, name="consent_texts"),
    path("lots/", lots.search, name="lots"),
    path("patients/<uuid:patient_id>/consents/", consents.consent_list, name="consents"),
    path("patients/<uuid:patient_id>/consents/new/", consents.record, name="record_consent"),
    path("patients/<uuid:patient_id>/consents/<uuid:signing_id>/", consents.signed_form, name="signed_consent"),
    path("patients/<uuid:patient_id>/consents/<uuid:signing_id>/copy/", consents.give_copy, name="consent_copy"),
    path("patients/<uuid:patient_id>/consents/<uuid:consent_id>/withdraw/", consents.withdraw, name="withdraw_consent"),
    path("patients/<uuid:patient_id>/sessions/new/", views.start, name="start_session"),
    path("sessions/<uuid:session_id>/", views.session, name="session"),
    path("sessions/<uuid:session_id>/changes/", views.changes, name="session_changes"),
    path("sessions/<uuid:session_id>/safety/", views.offers, name="session_safety"),
    path("sessions/<uuid:session_id>/discard/", views.discard, name="discard_session"),
]
