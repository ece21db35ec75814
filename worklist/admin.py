from __future__ import annotations

from django.contrib import admin

from accounts.web.admin_site import ReadOnly
from worklist.models import Item


@admin.register(Item)
class ItemAdmin(ReadOnly):
    list_display = ["due_at", "patient", "kind", "since", "times", "taken_by", "done_by", "done_at", "outcome"]
    list_filter = ["kind", "outcome", "due_at"]
    list_select_related = ["taken_by", "done_by"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the row or of the patient"
    ordering = ["-due_at", "-id"]
    exclude = ["clinic"]
