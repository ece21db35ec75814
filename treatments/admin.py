from __future__ import annotations

from django.contrib import admin

from accounts.web.admin_site import ReadOnly, ReadOnlyInline
from records.admin import DocumentAdmin, PartInline
from treatments.actions import SESSION
from treatments.models import (
    AdverseEvent,
    AdverseEventAnswer,
    Aftercare,
    AftercareText,
    Consent,
    ConsentCopy,
    ConsentText,
    ConsentWithdrawal,
    Intervention,
    Measure,
    Override,
    Session,
)


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


class AdverseEventAnswerInline(PartInline):
    model = AdverseEventAnswer
    fk_name = "session"


@admin.register(Session)
class SessionAdmin(DocumentAdmin):
    inlines = [InterventionInline, MeasureInline, OverrideInline, AdverseEventAnswerInline]
    exclude = ["clinic"]
    kind = SESSION


@admin.register(AdverseEvent)
class AdverseEventAdmin(ReadOnly):
    list_display = ["recorded_at", "patient", "event_id", "version", "status", "severity", "codes"]
    list_filter = ["status", "severity", "source", "recorded_at"]
    search_fields = ["=event_id", "=patient__id"]
    search_help_text = "The id of the event or of the patient"
    ordering = ["-recorded_at", "-id"]
    exclude = ["clinic"]


@admin.register(Aftercare)
class AftercareAdmin(ReadOnly):
    list_display = ["given_at", "patient", "session", "how", "language", "text_version", "given_by"]
    list_filter = ["how", "given_at"]
    search_fields = ["=session__id", "=patient__id"]
    search_help_text = "The id of the session or of the patient"
    ordering = ["-given_at", "-id"]
    exclude = ["clinic"]


class WithdrawalInline(ReadOnlyInline):
    model = ConsentWithdrawal
    fields = ["withdrawn_at", "withdrawn_by", "reason", "recorded_by"]


class CopyInline(ReadOnlyInline):
    model = ConsentCopy
    fields = ["how", "given_at", "given_by"]


@admin.register(Consent)
class ConsentAdmin(ReadOnly):
    list_display = ["given_at", "patient", "technique_class", "region", "how", "text_version", "valid_until"]
    list_filter = ["technique_class", "region", "how", "given_at"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the consent or of the patient"
    ordering = ["-given_at", "-id"]
    exclude = ["clinic", "signature_sha256"]
    inlines = [WithdrawalInline, CopyInline]


@admin.register(ConsentText)
class ConsentTextAdmin(ReadOnly):
    list_display = ["technique_class", "region", "language", "version", "made_at", "made_by"]
    list_filter = ["technique_class", "region", "language"]
    list_select_related = ["made_by"]
    ordering = ["technique_class", "region", "language", "-version"]
    exclude = ["clinic"]


@admin.register(AftercareText)
class AftercareTextAdmin(ReadOnly):
    list_display = ["language", "version", "made_at", "made_by"]
    list_select_related = ["made_by"]
    ordering = ["language", "-version"]
    exclude = ["clinic"]
