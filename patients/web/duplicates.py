"""Patients who may be the same person, as pages show them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from errors.exceptions import NotFound
from patients import actions, labels
from patients.duplicates import possible_duplicates, said_to_be_others
from patients.models import Patient
from patients.web.alerts import find_patient


def lines(
    request: PageRequest, patient: Patient | Mapping[str, Any], *, known_as_two: bool = False
) -> list[dict[str, Any]]:
    """
    Each with the patient, the reason, what is alike, and whether somebody has said that they are two people.

    :param known_as_two: also those of whom that was said
    """
    found = possible_duplicates(patient, clinic_id=request.clinic.pk, known_as_two=known_as_two)
    request.trace.saw(*(one.patient.pk for one in found))
    said = said_to_be_others(patient.pk) if found and known_as_two and isinstance(patient, Patient) else set()
    return [
        {
            "patient": one.patient,
            "reason": labels.LIKENESS[one.likeness.reason],
            "alike": [labels.FACTS[name] for name in one.likeness.alike],
            "two_people": one.patient.pk in said,
        }
        for one in found
    ]


@page(scope="patients:write", action="page.patient.two_people", methods="POST")
def two_people(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Remember that this patient and the other are two people."""
    patient, other = find_patient(request, patient_id, lock=False), as_uuid(request.POST.get("other", ""))
    if other is None:
        raise NotFound
    actions.say_two_people(patient_id=patient.pk, other_id=other, by=request.actor, at=timezone.now())
    toasts.success(request, _("Remembered: these are two people."))
    return redirect("patient", patient.pk)
