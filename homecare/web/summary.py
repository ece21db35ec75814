"""How it goes at home, in a few lines: for the patient's page, and before the next session."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.web.pages import PageRequest, page
from homecare import labels, queries
from homecare.models import Programme
from homecare.programmes import serialization as contents
from patients.queries import identities, zone_of


def home_summary(programme: Programme) -> dict[str, Any]:
    """The last week of each step, the pains, and what that suggests."""
    today = timezone.now().astimezone(zone_of(programme.patient)).date()
    goes = queries.summarize_progress(programme, today=today)
    return {
        "programme": programme,
        "stopped": labels.stopped_names(programme),
        "goes": goes,
        "steps": [(course.told, course.weeks[-1] if course.weeks else None) for course in goes.courses],
        "pains": [c.pain for c in reversed(goes.check_ins[:7]) if c.pain is not None],
        "regress": [labels.REGRESS[code] for code in goes.regress],
        "said": [c for c in (*goes.check_ins[:7], *goes.after_needling[:3]) if c.note or c.wrong],
        "sore": goes.after_needling[:3],
        "wrong": labels.WRONG,
        "silent_days": (today - (goes.last_on or programme.started_on or today)).days,
    }


@page(scope="homecare:read", action="page.home_summary")
def of_patient(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """A piece of a page: how the running programme goes, or nothing."""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    request.trace.saw(*people)
    programmes = Programme.objects.of_patients(people).active_or_stopped().select_related("patient")
    programme = programmes.first()
    summary = home_summary(programme) if programme else None
    if summary and contents.CLINICAL_SCOPE not in request.actor.scopes and "goes" in summary:
        summary["goes"].spots = []
        summary["steps"] = [
            (labels.describe_step(contents.without_place(recipients)), week) for recipients, week in summary["steps"]
        ]
    if summary is None:
        sore = queries.after_needling(request.clinic.pk, patient_id)[:3]
        reports = [c for c in sore if c.note or c.wrong]
        summary = {"sore": sore, "said": reports, "wrong": labels.WRONG} if sore else None
    return render(request, "homecare/summary.html", {"summary": summary})
