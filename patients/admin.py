from __future__ import annotations

import io
from functools import partial
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from accounts.admin import show_refusal
from accounts.web.admin_site import ReadOnly, ReadOnlyInline
from accounts.web.pages import in_clinic, seen_revision
from api.bodies import takes_large_body
from errors import form_fields
from errors.exceptions import DomainError
from patients import actions
from patients.duplicates import possible_duplicates
from patients.importing.runs import import_files
from patients.labels import FACTS
from patients.models import Alert, Condition, Identifier, Medication, Merge, Patient
from patients.reading.csv_files import CSV_FIELDS
from patients.reading.files import Source, guess_format
from patients.search import matching
from patients.web.details import DetailsForm

SEARCH_SHOWS = 200  # patients whom the list's search finds at most


class OfPatientInline(ReadOnlyInline):
    fk_name = "patient"


class IdentifierInline(OfPatientInline):
    model = Identifier
    fields = ["system", "value"]


class AlertInline(OfPatientInline):
    model = Alert
    fields = [
        "code",
        "side",
        "region",
        "note",
        "since_date",
        "reported_by",
        "source",
        "noted_at",
        "ended_at",
        "ended_reason",
    ]


class ConditionInline(OfPatientInline):
    model = Condition
    fields = ["text", "code", "since_date", "source", "ended_at"]


class MedicationInline(OfPatientInline):
    model = Medication
    fields = ["text", "code", "since_date", "source", "ended_at"]


class SeveralFilesInput(forms.FileInput):
    allow_multiple_selected = True


class SeveralFiles(forms.FileField):
    widget = SeveralFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """At least one file, and each of them as a FileField wants it."""
        sent = data if isinstance(data, list | tuple) and data else [None if data in ([], ()) else data]
        return [super(SeveralFiles, self).clean(upload, initial) for upload in sent]


class ImportForm(forms.Form):
    upload = SeveralFiles(help_text="FHIR R4 bundles (.json), NDJSON or CSV; several at once are fine.")
    columns = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "family_name=Nachname"}),
        help_text=f"CSV only: FIELD=COLUMN, one a line. Fields: {', '.join(CSV_FIELDS)}.",
    )
    system = forms.CharField(required=False, initial="import", help_text="CSV only: who gave the external_id numbers.")
    dry_run = forms.BooleanField(required=False, initial=True, label="Only say what would be done")

    def clean_columns(self) -> dict[str, str]:
        lines = [line.strip() for line in self.cleaned_data["columns"].splitlines() if line.strip()]
        if any("=" not in line for line in lines):
            raise forms.ValidationError("Each line is FIELD=COLUMN.")
        return dict(line.split("=", 1) for line in lines)


class MergeForm(forms.Form):
    keep = form_fields.ChoiceField(widget=forms.RadioSelect, label="Which record goes on")
    reason = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}))


@admin.register(Patient)
class PatientAdmin(ReadOnly):
    list_display = ["family_name", "given_names", "birth_date", "sex", "status", "merged_into"]
    list_filter = ["status", "sex"]
    search_fields = ["sort_name"]
    search_help_text = "Names or parts of them, numbers, phone or birth date"
    ordering = ["sort_name", "id"]
    inlines = [AlertInline, IdentifierInline, ConditionInline, MedicationInline]
    exclude = ["sort_name", "clinic"]
    actions = ["merge_two"]
    change_list_template = "admin/patients/patient/change_list.html"

    def patient_of(self, obj: Any) -> UUID | None:
        return getattr(obj, "pk", None)

    def get_actions(self, request: HttpRequest) -> Any:
        return {"merge_two": (PatientAdmin.merge_two, "merge_two", "Merge the two chosen patients")}

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> Any:
        return (matching(queryset, search_term, first=SEARCH_SHOWS) if search_term.strip() else queryset), False

    def get_urls(self) -> Any:
        own = [
            path("<uuid:patient_id>/edit/", self.admin_site.admin_view(self.edit_view), name="patients_patient_edit"),
            path("import/", self.admin_site.admin_view(self.import_view), name="patients_patient_import"),
            path("merge/", self.admin_site.admin_view(self.merge_view), name="patients_patient_merge"),
        ]
        return own + super().get_urls()

    def edit_view(self, request: HttpRequest, patient_id: UUID) -> HttpResponse:
        """The same form as the page's."""
        sent = request.method == "POST"
        patients = Patient.objects.select_for_update(of=("self",), no_key=True) if sent else Patient.objects.all()
        patient = patients.filter(pk=patient_id).first()
        if patient is None:
            return redirect("admin:patients_patient_changelist")
        in_clinic(request).seen_patient_ids = {patient.pk}
        form = DetailsForm(request.POST if sent else None, patient=patient)
        if sent and form.save(by=in_clinic(request).actor, at=timezone.now()):
            messages.success(request, "Saved.")
            for one in possible_duplicates(patient, clinic_id=patient.clinic_id):
                alike = ", ".join(str(FACTS[name]) for name in one.likeness.alike)
                messages.warning(request, f"{one.patient.pk} may be the same person. Alike: {alike}.")
            return redirect("admin:patients_patient_change", patient.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": "Edit details",
            "form": form,
            "patient": patient,
            "opts": self.opts,
        }
        status = 409 if form.clashes else 400 if form.errors else 200
        return TemplateResponse(request, "admin/patients/patient/edit.html", context, status=status)

    @admin.action(description="Merge the two chosen patients")
    def merge_two(self, request: HttpRequest, queryset: QuerySet[Patient]) -> HttpResponse | None:
        chosen = [str(pk) for pk in queryset.values_list("pk", flat=True)[:3]]
        if len(chosen) != 2:
            messages.error(request, "Choose exactly two patients to merge.")
            return None
        response = redirect("admin:patients_patient_merge")
        response["Location"] += f"?a={chosen[0]}&b={chosen[1]}"
        return response

    def merge_view(self, request: HttpRequest) -> HttpResponse:
        """Ask which of two records goes on and why, then merge."""
        pair = list(Patient.objects.filter(pk__in=[request.GET.get("a"), request.GET.get("b")]).order_by("created_at"))
        if len(pair) != 2:
            messages.error(request, "Choose two patients of this clinic.")
            return redirect("admin:patients_patient_changelist")
        in_clinic(request).seen_patient_ids = {p.pk for p in pair}
        form = MergeForm(request.POST or None)
        form.fields["keep"].choices = [  # type: ignore[attr-defined] # Field has no choices in the stubs
            (str(p.pk), f"{p.family_name}, {p.given_names}, born {p.birth_date}, since {p.created_at:%Y-%m-%d}")
            for p in pair
        ]
        if request.method == "POST" and form.is_valid():
            keep = UUID(form.cleaned_data["keep"])
            other_id = next(p.pk for p in pair if p.pk != keep)
            try:
                seen = {p.pk: seen_revision(request.POST, f"revision_{p.pk}") for p in pair}
                actions.merge_patients(
                    revision=seen[other_id],
                    into_revision=seen[keep],
                    patient_id=other_id,
                    into_id=keep,
                    reason=form.cleaned_data["reason"],
                    by=in_clinic(request).actor,
                    at=timezone.now(),
                )
                messages.success(request, "Merged. The old record says where it went.")
                return redirect("admin:patients_patient_change", keep)
            except DomainError as refusal:
                show_refusal(request, refusal)
        context = {**self.admin_site.each_context(request), "title": "Merge two patients", "form": form, "pair": pair}
        return TemplateResponse(request, "admin/patients/patient/merge.html", context)

    @takes_large_body
    def import_view(self, request: HttpRequest) -> HttpResponse:
        """Upload files, see what became of each patient."""
        form = ImportForm(request.POST or None, request.FILES or None)
        report = None
        if request.method == "POST" and form.is_valid():
            sent = form.cleaned_data
            sources = [
                Source(
                    str(upload.name), guess_format(str(upload.name)), partial(io.BytesIO, upload.read()),
                    sent["columns"], sent["system"] or "import",
                )
                for upload in sent["upload"]
            ]  # fmt: skip
            actor = in_clinic(request).actor
            report = import_files(sources, dry_run=sent["dry_run"], by=actor, at=timezone.now())
            in_clinic(request).seen_patient_ids = {UUID(line.patient_id) for line in report.lines if line.patient_id}
        context = {
            **self.admin_site.each_context(request),
            "title": "Import patients",
            "form": form,
            "report": report and report.as_dict(),
        }
        return TemplateResponse(request, "admin/patients/patient/import.html", context)


@admin.register(Merge)
class MergeAdmin(ReadOnly):
    list_display = ["merged_at", "from_patient", "into_patient", "reason"]
    list_select_related = ["from_patient", "into_patient"]

    def patient_of(self, obj: Any) -> UUID | None:
        return getattr(obj, "into_patient_id", None)
