from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.utils import timezone

from assessments.admin import DocumentAdmin, PartInline
from treatments import actions
from treatments.models import Intervention, Measure, Override, Session


class InterventionInline(PartInline):
    model = Intervention
    fields = ["technique", "muscle", "side", "dose_shown", "limit_reasons", "response"]
    readonly_fields = ["dose_shown"]

    @admin.display(description="dose")
    def dose_shown(self, intervention: Intervention) -> str:
        return ", ".join(f"{name} {value}" for name, value in intervention.dose.items())


class MeasureInline(PartInline):
    model = Measure


class OverrideInline(PartInline):
    model = Override


@admin.register(Session)
class SessionAdmin(DocumentAdmin):
    inlines = [InterventionInline, MeasureInline, OverrideInline]
    exclude = ["clinic"]

    def mark_entered_in_error(self, document: Session, reason: str, request: Any) -> None:
        actions.mark_entered_in_error(session=document, reason=reason, by=request.caller, at=timezone.now())
