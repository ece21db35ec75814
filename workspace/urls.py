from django.urls import path

from workspace.web import access, documents, letters, merging, patients, today

urlpatterns = [
    path("", today.home, name="home"),
    path("account/access/", access.access, name="access"),
    path("account/access/programs/<int:client_id>/approve/", access.approve_program, name="approve_program"),
    path("account/access/programs/<int:client_id>/withdraw/", access.withdraw_program, name="withdraw_program"),
    path("account/access/apps/<int:client_id>/end/", access.end_app, name="end_app"),
    path("account/access/feeds/<uuid:clinic_id>/close/", access.close_feed, name="close_feed"),
    path("account/access/sessions/<uuid:session_id>/end/", access.end_session, name="end_session"),
    path("account/access/sessions/end/", access.end_other_sessions, name="end_other_sessions"),
    path("account/access/not-me/", access.not_me, name="not_me"),
    path("search/", today.search, name="search"),
    path("ui/", today.components, name="ui"),
    path("patients/", patients.patient_list, name="patients"),
    path("patients/new/", patients.new_patient, name="new_patient"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
    path("patients/<uuid:patient_id>/merge/<uuid:other_id>/", merging.merge, name="patient_merge_page"),
    path("worklist/<uuid:item_id>/referral-letter/", letters.referral_letter, name="referral_letter"),
    path("documents/<str:kind>/<uuid:document_id>/review/", documents.review, name="review"),
    path("documents/<str:kind>/<uuid:document_id>/", documents.document, name="document"),
    path("documents/<str:kind>/<uuid:document_id>/pdf/", documents.pdf, name="document_pdf"),
    path("documents/<str:kind>/<uuid:document_id>/addendum/", documents.addendum, name="addendum"),
    path("documents/<str:kind>/<uuid:document_id>/revision/", documents.revision, name="revision"),
    path(
        "documents/<str:kind>/<uuid:document_id>/entered-in-error/", documents.entered_in_error, name="entered_in_error"
    ),
]
