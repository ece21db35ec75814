"""Settings, Medicines: the clinic's own table of what raises which alert."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policies
from accounts.web.pages import PageRequest, page
from errors import form_fields
from errors.exceptions import Conflict, Invalid
from errors.texts import message_of
from patients import own_medicines
from patients.labels import alert_choices
from patients.models import OwnMedicine
from patients.own_medicines import TEXT_MOST
from patients.recognition.medicines import Own
from patients.rules import ALERTS


class MedicineForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name or brand"), required=False, max_length=TEXT_MOST)
    code = forms.CharField(label=gettext_lazy("Code"), required=False, max_length=TEXT_MOST)
    system = forms.CharField(
        label=gettext_lazy("List that the code is of, as imports name it"), required=False, max_length=TEXT_MOST
    )
    alert = form_fields.ChoiceField(label=gettext_lazy("Alert"), required=False)

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        choices = [("", _("no alert")), *alert_choices()]
        self.fields["alert"].choices = choices  # type: ignore[attr-defined] # a ChoiceField


@page(scope="", action="page.settings.medicines", methods="GET POST")
def medicines(request: PageRequest) -> HttpResponse:
    """The table, and a form for one more line."""
    policies.require_owner(request.actor)
    form = MedicineForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            own_medicines.add_medicine(line=Own(**form.cleaned_data), by=request.actor)
        except Invalid as refusal:
            for error in refusal.errors:
                name = error.pointer.strip("/")
                form.add_error(name if name in form.fields else None, message_of(error))
        except Conflict as refusal:
            form.add_error(None, message_of(refusal))
        else:
            toasts.success(request, _("Added."))
            return redirect("own_medicines")
    lines = OwnMedicine.objects.filter(clinic_id=request.actor.clinic_id).order_by("name", "code", "pk")
    rows = [(line, _(ALERTS[line.alert].label) if line.alert else "") for line in lines]
    return render(
        request, "patients/own_medicines.html", {"form": form, "rows": rows}, status=400 if form.errors else 200
    )


@page(scope="", action="page.settings.medicine_remove", methods="POST")
def remove(request: PageRequest, medicine_id: UUID) -> HttpResponse:
    own_medicines.remove_medicine(medicine_id=medicine_id, by=request.actor)
    toasts.success(request, _("Removed."))
    return redirect("own_medicines")
