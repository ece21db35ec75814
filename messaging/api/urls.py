from django.urls import path

from messaging.api import views

urlpatterns = [
    path("messages/", views.Messages.as_view()),
    path("messages/pause/", views.Pause.as_view()),
    path("messages/resume/", views.Resumption.as_view()),
    path("messages/<uuid:message_id>/send-again/", views.MessageAgain.as_view()),
    path("messages/<uuid:message_id>/resolve/", views.MessageResolution.as_view()),
]
