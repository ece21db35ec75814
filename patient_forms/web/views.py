"""The forms of a patient: sent, waiting for a review, reviewed."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.web.pages import PageRequest, page, seen_revision
from errors.exceptions import Conflict, DomainError, Invalid, NotFound
from messaging import addresses, links
from patient_forms import actions, labels, rules
from patient_forms.models import FormRequest
from patient_forms.registry import FORMS, list_forms
from patients.models import Patient
from patients.queries import identities


def find_patient(request: PageRequest, patient_id: UUID) -> tuple[Patient, list[UUID]]:
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    request.trace.saw(*people)
    return Patient.objects.get(pk=patient_id), people


def find_request(request: PageRequest, request_id: UUID) -> FormRequest:
    """:raises NotFound:"""
    form_request = (
        FormRequest.objects.select_related("patient__merged_into", "reviewed_by", "link").filter(pk=request_id).first()
    )
    if form_request is None or form_request.form not in FORMS:
        raise NotFound
    request.trace.saw(form_request.patient_id)
    return form_request


@page(scope="patients:write", action="page.forms", methods="GET POST")
def patient_forms(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """What was sent and how it stands; sending one."""
    patient, people = find_patient(request, patient_id)
    refusal: DomainError | None = None
    if request.method == "POST":
        try:
            actions.send_form(
                patient_id=patient.pk, form=request.POST.get("form", ""), by=request.actor, at=timezone.now()
            )
        except (Conflict, Invalid) as refused:
            refusal, request.trace.code = refused, refused.code
        else:
            toasts.success(request, _("The link is on its way."))
            return redirect("patient_forms", patient.pk)
    requests = FormRequest.objects.of_patients(people).select_related("asked_by", "reviewed_by", "link").newest_first()
    rows = [(row, FORMS[row.form], labels.STATUSES[row.status]) for row in requests if row.form in FORMS]
    waiting = {row.form for row, _form, _word in rows if row.status == rules.ANSWERED}
    context = {
        "patient": patient,
        "rows": rows,
        "forms": [form for form in list_forms() if form.code not in waiting],
        "sent": {row.form for row, _form, _word in rows if row.status == rules.SENT},
        "refusal": refusal,
        "can_send": bool(addresses.usable_channels(patient)) and links.can_be_opened(patient),
        "channels": addresses.usable_channels(patient),
    }
    return render(request, "patient_forms/forms.html", context, status=409 if refusal else 200)


@page(scope="patients:write", action="page.form.cancel", methods="POST")
def cancel(request: PageRequest, form_id: UUID) -> HttpResponse:
    form_request = find_request(request, form_id)
    actions.cancel_form(
        request_id=form_request.pk, revision=seen_revision(request.POST), by=request.actor, at=timezone.now()
    )
    toasts.success(request, _("The link no longer works."))
    return redirect("patient_forms", form_request.patient.in_use.pk)


@page(scope="assessments:write", action="page.form.review", methods="GET POST")
def review(request: PageRequest, form_id: UUID) -> HttpResponse:
    """The answers, and what accepting them would write, each beside what is recorded."""
    form_request = find_request(request, form_id)
    refusal: DomainError | None = None
    if request.method == "POST":
        try:
            save_review(request, form_request)
        except (Conflict, Invalid) as refused:
            refusal, request.trace.code = refused, refused.code
            form_request = find_request(request, form_id)
        else:
            return redirect("patient", form_request.patient.in_use.pk)
    return render(
        request,
        "patient_forms/review.html",
        review_context(request, form_request) | {"refusal": refusal},
        status=409 if refusal else 200,
    )


def save_review(request: PageRequest, form_request: FormRequest) -> None:
    common: dict[str, Any] = {"request_id": form_request.pk, "revision": seen_revision(request.POST)}
    common |= {"by": request.actor, "at": timezone.now()}
    if "dismiss" in request.POST:
        actions.dismiss_form(note=request.POST.get("note", ""), **common)
        toasts.success(request, _("Nothing of the form was used."))
        return
    keys = request.POST.getlist("key")
    actions.accept_form(keys=keys, patient_revision=seen_revision(request.POST, "revision_patient"), **common)
    toasts.success(request, _("Accepted: {n} entries.").format(n=len(keys)))


def review_context(request: PageRequest, form_request: FormRequest) -> dict[str, Any]:
    form, patient = FORMS[form_request.form], form_request.patient.in_use
    is_open = form_request.status == rules.ANSWERED
    chosen = request.POST.getlist("key") if request.method == "POST" else None
    return {
        "request_row": form_request,
        "form": form,
        "patient": patient,
        "is_open": is_open,
        "status_word": labels.STATUSES[form_request.status],
        "proposals": [
            (proposal, chosen is None or proposal.key in chosen)
            for proposal in (form.propose(form_request.answers, patient) if is_open else ())
        ],
        "answers": form.describe(form_request.answers),
        "note": request.POST.get("note", ""),
    }
