from __future__ import annotations

from django.contrib import admin

from accounts.web.admin_site import ReadOnly, ReadOnlyInline
from messaging.models import DeliveryEvent, Message


class DeliveryEventInline(ReadOnlyInline):
    model = DeliveryEvent
    fields = ["told", "provider", "happened_at", "received_at"]
    readonly_fields = ["received_at"]


@admin.register(Message)
class MessageAdmin(ReadOnly):
    list_display = ["due_at", "patient", "kind", "channel", "state", "reason", "uncertain", "sent_at"]
    list_filter = ["state", "kind", "channel", "uncertain", "due_at"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the message or of the patient"
    ordering = ["-due_at", "-id"]
    exclude = ["clinic", "link"]
    inlines = [DeliveryEventInline]
