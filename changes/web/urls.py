from django.urls import path

from changes.web import views

urlpatterns = [
    path("settings/webhooks/", views.webhooks_list, name="webhooks"),
    path("settings/webhooks/<uuid:webhook_id>/", views.webhook, name="webhook"),
    path("settings/webhooks/<uuid:webhook_id>/<slug:change>/", views.act, name="webhook_act"),
]
