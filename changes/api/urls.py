from django.urls import path

from changes.api import views

urlpatterns = [path("changes/", views.Changes.as_view(), name="changes")]
