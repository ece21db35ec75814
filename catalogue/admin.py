from __future__ import annotations

from django.contrib import admin

from accounts.web.admin_site import ReadOnly
from catalogue.models import BodyZone, Movement, Muscle


@admin.register(Muscle)
class MuscleAdmin(ReadOnly):
    list_display = ["name", "latin", "region", "tier", "needling_risk", "self_pressure"]
    list_filter = ["tier", "region", "needling_risk"]
    search_fields = ["search_text"]
    ordering = ["position"]


@admin.register(BodyZone)
class BodyZoneAdmin(ReadOnly):
    list_display = ["id", "label", "region", "sided"]
    list_filter = ["region"]
    search_fields = ["search_text"]
    ordering = ["position"]


@admin.register(Movement)
class MovementAdmin(ReadOnly):
    list_display = ["id", "label"]
    ordering = ["position"]
