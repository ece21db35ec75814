from django.urls import path

from workspace.web import access_log, clinic_pages, documents, first_setup, letters, patients, people, programs, today

urlpatterns = [
    path("", today.home, name="home"),
    path("settings/", clinic_pages.index, name="settings"),
    path("settings/start/", first_setup.first_setup, name="first_setup"),
    path("settings/clinic/", clinic_pages.clinic, name="clinic_settings"),
    path("settings/clinic/logo/", clinic_pages.logo, name="clinic_logo"),
    path("settings/security/", clinic_pages.security, name="clinic_security"),
    path("settings/techniques/", clinic_pages.techniques, name="clinic_techniques"),
    path("settings/people/", people.people, name="people"),
    path(
        "settings/people/invitations/<uuid:invitation_id>/<str:change>/",
        people.change_invitation,
        name="change_invitation",
    ),
    path("settings/people/<uuid:user_id>/", people.person, name="person"),
    path("settings/people/<uuid:user_id>/roles/", people.change_role, name="person_role"),
    path("settings/people/<uuid:user_id>/hand-over/", people.hand_over, name="person_hand_over"),
    path("settings/people/<uuid:user_id>/deactivate/", people.deactivate, name="person_deactivate"),
    path("settings/programs/", programs.programs, name="programs"),
    path("settings/programs/<int:client_id>/secret/", programs.rotate, name="program_rotate"),
    path("settings/programs/<int:client_id>/revoke/", programs.revoke, name="program_revoke"),
    path("settings/audit/", access_log.clinic_log, name="audit"),
    path("patients/<uuid:patient_id>/access/", access_log.patient_log, name="patient_access"),
    path("clinic/display/", clinic_pages.findings, name="clinic_display"),
    path("search/", today.search, name="search"),
    path("ui/", today.components, name="ui"),
    path("patients/", patients.patient_list, name="patients"),
    path("patients/new/", patients.new_patient, name="new_patient"),
    path("patients/<uuid:patient_id>/", patients.patient, name="patient"),
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
