from django.urls import path

from assessments.web import views

urlpatterns = [
    path("patients/<uuid:patient_id>/exams/new/", views.start, name="start_exam"),
    path("exams/<uuid:exam_id>/", views.exam, name="exam"),
    path("exams/<uuid:exam_id>/changes/", views.changes, name="exam_changes"),
    path("exams/<uuid:exam_id>/discard/", views.discard, name="discard_exam"),
    path("chart/<str:version>/<str:language>/", views.chart, name="chart"),
]
