"""The patient's page of a form: the questions in one column, then thanks, and what cannot wait. No account needed."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from errors.exceptions import Invalid
from messaging.web.link_sessions import LinkSession, visit_page
from patient_forms import actions, rules
from patient_forms.models import FormRequest
from patient_forms.questions import parse_answers, refill
from patient_forms.registry import FORMS


def find_request(visit: LinkSession) -> FormRequest | None:
    """The form that the link is for, as long as its status lets the patient see it."""
    if visit.link.purpose != "form":
        return None
    requests = FormRequest.objects.filter(pk=visit.link.about_id, patient_id=visit.patient.pk)
    return requests.exclude(status=rules.CANCELLED).first()


@visit_page
def my_form(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    form_request = find_request(visit)
    if form_request is None or form_request.form not in FORMS:
        return render(request, "messaging/nothing_here.html", {"visit": visit})
    if form_request.status != rules.SENT:
        return redirect("my_form_thanks")
    form = FORMS[form_request.form]
    sections = form.sections(visit.patient.in_use)
    errors: list[Any] = []
    if request.method == "POST":
        answers = parse_answers([question for section in sections for question in section.questions], request.POST)
        try:
            actions.answer_form(request_id=form_request.pk, answers=answers, by=visit.actor, at=timezone.now())
        except actions.FormNotOpen:
            return redirect("my_form_thanks")
        except Invalid as refusal:
            errors, sections = refusal.errors, refill(sections, answers)
        else:
            return redirect("my_form_thanks")
    names = {f"/{question.name}": question.label for section in sections for question in section.questions}
    context = {
        "visit": visit,
        "form": form,
        "sections": sections,
        "errors": [(names.get(error.pointer, ""), error) for error in errors],
        "scale": range(11),
    }
    return render(request, "patient_forms/my_form.html", context, status=400 if errors else 200)


@visit_page
def my_form_thanks(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    """Thanks, and what the patient must do now, whoever reads the form later."""
    form_request = find_request(visit)
    if form_request is None or form_request.form not in FORMS:
        return render(request, "messaging/nothing_here.html", {"visit": visit})
    if form_request.status == rules.SENT:
        return redirect("my_form")
    advice = FORMS[form_request.form].advise(form_request.answers)
    return render(request, "patient_forms/my_form_thanks.html", {"visit": visit, "advice": advice})
