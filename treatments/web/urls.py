from django.urls import path

from treatments.adverse_events.web import rates as adverse_event_rates
from treatments.adverse_events.web import views as adverse_events
from treatments.aftercare.web import views as aftercare
from treatments.consents.web import patient, texts
from treatments.consents.web import views as consents
from treatments.plans.web import views as plans
from treatments.web import lots, points, safety_list, views

urlpatterns = [
    # Before messaging's `c/<token>/`: this is no token.
    path("c/consent/", patient.my_consent, name="my_consent"),
    path("c/aftercare/", aftercare.my_aftercare, name="my_aftercare"),
    path("adverse-events/", adverse_event_rates.clinic_rates, name="adverse_event_rates"),
    path("adverse-events/export/", adverse_event_rates.export, name="adverse_event_export"),
    path("patients/<uuid:patient_id>/adverse-events/", adverse_events.event_list, name="adverse_events"),
    path("patients/<uuid:patient_id>/adverse-events/new/", adverse_events.record, name="record_adverse_event"),
    path("patients/<uuid:patient_id>/adverse-events/<uuid:event_id>/", adverse_events.event, name="adverse_event"),
    path(
        "patients/<uuid:patient_id>/adverse-events/<uuid:event_id>/edit/",
        adverse_events.edit,
        name="edit_adverse_event",
    ),
    path(
        "patients/<uuid:patient_id>/adverse-events/<uuid:event_id>/dismiss/",
        adverse_events.dismiss,
        name="dismiss_adverse_event",
    ),
    path("sessions/<uuid:session_id>/aftercare/", aftercare.aftercare, name="aftercare"),
    path("aftercare/texts/", aftercare.aftercare_texts, name="aftercare_texts"),
    path("consents/texts/", texts.consent_texts, name="consent_texts"),
    path("safety-list/", safety_list.safety_list, name="safety_list"),
    path("lots/", lots.search, name="lots"),
    path("points/", points.search, name="point_search"),
    path("patients/<uuid:patient_id>/consents/", consents.consent_list, name="consents"),
    path("patients/<uuid:patient_id>/consents/withdraw/", consents.withdraw_at_desk, name="withdraw_at_desk"),
    path("patients/<uuid:patient_id>/consents/new/", consents.record, name="record_consent"),
    path("patients/<uuid:patient_id>/consents/<uuid:signing_id>/", consents.show_signed_form, name="signed_consent"),
    path("patients/<uuid:patient_id>/consents/<uuid:signing_id>/copy/", consents.give_copy, name="consent_copy"),
    path("patients/<uuid:patient_id>/consents/<uuid:consent_id>/withdraw/", consents.withdraw, name="withdraw_consent"),
    path("patients/<uuid:patient_id>/plans/new/", plans.new_plan, name="new_treatment_plan"),
    path("plans/<uuid:plan_id>/", plans.show_plan, name="treatment_plan"),
    path("plans/<uuid:plan_id>/edit/", plans.edit_plan, name="treatment_plan_edit"),
    path("plans/<uuid:plan_id>/end/", plans.end_plan, name="treatment_plan_end"),
    path("patients/<uuid:patient_id>/sessions/new/", views.start, name="start_session"),
    path("sessions/<uuid:session_id>/", views.session, name="session"),
    path("sessions/<uuid:session_id>/changes/", views.changes, name="session_changes"),
    path("sessions/<uuid:session_id>/safety/", views.offers, name="session_safety"),
    path("sessions/<uuid:session_id>/discard/", views.discard, name="discard_session"),
]
