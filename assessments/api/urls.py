from django.urls import path

from assessments.api import line_views, red_flag_views, rule_views, trace_views, views
from assessments.outcomes.api import views as outcomes
from records.api.document_views import list_paths

urlpatterns = [
    path("rule-sets/", rule_views.RuleSets.as_view(), name="rule_sets"),
    path("red-flags/", rule_views.RedFlags.as_view(), name="red_flags"),
    path(
        "patients/<uuid:patient_id>/trigger-points/",
        views.PatientTriggerPoints.as_view(),
        name="trigger_points",
    ),
    path("trigger-points/<uuid:point_id>/merge/", views.TriggerPointMerge.as_view(), name="trigger_point_merge"),
    path("trigger-points/<uuid:point_id>/split/", views.TriggerPointSplit.as_view(), name="trigger_point_split"),
    path(
        "patients/<uuid:patient_id>/red-flags/",
        red_flag_views.PatientRedFlags.as_view(),
        name="patient_red_flags_state",
    ),
    path(
        "patients/<uuid:patient_id>/red-flags/clearances/",
        red_flag_views.PatientClearances.as_view(),
        name="patient_red_flag_clearances",
    ),
    path(
        "assessments/<uuid:assessment_id>/next-tests/",
        trace_views.AssessmentNextTests.as_view(),
        name="assessment_next_tests",
    ),
    path("finding-lines/", line_views.FindingLines.as_view(), name="finding_lines"),
    path("outcome-measures/", outcomes.OutcomeMeasures.as_view(), name="outcome_measures"),
    path("outcome-settings/", outcomes.OutcomeSettings.as_view(), name="outcome_settings"),
    path("patients/<uuid:patient_id>/outcomes/", outcomes.PatientOutcomes.as_view(), name="patient_outcomes"),
    path(
        "patients/<uuid:patient_id>/outcomes/<uuid:outcome_id>/withdraw/",
        outcomes.OutcomeWithdrawals.as_view(),
        name="patient_outcome_withdrawal",
    ),
    path("assessments/<uuid:assessment_id>/drawing/", views.AssessmentDrawing.as_view(), name="assessment_drawing"),
    *list_paths(views.API),
]
