from django.urls import path

from assessments.api import red_flag_views, rule_views, views

urlpatterns = [
    path("rule-sets/", rule_views.RuleSets.as_view(), name="rule_sets"),
    path("red-flags/", rule_views.RedFlags.as_view(), name="red_flags"),
    path(
        "patients/<uuid:patient_id>/assessments/",
        views.PatientAssessments.as_view(),
        name="patient_assessments",
    ),
    path(
        "patients/<uuid:patient_id>/trigger-points/",
        views.PatientTriggerPoints.as_view(),
        name="trigger_points",
    ),
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
    path("assessments/<uuid:assessment_id>/", views.OneAssessment.as_view(), name="assessment"),
    path("assessments/<uuid:assessment_id>/sign/", views.AssessmentSignature.as_view(), name="assessment_sign"),
    path("assessments/<uuid:assessment_id>/drawing/", views.AssessmentDrawing.as_view(), name="assessment_drawing"),
    path(
        "assessments/<uuid:assessment_id>/addenda/",
        views.AssessmentAddenda.as_view(),
        name="assessment_addenda",
    ),
    path(
        "assessments/<uuid:assessment_id>/entered-in-error/",
        views.AssessmentEnteredInError.as_view(),
        name="assessment_entered_in_error",
    ),
    path(
        "assessments/<uuid:assessment_id>/revisions/",
        views.AssessmentRevisions.as_view(),
        name="assessment_revisions",
    ),
]
