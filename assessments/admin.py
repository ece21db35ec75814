from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from accounts.admin import show_refusal
from accounts.queries import shows_classification
from accounts.web.admin_site import ReadOnly, ReadOnlyInline
from accounts.web.pages import in_clinic, seen_revision
from assessments.actions import EXAM
from assessments.models import (
    Assessment,
    Finding,
    PainMark,
    RangeOfMotion,
    RedFlagAnswer,
    TriggerPoint,
)
from errors.exceptions import DomainError
from records.kinds import DocumentKind
from records.models import Document


class DocumentAdmin(ReadOnly):
    """An assessment or a session to look at; its button marks a signed one as entered in error."""

    list_display = ["performed_at", "patient", "status_shown", "version", "recorded_by_name", "signed_at"]
    list_filter = ["performed_at", "signed_at"]
    list_select_related = ["record__mark", "recorded_by"]
    search_fields = ["=id", "=patient__id"]
    search_help_text = "The id of the document or of the patient"
    ordering = ["-performed_at", "-id"]
    change_form_template = "admin/document_change_form.html"
    kind: DocumentKind[Any, Any, Any, Any]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("record__document")

    def get_urls(self) -> Any:
        name = f"{self.opts.app_label}_{self.opts.model_name}_in_error"
        own = [path("<path:object_id>/in-error/", self.admin_site.admin_view(self.in_error_view), name=name)]
        return own + super().get_urls()

    def in_error_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for the reason, then mark."""
        document = self.get_object(request, object_id)
        admin_path = f"admin:{self.opts.app_label}_{self.opts.model_name}"
        if document is None:
            return redirect(f"{admin_path}_changelist")
        if request.method == "POST" and request.POST.get("reason", "").strip():
            try:
                self.kind.mark_entered_in_error(
                    document=document,
                    reason=request.POST["reason"].strip(),
                    revision=seen_revision(request.POST),
                    by=in_clinic(request).actor,
                    at=timezone.now(),
                )
                messages.success(request, "Marked as entered in error. It stays readable.")
            except DomainError as refusal:
                show_refusal(request, refusal)
            return redirect(f"{admin_path}_change", object_id)
        context = {**self.admin_site.each_context(request), "title": "Entered in error", "object": document}
        return TemplateResponse(request, "admin/document_in_error.html", context)

    @admin.display(description="status")
    def status_shown(self, document: Document) -> str:
        return str(document.status)

    @admin.display(description="recorded by")
    def recorded_by_name(self, document: Document) -> str:
        return str(document.recorded_by.name)


class PartInline(ReadOnlyInline):
    exclude = ["clinic", "ordinal"]
    ordering = ["ordinal"]


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
