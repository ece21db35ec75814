from django.urls import path

from assessments.outcomes.web import views as outcomes
from assessments.web import line, patient_flags, points, views

urlpatterns = [
    path("patients/<uuid:patient_id>/exams/new/", views.start, name="start_exam"),
    path("patients/<uuid:patient_id>/red-flags/", patient_flags.red_flags, name="patient_red_flags"),
    path("patients/<uuid:patient_id>/red-flags/<slug:code>/clear/", patient_flags.clear, name="patient_red_flag_clear"),
    path("patients/<uuid:patient_id>/points/", points.patient_points, name="patient_points"),
    path("points/<uuid:point_id>/merge/", points.merge, name="merge_point"),
    path("points/<uuid:point_id>/split/", points.split, name="split_point"),
    path("patients/<uuid:patient_id>/outcomes/", outcomes.outcome_list, name="outcomes"),
    path("patients/<uuid:patient_id>/outcomes/new/", outcomes.new_outcome, name="new_outcome"),
    path(
        "patients/<uuid:patient_id>/outcomes/<uuid:outcome_id>/withdraw/",
        outcomes.withdraw,
        name="withdraw_outcome",
    ),
    path("clinic/outcomes/", outcomes.clinic_outcomes, name="clinic_outcomes"),
    path("exams/line/", line.read_line, name="exam_line"),
    path("exams/<uuid:exam_id>/", views.exam, name="exam"),
    path("exams/<uuid:exam_id>/changes/", views.changes, name="exam_changes"),
    path("exams/<uuid:exam_id>/discard/", views.discard, name="discard_exam"),
    path("chart/<str:version>/<str:language>/", views.chart, name="chart"),
]
