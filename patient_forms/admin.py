from __future__ import annotations

from django.contrib import admin

from accounts.web.admin_site import ReadOnly
from patient_forms.models import FormRequest


@admin.register(FormRequest)
class FormRequestAdmin(ReadOnly):
    list_display = ["asked_at", "patient", "form", "status", "answered_at", "reviewed_at"]
    list_filter = ["status", "form", "asked_at"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the form or of the patient"
    ordering = ["-asked_at", "-id"]
    exclude = ["clinic", "link"]
