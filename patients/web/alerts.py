"""The page of a patient's alerts: those that hold, a form to add one, and those that ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
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
from patients import actions, labels, rules
from patients.models import Alert, Patient

ENDED_SHOWN = 50


class AlertForm(forms.Form):
    code = form_fields.ChoiceField(label=gettext_lazy("Alert"))
    side = form_fields.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("not known")), *labels.ALERT_SIDES.items()],
        label=gettext_lazy("Side"),
    )
    region = form_fields.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("not known, or the whole body")), *labels.BODY_REGIONS.items()],
        label=gettext_lazy("Part of the body"),
    )
    note = forms.CharField(required=False, max_length=1000, label=gettext_lazy("Note"))
    since_date = forms.DateField(
        required=False,
        label=gettext_lazy("Since"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    reported_by = form_fields.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("not recorded")), *labels.ALERT_REPORTERS.items()],
        label=gettext_lazy("Reported by"),
    )

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        code_field = self.fields["code"]
        assert isinstance(code_field, form_fields.ChoiceField)
        code_field.choices = [("", _("Choose an alert")), *labels.alert_choices()]

    def new_alert(self) -> actions.NewAlert:
        values = self.cleaned_data
        # Where an alert has no place, the page hides the two fields; what stood in them before is not meant.
        has_place = rules.ALERTS[values["code"]].has_place
        return actions.NewAlert(
            code=values["code"],
            note=values["note"],
            side=values["side"] or None if has_place else None,
            region=values["region"] or None if has_place else None,
            since_date=values["since_date"],
            reported_by=values["reported_by"],
        )


@page(scope="patients:read", action="page.patient.alerts", methods="GET POST")
def alerts(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """What is known, and one more."""
    if request.method == "POST" and "patients:write" not in request.actor.scopes:
        raise NotFound
    patient = find_patient(request, patient_id, lock=request.method == "POST")
    form = AlertForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.note_alert(patient=patient, alert=form.new_alert(), by=request.actor, at=timezone.now())
            toasts.success(request, _("Alert added."))
            return redirect("patient_alerts", patient.pk)
        except DomainError as refusal:
            _show(form, refusal)
    return _render(request, patient, form=form, status=400 if form.errors else 200)


@page(scope="patients:write", action="page.patient.alert_end", methods="POST")
def end(request: PageRequest, patient_id: UUID, alert_id: UUID) -> HttpResponse:
    """End an alert with a reason; it stays in the list of ended ones."""
    patient = find_patient(request, patient_id, lock=True)
    reason = request.POST.get("reason", "")
    try:
        actions.end_alert(patient=patient, alert_id=alert_id, reason=reason, by=request.actor, at=timezone.now())
    except actions.AlertEnded:
        toasts.warning(request, _("This alert was ended before, by someone else or in another tab."))
    except DomainError as refusal:
        if not refusal.errors:
            raise
        wrong = {"alert_id": alert_id, "reason": reason, "detail": message_of(refusal.errors[0])}
        return _render(request, patient, form=AlertForm(), not_ended=wrong, status=400)
    else:
        toasts.success(request, _("Alert ended."))
    return redirect("patient_alerts", patient.pk)


def find_patient(request: PageRequest, patient_id: UUID, *, lock: bool) -> Patient:
    """
    The patient of the page, for the audit trail too.

    :raises NotFound: the clinic has no such patient
    """
    patients = Patient.objects.visible_to(request.actor)
    if lock:
        patients = patients.select_for_update(of=("self",), no_key=True)
    patient = patients.filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    request.trace.saw(patient.pk)
    return patient


def _show(form: AlertForm, refusal: DomainError) -> None:
    for error in refusal.errors:
        name = error.pointer.strip("/")
        form.add_error(name if name in form.fields else None, message_of(error))
    if not refusal.errors:
        form.add_error(None, message_of(refusal))


@dataclass(frozen=True)
class Line:
    """One alert as the page shows it."""

    alert: Alert
    label: str
    place: str
    reporter: str
    noted_by: User | None
    ended_by: User | None


def _line(alert: Alert, names: Mapping[UUID, User]) -> Line:
    return Line(
        alert=alert,
        label=_(rules.ALERTS[alert.code].label),
        place=labels.alert_place(alert.side, alert.region),
        reporter=str(labels.ALERT_REPORTERS.get(alert.reported_by, "")),
        noted_by=names.get(alert.noted_by_user_id) if alert.noted_by_user_id else None,
        ended_by=names.get(alert.ended_by_user_id) if alert.ended_by_user_id else None,
    )


def _render(
    request: PageRequest, patient: Patient, *, form: AlertForm, status: int, not_ended: Any = None
) -> HttpResponse:
    rows = list(Alert.objects.filter(patient=patient).order_by("-noted_at", "-id"))
    names = User.objects.in_bulk({pk for row in rows for pk in (row.noted_by_user_id, row.ended_by_user_id) if pk})
    lines = [_line(row, names) for row in rows]
    context = {
        "patient": patient,
        "current": [line for line in lines if line.alert.ended_at is None],
        "ended": [line for line in lines if line.alert.ended_at is not None][:ENDED_SHOWN],
        "form": form,
        "not_ended": not_ended,
        "may_write": "patients:write" in request.actor.scopes and not patient.is_merged,
        "with_place": " ".join(code for code, kind_code in rules.ALERTS.items() if kind_code.has_place),
        "least_characters": rules.MIN_REASON_CHARACTERS,
    }
    return render(request, "patients/alerts.html", context, status=status)
