from django.urls import path

from accounts.api import views

urlpatterns = [
    path("me/", views.Me.as_view(), name="me"),
    path("competencies/expiring/", views.ExpiringCompetencies.as_view(), name="expiring_competencies"),
]
