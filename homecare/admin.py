from __future__ import annotations

from django.contrib import admin

from accounts.web.admin_site import ReadOnly, ReadOnlyInline
from homecare.models import CheckIn, Programme, StepAnswer, Version


class VersionInline(ReadOnlyInline):
    model = Version
    fields = ["number", "title", "made_by", "made_at"]
    readonly_fields = ["made_at"]
    ordering = ["number"]


@admin.register(Programme)
class ProgrammeAdmin(ReadOnly):
    list_display = ["made_at", "patient", "author", "status", "started_on", "review_on", "ends_on"]
    list_filter = ["status", "made_at"]
    list_select_related = ["author"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the programme or of the patient"
    ordering = ["-made_at", "-id"]
    exclude = ["clinic"]
    inlines = [VersionInline]


class StepAnswerInline(ReadOnlyInline):
    model = StepAnswer
    fields = ["step", "done", "reason", "discomfort", "held_s", "spots", "checked"]


@admin.register(CheckIn)
class CheckInAdmin(ReadOnly):
    list_display = ["answered_at", "patient", "local_date", "after_h", "pain", "soreness", "wrong"]
    list_filter = ["answered_at", "after_h"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the check-in or of the patient"
    ordering = ["-answered_at", "-id"]
    exclude = ["clinic", "link"]
    inlines = [StepAnswerInline]
