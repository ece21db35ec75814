from django.urls import path

from workspace.web import documents, letters, patients, today

urlpatterns = [
    path("", today.home, name="home"),
    path("search/", today.search, name="search"),
    path("ui/", today.components, name="ui"),
    path("patients/", patients.patient_list, name="patients"),
    path("patients/new/", patients.new_patient, name="new_patient"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("worklist/<uuid:item_id>/referral-letter/", letters.referral_letter, name="referral_letter"),
    path("plans/<uuid:plan_id>/discharge-summary/", letters.discharge_summary, name="discharge_summary"),
    path("documents/<str:kind>/<uuid:document_id>/review/", documents.review, name="review"),
    path("documents/<str:kind>/<uuid:document_id>/", documents.document, name="document"),
    path("documents/<str:kind>/<uuid:document_id>/pdf/", documents.pdf, name="document_pdf"),
    path("documents/<str:kind>/<uuid:document_id>/addendum/", documents.addendum, name="addendum"),
    path("documents/<str:kind>/<uuid:document_id>/revision/", documents.revision, name="revision"),
    path(
        "documents/<str:kind>/<uuid:document_id>/entered-in-error/", documents.entered_in_error, name="entered_in_error"
    ),
]
