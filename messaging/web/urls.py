from django.urls import path

from messaging.web import hooks, patient, views

urlpatterns = [
    path("c/<str:token>/", patient.open_link, name="open_link"),
    path("s/<str:token>/", patient.stop_messages, name="stop_messages"),
    path("hooks/mail/<str:provider>/", hooks.mail, name="mail_hook"),
    path("hooks/twilio/<uuid:clinic_id>/", hooks.twilio_inbound, name="twilio_inbound"),
    path("hooks/twilio/<uuid:clinic_id>/<uuid:message_id>/", hooks.twilio_status, name="twilio_status"),
    path("messages/", views.overview, name="messages"),
    path("messages/pause/", views.pause, name="messages_pause"),
    path("messages/resume/", views.resume, name="messages_resume"),
    path("messages/settings/", views.settings_page, name="message_settings"),
    path("messages/words/", views.wording, name="message_words"),
    path("messages/<uuid:message_id>/again/", views.send_again, name="message_again"),
    path("messages/<uuid:message_id>/resolve/", views.resolve, name="message_resolve"),
]
