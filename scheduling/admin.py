from __future__ import annotations

from django.contrib import admin

from accounts.web.admin_site import ReadOnly, ReadOnlyInline
from scheduling.models import Appointment, Change, Offer, Series, Waiting


class ChangeInline(ReadOnlyInline):
    model = Change
    fields = ["at", "by", "by_client", "what", "before", "after", "why"]
    ordering = ["at"]


@admin.register(Appointment)
class AppointmentAdmin(ReadOnly):
    list_display = ["starts_at", "patient", "type", "therapist", "room", "status", "cancelled_by", "reason"]
    list_filter = ["status", "starts_at", "cancelled_by"]
    list_select_related = ["type", "therapist", "room"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the appointment or of the patient"
    ordering = ["-starts_at", "-id"]
    exclude = ["clinic"]
    inlines = [ChangeInline]


@admin.register(Series)
class SeriesAdmin(ReadOnly):
    list_display = ["made_at", "patient", "type", "count", "weeks", "starts_on", "ended_at"]
    list_select_related = ["type"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the series or of the patient"
    ordering = ["-made_at", "-id"]
    exclude = ["clinic"]


class OfferInline(ReadOnlyInline):
    model = Offer
    fields = ["made_at", "starts_at", "therapist", "room", "status", "expires_at", "settled_at"]
    ordering = ["made_at"]


@admin.register(Waiting)
class WaitingAdmin(ReadOnly):
    list_display = ["since", "patient", "type", "therapist", "status", "from_date", "until_date"]
    list_filter = ["status"]
    list_select_related = ["type", "therapist"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the row or of the patient"
    ordering = ["-since", "-id"]
    exclude = ["clinic"]
    inlines = [OfferInline]
