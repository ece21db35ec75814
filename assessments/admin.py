from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest

from accounts.queries import shows_classification
from accounts.web.admin_site import ReadOnly
from assessments.actions import EXAM
from assessments.models import (
    Assessment,
    Finding,
    PainMark,
    RangeOfMotion,
    RedFlagAnswer,
    TriggerPoint,
)
from records.admin import DocumentAdmin, PartInline


class FindingInline(PartInline):
    model = Finding

    def get_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        signs = ["muscle", "side", "place", "taut_band", "hypersensitive_spot", "referred_pain", "recognised"]
        if not shows_classification():
            return signs
        return [*signs, "criteria", "class_code", "rule_set", "missing_tests"]


class RedFlagInline(PartInline):
    model = RedFlagAnswer


class MovementInline(PartInline):
    model = RangeOfMotion


class PainMarkInline(PartInline):
    model = PainMark


@admin.register(Assessment)
class AssessmentAdmin(DocumentAdmin):
    inlines = [FindingInline, RedFlagInline, MovementInline, PainMarkInline]
    exclude = ["clinic"]
    kind = EXAM


@admin.register(TriggerPoint)
class TriggerPointAdmin(ReadOnly):
    list_display = ["patient", "muscle", "side", "place", "created_at"]
    list_filter = ["side"]
    list_select_related = ["muscle"]
    ordering = ["-created_at"]
