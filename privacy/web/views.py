"""The rights of patients, for owners: export, restriction, erasure, legal hold, and which records may go."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages as toasts
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import clinic_settings, policies
from accounts.models import User
from accounts.rules import RETENTION
from accounts.web.pages import PageRequest, page, seen_revision
from database import tenancy
from errors import form_fields
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of
from patients.models import Patient
from patients.queries import identities
from privacy import actions, paper, patient_export, queries, rules
from privacy.models import RightsCase
from privacy.web import labels

RESTRICT, ERASE, HOLD = "restrict", "erase", "hold"


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=rules.REASON_MOST,
        widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("It is kept for good, also after an erasure. Do not name the patient in it."),
    )


class EraseForm(ReasonForm):
    despite_law = forms.BooleanField(
        label=gettext_lazy("Erase although the law keeps the record longer"), required=False
    )


class RetentionForm(forms.Form):
    retention = form_fields.ChoiceField(
        label=gettext_lazy("How long the law keeps records"),
        required=False,
        help_text=gettext_lazy(
            "After that, a patient is listed here. Nothing is ever erased without an owner. "
            "Check the rule with the body that supervises you."
        ),
    )

    def __init__(self, data: Any = None, *, initial: dict[str, Any]) -> None:
        super().__init__(data, initial=initial)
        choices: Any = self.fields["retention"]
        choices.choices = [
            ("", _("No rule: nothing is listed")),
            *((code, _describe(code)) for code in RETENTION),
        ]


def _describe(code: str) -> str:
    policy = RETENTION[code]
    if policy.minors_until_age is None:
        return _("{place}: {years} years").format(place=_(policy.label), years=policy.years)
    return _("{place}: {years} years, minors until they are {age}").format(
        place=_(policy.label), years=policy.years, age=policy.minors_until_age
    )


@page(scope="", action="page.patient_rights", methods="GET POST")
def patient_rights(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """What is in force for a patient, and what an owner can begin."""
    with tenancy.seeing_restricted():
        patient = Patient.objects.filter(pk=patient_id, merged_into=None).first()
        if patient is None:
            raise NotFound
        policies.require_owner(request.actor)
        request.trace.saw(*identities(clinic_id=request.clinic.pk, patient_id=patient_id))
        sent = {name: request.POST if request.POST.get("act") == name else None for name in (RESTRICT, ERASE, HOLD)}
        forms_by_act: dict[str, forms.Form] = {
            RESTRICT: ReasonForm(sent[RESTRICT], auto_id="restrict_%s"),
            ERASE: EraseForm(sent[ERASE], auto_id="erase_%s"),
            HOLD: ReasonForm(sent[HOLD], auto_id="hold_%s"),
        }
        act = request.POST.get("act", "")
        if request.method == "POST" and act not in forms_by_act:
            raise Invalid.at("/act", "invalid.choice", choices=list(forms_by_act))
        if request.method == "POST" and _begin(request, patient_id, act, forms_by_act[act]):
            toasts.success(request, _("Saved."))
            return redirect("patient_rights", patient_id)
        cases = [(case, labels.CASES[case.kind]) for case in queries.open_cases(patient_id).values()]
        done = RightsCase.objects.filter(patient_id=patient_id, done_at__isnull=False).first()
        context = {
            "patient": patient,
            "cases": [(case, word, labels.ENDINGS[case.kind]) for case, word in cases],
            "kinds": {case.kind for case, _word in cases},
            "done": done,
            "gone_from_backups": _gone_from_backups(done),
            "kept_until": queries.kept_until(request.clinic, patient),
            "backup_days": settings.BACKUP_KEEP_DAYS + settings.BACKUP_WHOLE_EVERY_DAYS,
            "restrict": forms_by_act[RESTRICT],
            "erase": forms_by_act[ERASE],
            "hold": forms_by_act[HOLD],
            "undo_days": rules.UNDO_DAYS,
        }
        status = 400 if any(form.errors for form in forms_by_act.values()) else 200
        return render(request, "privacy/patient_rights.html", context, status=status)


def _gone_from_backups(done: RightsCase | None) -> Any:
    """The day from which no backup holds an erased patient: a whole one stays until the next is old enough."""
    if done is None or done.done_at is None:
        return None
    return done.done_at + timedelta(days=settings.BACKUP_KEEP_DAYS + settings.BACKUP_WHOLE_EVERY_DAYS)


def _begin(request: PageRequest, patient_id: UUID, act: str, form: forms.Form) -> bool:
    """Act on a valid form; what is wrong with the reason is shown at its field. Return whether it was done."""
    if not form.is_valid():
        return False
    common: dict[str, Any] = {
        "patient_id": patient_id,
        "reason": form.cleaned_data["reason"],
        "revision": seen_revision(request.POST),
        "by": request.actor,
        "at": timezone.now(),
    }
    try:
        with transaction.atomic():
            if act == RESTRICT:
                actions.restrict(**common)
            elif act == ERASE:
                actions.begin_erasure(**common, despite_law=form.cleaned_data["despite_law"])
            else:
                actions.hold(**common)
    except Invalid as refusal:
        for error in refusal.errors:
            form.add_error("reason", message_of(error))
        return False
    return True


@page(scope="", action="page.patient_rights_export")
def export(request: PageRequest, patient_id: UUID, form: str) -> HttpResponse:
    """The complete record as a file: `json` or `pdf`."""
    with tenancy.seeing_restricted():
        patient_ids = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    policies.require_owner(request.actor)
    request.trace.saw(*patient_ids)
    at = timezone.now()
    request.trace.action = "disclosure.patient_export"
    if form == "json":
        made = patient_export.complete_export(clinic=request.clinic, patient_id=patient_id, at=at)
        response = HttpResponse(patient_export.to_bytes(made), content_type="application/json")
    elif form == "pdf":
        language = translation.get_language() or "en"
        content = paper.patient_record(clinic=request.clinic, patient_id=patient_id, language=language, at=at)
        response = HttpResponse(content, content_type="application/pdf")
    else:
        raise NotFound
    response["Content-Disposition"] = f'attachment; filename="patient-record.{form}"'
    return response


@page(scope="", action="page.settings.rights", methods="GET POST")
def clinic_rights(request: PageRequest) -> HttpResponse:
    """What is in force at the clinic, the rule for keeping records, and what need not be kept any longer."""
    policies.require_owner(request.actor)
    form = RetentionForm(request.POST or None, initial={"retention": request.clinic.retention})
    if request.method == "POST" and form.is_valid():
        values = {"retention": form.cleaned_data["retention"]}
        clinic_settings.change(values=values, revision=seen_revision(request.POST), by=request.actor)
        toasts.success(request, _("Saved."))
        return redirect("clinic_rights")
    with tenancy.seeing_restricted():
        cases = list(RightsCase.objects.filter(ended_at=None).select_related("patient").order_by("-begun_at")[:200])
        people = dict(User.objects.filter(pk__in={case.begun_by_user_id for case in cases}).values_list("pk", "name"))
        lines = [
            (case, labels.CASES[case.kind], labels.ENDINGS[case.kind], people.get(case.begun_by_user_id, ""))
            for case in cases
        ]
    expired = queries.expired(request.clinic, timezone.localdate())
    request.trace.saw(*(case.patient_id for case in cases), *(line.patient.pk for line in expired))
    context = {"form": form, "lines": lines, "expired": expired, "shown": queries.SHOWN}
    return render(request, "privacy/clinic_rights.html", context, status=400 if form.errors else 200)


@page(scope="", action="page.settings.rights", methods="POST")
def end_case(request: PageRequest, case_id: UUID) -> HttpResponse:
    """Lift a restriction or a hold, or undo an erasure."""
    case = actions.end_case(case_id=case_id, by=request.actor, at=timezone.now())
    toasts.success(request, _("Saved."))
    return redirect("patient_rights", case.patient_id)
