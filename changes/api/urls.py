from django.urls import path

from changes.api import views, webhook_views

urlpatterns = [
    path("changes/", views.Changes.as_view(), name="changes"),
    path("webhooks/", webhook_views.Webhooks.as_view(), name="webhooks"),
    path("webhooks/<uuid:webhook_id>/", webhook_views.OneWebhook.as_view(), name="webhook"),
    path("webhooks/<uuid:webhook_id>/deliveries/", webhook_views.WebhookDeliveries.as_view()),
    path("webhooks/<uuid:webhook_id>/rotate-secret/", webhook_views.WebhookSecret.as_view()),
    path("webhooks/<uuid:webhook_id>/pause/", webhook_views.WebhookPause.as_view()),
    path("webhooks/<uuid:webhook_id>/resume/", webhook_views.WebhookResumption.as_view()),
    path("webhooks/<uuid:webhook_id>/replay/", webhook_views.WebhookReplay.as_view()),
    path("webhooks/<uuid:webhook_id>/test/", webhook_views.WebhookTest.as_view()),
]
