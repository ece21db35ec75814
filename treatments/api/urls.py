from django.urls import path

from records.api.document_views import list_paths
from treatments.adverse_events.api import views as adverse_events
from treatments.aftercare.api import views as aftercare
from treatments.api import lots, points, safety, views
from treatments.consents.api import views as consents
from treatments.plans.api import views as plans

urlpatterns = [
    path("consent-texts/", consents.ConsentTexts.as_view(), name="consent_texts"),
    path("consent-settings/", consents.ConsentSettings.as_view(), name="consent_settings"),
    path(
        "patients/<uuid:patient_id>/consents/withdrawals/",
        consents.PatientWithdrawals.as_view(),
        name="patient_consent_withdrawals",
    ),
    path("patients/<uuid:patient_id>/consents/", consents.PatientConsents.as_view(), name="patient_consents"),
    path(
        "patients/<uuid:patient_id>/consents/<uuid:consent_id>/withdraw/",
        consents.Withdrawal.as_view(),
        name="consent_withdraw",
    ),
    path(
        "patients/<uuid:patient_id>/consents/<uuid:consent_id>/copies/",
        consents.Copies.as_view(),
        name="consent_copies",
    ),
    path("adverse-events/rates/", adverse_events.AdverseEventRates.as_view(), name="adverse_event_rates"),
    path(
        "patients/<uuid:patient_id>/adverse-events/",
        adverse_events.PatientAdverseEvents.as_view(),
        name="patient_adverse_events",
    ),
    path(
        "patients/<uuid:patient_id>/adverse-events/<uuid:event_id>/",
        adverse_events.OneAdverseEvent.as_view(),
        name="adverse_event",
    ),
    path(
        "patients/<uuid:patient_id>/adverse-events/<uuid:event_id>/versions/",
        adverse_events.AdverseEventVersions.as_view(),
        name="adverse_event_versions",
    ),
    path(
        "patients/<uuid:patient_id>/adverse-events/<uuid:event_id>/dismiss/",
        adverse_events.AdverseEventDismissal.as_view(),
        name="adverse_event_dismissal",
    ),
    path("patients/<uuid:patient_id>/plans/", plans.PatientPlans.as_view(), name="patient_plans"),
    path("plans/<uuid:plan_id>/", plans.OnePlan.as_view(), name="plan"),
    path("plans/<uuid:plan_id>/end/", plans.PlanEnd.as_view(), name="plan_end"),
    path("aftercare-texts/", aftercare.AftercareTexts.as_view(), name="aftercare_texts"),
    path("sessions/<uuid:session_id>/aftercare/", aftercare.SessionAftercare.as_view(), name="session_aftercare"),
    path("lots/search/", lots.LotSearch.as_view(), name="lot_search"),
    path("trigger-points/search/", points.TriggerPointSearch.as_view(), name="trigger_point_search"),
    path("techniques/", views.Techniques.as_view(), name="techniques"),
    *list_paths(views.API),
    path("sessions/<uuid:session_id>/safety/", safety.SessionSafety.as_view(), name="session_safety"),
    path("safety-list/", safety.SafetyList.as_view(), name="safety_list"),
    path("safety-list/<str:code>/end/", safety.SafetyListEntry.as_view(), name="safety_list_end"),
]
