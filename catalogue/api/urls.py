from django.urls import path

from catalogue.api import views

urlpatterns = [
    path("muscles/", views.Muscles.as_view(), name="muscles"),
    path("body-zones/", views.BodyZones.as_view(), name="body_zones"),
    path("movements/", views.Movements.as_view(), name="movements"),
]
