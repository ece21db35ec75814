"""A patient's outcome measures: the results so far, a new one, and what was entered in error; the clinic's choice."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

import catalogue
from accounts import policies
from accounts.queries import shows_classification
from accounts.web.pages import PageRequest, page, seen_revision
from assessments.outcomes import actions, labels, queries, rules
from assessments.outcomes.models import Outcome
from assessments.outcomes.web.forms import OutcomeForm, SettingsForm, WithdrawalForm
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of
from patients.models import Patient
from patients.queries import identities


def find_patient(request: PageRequest, patient_id: UUID) -> tuple[Patient, list[UUID]]:
    """:raises NotFound:"""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    request.trace.saw(*people)
    return Patient.objects.select_related("merged_into").get(pk=patient_id).in_use, people


def measure_choices() -> list[tuple[str, str]]:
    """What can be recorded: each measure, and the six ranges of the neck as one form."""
    choices = []
    for code, measure in catalogue.MEASURES.items():
        if measure.get("group") != rules.NECK_RANGE_FORM:
            choices.append((code, labels.measure_name(code)))
        elif code == rules.NECK_RANGE[0]:
            choices.append((rules.NECK_RANGE_FORM, _("Range of the neck, six directions")))
    return choices


def result_line(result: queries.Result) -> dict[str, Any]:
    code, computed = result.row.measure, shows_classification()
    return {
        "row": result.row,
        "text": labels.describe_score(code, result.score, group=result.entered.group),
        "band": labels.band_name(code, result.score.band) if computed else "",
        "change": labels.describe_result_change(result) if computed else "",
        "asks_for_safety": result.score.is_positive,
    }


def series_lines(people: list[UUID]) -> list[dict[str, Any]]:
    """Each series with its results, newest first, and the thresholds of its measure."""
    computed = shows_classification()
    return [
        {
            "name": labels.measure_name(series[0].row.measure),
            "about": labels.about(series[0]),
            "results": [result_line(result) for result in reversed(series)],
            "thresholds": labels.thresholds_of(series[0].row.measure) if computed else [],
        }
        for series in queries.list_series(people)
    ]


@page(scope="assessments:read", action="page.outcomes")
def outcome_list(request: PageRequest, patient_id: UUID) -> HttpResponse:
    patient, people = find_patient(request, patient_id)
    withdrawn = Outcome.objects.of_patients(people).filter(withdrawal__isnull=False).newest_first()
    context = {
        "patient": patient,
        "series": series_lines(people),
        "withdrawn": [
            (labels.measure_name(row.measure), row) for row in withdrawn.select_related("withdrawal__withdrawn_by")
        ],
        "choices": measure_choices(),
    }
    return render(request, "assessments/outcomes/list.html", context)


@page(scope="assessments:write", action="page.outcome.new", methods="GET POST")
def new_outcome(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """The form of one measure, named by `?measure=`."""
    patient, _people = find_patient(request, patient_id)
    code = request.GET.get("measure") or rules.MEASURES[0]
    if code not in dict(measure_choices()):
        raise NotFound
    form = OutcomeForm(request.POST or None, measure=code, unit=request.clinic.pressure_unit)
    if request.method == "POST" and form.is_valid():
        now = timezone.now()
        try:
            actions.record_outcomes(patient_id=patient.pk, outcomes=form.outcomes(now), by=request.actor, at=now)
        except Invalid as refusal:
            form.add_refusal(refusal.errors)
        else:
            toasts.success(request, _("Saved."))
            return redirect("outcomes", patient.pk)
    measure = catalogue.MEASURES[rules.NECK_RANGE[0] if code == rules.NECK_RANGE_FORM else code]
    context = {
        "patient": patient,
        "form": form,
        "title": dict(measure_choices())[code],
        "note": _(measure["note"]) if measure.get("note") else "",
        "licence": _(measure["licence"]),
        "source": _(measure["source"]),
    }
    return render(request, "assessments/outcomes/new.html", context, status=400 if form.errors else 200)


@page(scope="assessments:write", action="page.outcome.withdraw", methods="GET POST")
def withdraw(request: PageRequest, patient_id: UUID, outcome_id: UUID) -> HttpResponse:
    patient, people = find_patient(request, patient_id)
    request.trace.saw(target_id=outcome_id)
    row = Outcome.objects.of_patients(people).filter(pk=outcome_id).first()
    if row is None:
        raise NotFound
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.withdraw_outcome(
                outcome_id=row.pk, reason=form.cleaned_data["reason"], by=request.actor, at=timezone.now()
            )
        except Invalid as refusal:
            form.add_error("reason", message_of(refusal.errors[0]))
        else:
            toasts.success(request, _("Saved."))
            return redirect("outcomes", patient.pk)
    context = {"patient": patient, "form": form, "row": row, "name": labels.measure_name(row.measure)}
    return render(request, "assessments/outcomes/withdraw.html", context, status=400 if form.errors else 200)


@page(scope="", action="page.settings.outcomes", methods="GET POST")
def clinic_outcomes(request: PageRequest) -> HttpResponse:
    """What the clinic asks for, and in which weeks of a treatment plan."""
    policies.require_owner(request.actor)
    settings = queries.outcome_settings(request.clinic.pk)
    form = SettingsForm(request.POST or None, initial={"weeks": settings.weeks, "measures": settings.measures})
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_outcome_settings(**form.cleaned_data, revision=seen_revision(request.POST), by=request.actor)
        except Invalid as refusal:
            for error in refusal.errors:
                form.add_error(error.pointer.strip("/"), message_of(error))
        else:
            toasts.success(request, _("Saved."))
            return redirect("clinic_outcomes")
    context = {"form": form, "settings": settings, "usual": ", ".join(map(str, rules.USUAL_WEEKS))}
    return render(request, "assessments/outcomes/settings.html", context, status=400 if form.errors else 200)
