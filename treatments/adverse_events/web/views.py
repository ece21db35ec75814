"""Adverse events on the patient's page: the list, recording, confirming, correcting and dismissing."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from errors import form_fields
from errors.exceptions import Invalid, NotFound
from errors.texts import message_for, message_of
from patients.models import Patient
from patients.queries import identities
from treatments.adverse_events import actions, labels, queries, rules
from treatments.adverse_events.web.lines import event_facts, event_line, treatment_name
from treatments.models import AdverseEvent

MINUTES = {"min": 1, "h": 60, "d": 24 * 60}
AS_TYPED = "%Y-%m-%dT%H:%M"


def choices(table: dict[str, Any]) -> list[tuple[str, Any]]:
    return [("", ""), *table.items()]


class EventForm(forms.Form):
    """What a therapist says about an event; what may stand together is checked by the action."""

    codes = form_fields.MultipleChoiceField(required=False, choices=list(labels.CODES.items()))
    severity = form_fields.ChoiceField(required=False, choices=choices(labels.SEVERITIES))
    is_life_threatening = forms.BooleanField(required=False)
    onset_at = forms.DateTimeField(required=False, input_formats=[AS_TYPED, "%Y-%m-%dT%H:%M:%S"])
    duration = forms.IntegerField(required=False, min_value=0, max_value=rules.DURATION_MOST_MIN)
    duration_unit = form_fields.ChoiceField(required=False, choices=choices(labels.DURATION_UNITS))
    causality = form_fields.ChoiceField(required=False, choices=choices(labels.CAUSALITIES))
    outcome = form_fields.ChoiceField(required=False, choices=choices(labels.OUTCOMES))
    action = forms.CharField(required=False, max_length=5000)
    told = form_fields.MultipleChoiceField(required=False, choices=list(labels.TOLD.items()))
    note = forms.CharField(required=False, max_length=5000)
    reason = forms.CharField(required=False, max_length=2000)
    version = forms.IntegerField(required=False, min_value=1)

    def facts(self) -> rules.EventFacts:
        values = dict(self.cleaned_data)
        duration, unit = values.pop("duration"), values.pop("duration_unit") or "min"
        for name in ("severity", "causality", "outcome"):
            values[name] = values[name] or None
        del values["reason"], values["version"]
        return rules.EventFacts(**values, duration_min=None if duration is None else duration * MINUTES[unit])

    def show(self, refusal: Invalid) -> None:
        """Put each refusal beside its field."""
        for error in refusal.errors:
            name = {"duration_min": "duration"}.get(error.pointer.strip("/"), error.pointer.strip("/"))
            self.add_error(name if name in self.fields else None, message_of(error))


def initial_of(event: AdverseEvent) -> dict[str, Any]:
    names = ("codes", "severity", "is_life_threatening", "causality", "outcome", "action", "told", "note", "version")
    values = {name: getattr(event, name) for name in names}
    if event.onset_at is not None:
        values["onset_at"] = f"{timezone.localtime(event.onset_at):{AS_TYPED}}"
    if event.duration_min is not None:
        unit = next(unit for unit in ("d", "h", "min") if event.duration_min % MINUTES[unit] == 0)
        values |= {"duration": event.duration_min // MINUTES[unit], "duration_unit": unit}
    return values


def form_context(form: EventForm) -> dict[str, Any]:
    """The form as the template draws it: chips instead of lists, with what is chosen."""
    chosen = {name: form[name].value() for name in form.fields}
    return {
        "form": form,
        "chosen": {name: "" if value is None else value for name, value in chosen.items()},
        "code_groups": [(title, [(code, labels.CODES[code]) for code in codes]) for title, codes in labels.CODE_GROUPS],
        "severities": [(code, label, labels.SEVERITY_HELP[code]) for code, label in labels.SEVERITIES.items()],
        "causalities": list(labels.CAUSALITIES.items()),
        "outcomes": list(labels.OUTCOMES.items()),
        "told": list(labels.TOLD.items()),
        "units": list(labels.DURATION_UNITS.items()),
    }


def find_patient(request: PageRequest, patient_id: UUID) -> tuple[Patient, list[UUID]]:
    """:raises NotFound:"""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    request.trace.saw(*people)
    return Patient.objects.select_related("merged_into").get(pk=patient_id), people


def find_versions(request: PageRequest, people: list[UUID], event_id: UUID) -> list[AdverseEvent]:
    """:raises NotFound:"""
    request.trace.saw(target_id=event_id)
    versions = [version for version in queries.versions_of(event_id) if version.patient_id in people]
    if not versions:
        raise NotFound
    return versions


# --- Reading --------------------------------------------------------------------------------------------------


@page(scope="treatments:read", action="page.adverse_events")
def event_list(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """A patient's adverse events: those that wait for a judgement first."""
    patient, people = find_patient(request, patient_id)
    context = {
        "patient": patient,
        "lines": lines_of(people),
        "may_write": "treatments:write" in request.actor.scopes,
    }
    return render(request, "treatments/adverse_events/list.html", context)


def lines_of(people: list[UUID]) -> list[dict[str, Any]]:
    """The events of a person as the lists show them, unconfirmed ones first."""
    lines = [event_line(event) for event in queries.events_of(people)]
    return sorted(lines, key=lambda line: not line["is_open"])


def summary_of(people: list[UUID]) -> dict[str, Any]:
    """What the patient's page shows: unconfirmed events and the newest others, without those that were dismissed."""
    lines = [line for line in lines_of(people) if line["event"].status != rules.DISMISSED]
    return {"lines": lines[:5], "more": max(len(lines) - 5, 0)}


@page(scope="treatments:read", action="page.adverse_event")
def event(request: PageRequest, patient_id: UUID, event_id: UUID) -> HttpResponse:
    """One event, with every version of it."""
    patient, people = find_patient(request, patient_id)
    return show_event(request, patient, find_versions(request, people, event_id))


def show_event(
    request: PageRequest, patient: Patient, versions: list[AdverseEvent], *, problem: str = "", status: int = 200
) -> HttpResponse:
    newest = versions[0]
    context = {
        "patient": patient,
        "line": event_line(newest),
        "event": newest,
        "facts": event_facts(newest),
        "versions": [
            {"event": version, "status": labels.STATUSES[version.status], "facts": event_facts(version)}
            for version in versions[1:]
        ],
        "source": labels.SOURCES[newest.source],
        "may_write": "treatments:write" in request.actor.scopes and newest.status != rules.DISMISSED,
        "problem": problem,
    }
    return render(request, "treatments/adverse_events/event.html", context, status=status)


# --- Changing -------------------------------------------------------------------------------------------------


@page(scope="treatments:write", action="page.adverse_event.record", methods="GET POST")
def record(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Record what happened in or after one of the patient's sessions."""
    patient, people = find_patient(request, patient_id)
    if patient.is_merged:
        return redirect("record_adverse_event", patient.merged_into_id)
    sessions = queries.sessions_of(people)
    sent = request.POST if request.method == "POST" else request.GET
    session_id = as_uuid(sent.get("session", ""))
    form = EventForm(request.POST) if request.method == "POST" else EventForm(initial={"duration_unit": "h"})
    problem = ""
    if request.method == "POST" and form.is_valid():
        try:
            if session_id is None:
                problem = message_for("unknown.session_of_patient")
            else:
                recorded = actions.record_event(
                    patient_id=patient.pk,
                    session_id=session_id,
                    facts=form.facts(),
                    by=request.actor,
                    at=timezone.now(),
                )
                toasts.success(request, _("Adverse event recorded."))
                return redirect("adverse_event", patient.pk, recorded.event_id)
        except Invalid as refusal:
            form.show(refusal)
            problem = next((message_of(error) for error in refusal.errors if error.pointer == "/session"), "")
    context = {
        "patient": patient,
        "sessions": [(session.pk, treatment_name(session)) for session in sessions],
        "session_id": session_id,
        "problem": problem,
        "is_new": True,
        "title": _("Record adverse event"),
        **form_context(form),
    }
    status = 400 if problem or form.errors else 200
    return render(request, "treatments/adverse_events/form.html", context, status=status)


@page(scope="treatments:write", action="page.adverse_event.edit", methods="GET POST")
def edit(request: PageRequest, patient_id: UUID, event_id: UUID) -> HttpResponse:
    """Confirm an unconfirmed event, or correct a confirmed one."""
    patient, people = find_patient(request, patient_id)
    newest = find_versions(request, people, event_id)[0]
    is_confirmed = newest.status == rules.CONFIRMED
    initial = {"duration_unit": "h", **initial_of(newest)}
    form = EventForm(request.POST) if request.method == "POST" else EventForm(initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            actions.correct_event(
                event_id=event_id,
                version=form.cleaned_data["version"] or 0,
                facts=form.facts(),
                reason=form.cleaned_data["reason"],
                by=request.actor,
                at=timezone.now(),
            )
            toasts.success(request, _("Adverse event corrected.") if is_confirmed else _("Adverse event confirmed."))
            return redirect("adverse_event", patient.pk, event_id)
        except Invalid as refusal:
            form.show(refusal)
    context = {
        "patient": patient,
        "event": newest,
        "treatment": treatment_name(newest.session),
        "answers": event_line(newest)["name"] if not is_confirmed else "",
        "needs_reason": is_confirmed,
        "title": _("Correct adverse event") if is_confirmed else _("Confirm adverse event"),
        **form_context(form),
    }
    return render(request, "treatments/adverse_events/form.html", context, status=400 if form.errors else 200)


@page(scope="treatments:write", action="page.adverse_event.dismiss", methods="POST")
def dismiss(request: PageRequest, patient_id: UUID, event_id: UUID) -> HttpResponse:
    """Say with a reason that it was no adverse event."""
    patient, people = find_patient(request, patient_id)
    versions = find_versions(request, people, event_id)
    version = request.POST.get("version", "")
    try:
        actions.dismiss_event(
            event_id=event_id,
            version=int(version) if version.isdecimal() and len(version) < 6 else 0,
            reason=request.POST.get("reason", "")[:2000],
            by=request.actor,
            at=timezone.now(),
        )
    except Invalid as refusal:
        return show_event(request, patient, versions, problem=message_of(refusal.errors[0]), status=400)
    toasts.success(request, _("Adverse event dismissed."))
    return redirect("adverse_event", patient.pk, event_id)
