from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.html import format_html

from accounts.admin import show_refusal
from accounts.web.admin_site import ReadOnly, ReadOnlyInline
from accounts.web.middleware import as_uuid
from accounts.web.pages import in_clinic, seen_revision
from errors.exceptions import DomainError
from patients.models import Patient
from records import actions, background
from records.kinds import DocumentKind
from records.models import ChainCheck, Document, Record
from records.verification import MOST_AT_ONCE, left_to_verify


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


@admin.register(Record)
class RecordAdmin(ReadOnly):
    list_display = ["sequence", "kind", "entry", "version", "status", "patient", "signed_by_name", "signed_at"]
    list_filter = ["kind", "entry", "signed_at"]
    list_select_related = ["mark", "signed_by"]
    search_fields = ["=subject_id", "=patient__id"]
    search_help_text = "The id of a patient, an assessment or a session"
    ordering = ["-sequence"]
    fields = [
        "sequence",
        "kind",
        "entry",
        "version",
        "status",
        "subject_id",
        "patient",
        "occurred_at",
        "signed_at",
        "signed_by_name",
        "hash",
        "previous_hash",
        "text",
    ]
    readonly_fields = ["status", "signed_by_name", "hash", "previous_hash", "text"]
    change_list_template = "admin/records/record/change_list.html"

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("document")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        """A document's id leads to its patient first: a patient's records have an index, a document's have none."""
        searched = as_uuid(search_term.strip())
        if searched is None:
            return super().get_search_results(request, queryset, search_term)
        signed = Record.objects.filter(subject_id=searched, entry="signed").order_by("version")
        owner = signed.values_list("patient_id", flat=True).first()
        if owner is None:
            return queryset.filter(patient_id=searched), False
        return queryset.filter(patient_id=owner, subject_id=searched), False

    def get_urls(self) -> Any:
        own = [path("verify/", self.admin_site.admin_view(self.verify_view), name="records_record_verify")]
        return own + super().get_urls()

    def verify_view(self, request: HttpRequest) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        clinic_id, by = in_clinic(request).clinic.pk, in_clinic(request).actor
        if left_to_verify(clinic_id, complete=True) > MOST_AT_ONCE:
            background.start_verification(clinic_id=clinic_id, complete=True, anchor=None, by=by)
            messages.info(request, "The verification runs in the background. Its outcome appears under Chain checks.")
            return redirect("admin:records_record_changelist")
        chain = actions.check_chain(clinic_id=clinic_id, by=by, complete=True)
        if chain["ok"]:
            head = f"{chain['head']['sequence']}:{chain['head']['sha256']}"
            messages.success(request, f"{chain['records']} records, the chain holds. Head: {head}")
            messages.info(request, chain["cannot_see"])
        else:
            first = chain["first_broken"]
            messages.error(request, f"The chain is broken at sequence {first['sequence']}: {first['reason']}.")
        return redirect("admin:records_record_changelist")

    def status(self, record: Record) -> str:
        return record.mark.status if hasattr(record, "mark") else "current"

    @admin.display(description="signed by")
    def signed_by_name(self, record: Record) -> str:
        return record.signed_by.name

    @admin.display(description="SHA-256")
    def hash(self, record: Record) -> str:
        return bytes(record.sha256).hex()

    @admin.display(description="SHA-256 of the record before")
    def previous_hash(self, record: Record) -> str:
        return bytes(record.previous_sha256).hex()

    @admin.display(description="document")
    def text(self, record: Record) -> str:
        if record.document is None:
            return "erased"
        # Records stay readable for the chain's sake; row-level security hides a restricted patient.
        if record.entry != "erased" and not Patient.objects.filter(pk=record.patient_id).exists():
            return "restricted"
        return format_html(
            "<pre>{}</pre>", json.dumps(json.loads(bytes(record.document)), indent=2, ensure_ascii=False)
        )


@admin.register(ChainCheck)
class ChainCheckAdmin(ReadOnly):
    list_display = ["checked_at", "ok", "records", "verified_from", "head_sequence", "head_sha256", "first_broken"]
    list_filter = ["ok"]
    ordering = ["-checked_at"]
