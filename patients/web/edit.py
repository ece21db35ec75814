"""The page that edits a patient's facts, and the one of conditions and medicines."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.web.pages import PageRequest, page
from errors import form_fields
from errors.exceptions import DomainError, NotFound
from errors.texts import message_of
from patients import actions, rules
from patients.labels import remark_text
from patients.models import Condition, Medication, Patient
from patients.queries import own_medicines
from patients.reading.incoming import Remark
from patients.recognition.medicines import recognise_medicine
from patients.web.alerts import find_patient
from patients.web.details import DetailsForm

KINDS: dict[str, actions.FactModel] = {"condition": Condition, "medication": Medication}
ENDED_SHOWN = 50


@page(scope="patients:write", action="page.patient.edit", methods="GET POST")
def edit(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Change who somebody is and how they are reached."""
    sent = request.method == "POST"
    patient = find_patient(request, patient_id, lock=sent)
    if patient.merged_into_id is not None and not sent:
        return redirect("patient_edit", patient.merged_into_id)
    form = DetailsForm(request.POST if sent else None, patient=patient)
    if sent and form.save(by=request.actor, at=timezone.now()):
        toasts.success(request, _("Details saved."))
        return redirect("patient", patient.pk)
    status = 409 if form.clashes else 400 if form.errors else 200
    return render(request, "patients/edit.html", {"patient": patient, "form": form}, status=status)


class FactForm(forms.Form):
    kind = form_fields.ChoiceField(
        choices=[("condition", gettext_lazy("Condition")), ("medication", gettext_lazy("Medicine"))],
        label=gettext_lazy("Kind"),
    )
    text = forms.CharField(
        max_length=rules.FACT_TEXT_CHARACTERS,
        label=gettext_lazy("Name"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    since_date = forms.DateField(
        required=False,
        label=gettext_lazy("Since"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )


@page(scope="patients:read", action="page.patient.conditions", methods="GET POST")
def conditions(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Conditions and medicines: those that hold, a form to add one, and those that ended."""
    sent = request.method == "POST"
    if sent and "patients:write" not in request.actor.scopes:
        raise NotFound
    patient = find_patient(request, patient_id, lock=sent)
    form = FactForm(request.POST if sent else None)
    if sent and form.is_valid():
        values = form.cleaned_data
        fact = actions.NewFact(text=values["text"], since_date=values["since_date"])
        try:
            actions.note_fact(
                model=KINDS[values["kind"]], patient=patient, fact=fact, by=request.actor, at=timezone.now()
            )
            toasts.success(request, _("Entry added."))
            return redirect("patient_conditions", patient.pk)
        except DomainError as refusal:
            _show(form, refusal)
    return _render(request, patient, form)


@page(scope="patients:write", action="page.patient.condition_end", methods="POST")
def end_condition(request: PageRequest, patient_id: UUID, fact_id: UUID) -> HttpResponse:
    """End a condition or medicine; it stays in the list of ended ones."""
    patient = find_patient(request, patient_id, lock=True)
    model = next((m for m in KINDS.values() if m._default_manager.filter(patient=patient, pk=fact_id).exists()), None)
    if model is None:
        raise NotFound
    try:
        actions.end_fact(model=model, patient=patient, fact_id=fact_id, by=request.actor, at=timezone.now())
    except actions.FactEnded:
        toasts.warning(request, _("This entry was ended before, by someone else or in another tab."))
    else:
        toasts.success(request, _("Entry ended."))
    return redirect("patient_conditions", patient.pk)


def _show(form: FactForm, refusal: DomainError) -> None:
    for error in refusal.errors:
        name = error.pointer.strip("/")
        form.add_error(name if name in form.fields else None, message_of(error))
    if not refusal.errors:
        form.add_error(None, message_of(refusal))


def _render(request: PageRequest, patient: Patient, form: FactForm) -> HttpResponse:
    rows: list[tuple[str, Any]] = [
        (kind, row)
        for kind, model in KINDS.items()
        for row in model._default_manager.filter(patient=patient).order_by("text", "id")
    ]
    names = User.objects.in_bulk({row.ended_by_user_id for _kind, row in rows if row.ended_by_user_id})
    own = own_medicines(patient.clinic_id)
    lines = [
        {
            "kind": kind,
            "fact": row,
            "ended_by": names.get(row.ended_by_user_id),
            "is_alert": kind == "medication"
            and bool(recognise_medicine(row.text, [(row.system, row.code, "")], own).alerts),
        }
        for kind, row in rows
    ]
    current = [line for line in lines if line["fact"].ended_at is None]
    context = {
        "patient": patient,
        "groups": [
            (_("Conditions"), [line for line in current if line["kind"] == "condition"]),
            (_("Medicines"), [line for line in current if line["kind"] == "medication"]),
        ],
        "ended": [line for line in lines if line["fact"].ended_at is not None][:ENDED_SHOWN],
        "notes": [remark_text(Remark(f"kept_{n.kind}", n.text)) for n in patient.notes.order_by("kind", "text")],
        "form": form,
        "may_write": "patients:write" in request.actor.scopes and not patient.is_merged,
    }
    return render(request, "patients/conditions.html", context, status=400 if form.errors else 200)
