from django.urls import path

from homecare.web import builder, check_in, summary, views

urlpatterns = [
    # Before messaging's `c/<token>/`: these are no tokens.
    path("c/today/", check_in.check_in, name="check_in"),
    path("c/thanks/", check_in.thanks, name="check_in_thanks"),
    path("c/calendar/", check_in.calendar_address, name="check_in_calendar"),
    path("c/calendar/<str:token>.ics", check_in.calendar_feed, name="calendar_feed"),
    path("c/pictures/<uuid:picture_id>/", check_in.picture, name="check_in_picture"),
    path("messages/next/", views.preview, name="messages_preview"),
    path("patients/<uuid:patient_id>/programmes/new/", builder.new, name="new_programme"),
    path("patients/<uuid:patient_id>/home/", summary.of_patient, name="home_summary"),
    path("programmes/pictures/", views.pictures, name="pictures"),
    path("programmes/pictures/<uuid:picture_id>/", views.picture, name="picture"),
    path("programmes/templates/<uuid:template_id>/delete/", views.delete_template, name="delete_template"),
    path("programmes/<uuid:programme_id>/", views.programme, name="programme"),
    path("programmes/<uuid:programme_id>/edit/", builder.edit, name="programme_edit"),
    path("programmes/<uuid:programme_id>/reminders/", views.reminders, name="programme_reminders"),
    path("programmes/<uuid:programme_id>/link/", views.send_link, name="send_link"),
    path("programmes/<uuid:programme_id>/sheet/", views.sheet, name="programme_sheet"),
    path("programmes/<uuid:programme_id>/template/", views.save_template, name="save_template"),
    path("programmes/<uuid:programme_id>/<str:change>/", views.change_status, name="programme_status"),
]
