"""The treatment plan: made, changed, kept or not, ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Clinic
from accounts.web.pages import PageRequest, page, seen_revision
from errors import form_fields
from errors.exceptions import FieldError, Invalid, NotFound
from errors.texts import message_of
from patients.models import Patient
from patients.queries import identities
from treatments.plans import actions, labels, queries, rules
from treatments.plans.models import TreatmentPlan
from treatments.plans.rules import PlanContent, PlannedGoal, PlanResult
from treatments.rules import TECHNIQUES

GOALS_SHOWN = 3


class PlanForm(forms.Form):
    problem = forms.CharField(
        label=gettext_lazy("Problem"),
        required=False,
        max_length=rules.TEXT_MOST,
        widget=forms.Textarea({"rows": 2}),
    )
    sessions = forms.IntegerField(label=gettext_lazy("Sessions"))
    weeks = forms.IntegerField(label=gettext_lazy("over how many weeks"))
    minutes = forms.IntegerField(label=gettext_lazy("Minutes each"))
    review_on = forms.DateField(
        label=gettext_lazy("Review on"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    techniques = form_fields.MultipleChoiceField(
        label=gettext_lazy("Techniques"), required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(
        self, *args: Any, clinic: Clinic, kept: Sequence[str] = (), goals: int = GOALS_SHOWN, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        codes = clinic.techniques or list(TECHNIQUES)
        codes = [*codes, *(code for code in kept if code not in codes)]
        choices = [(code, _(TECHNIQUES[code].label)) for code in codes]
        self.fields["techniques"].choices = choices  # type: ignore[attr-defined] # a ChoiceField
        self.goal_count = goals
        for number in range(goals):
            self.fields[f"measure_{number}"] = forms.CharField(
                label=_("Measure"), required=False, max_length=rules.LINE_MOST
            )
            self.fields[f"target_{number}"] = forms.CharField(
                label=_("Target"), required=False, max_length=rules.LINE_MOST
            )
            self.fields[f"date_{number}"] = forms.DateField(
                label=_("By"), required=False, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
            )

    def goal_rows(self) -> list[tuple[int, Any, Any, Any]]:
        return [
            (number + 1, self[f"measure_{number}"], self[f"target_{number}"], self[f"date_{number}"])
            for number in range(self.goal_count)
        ]

    def content(self) -> PlanContent:
        """What was entered; a goal of which nothing was entered is none."""
        values = self.cleaned_data
        rows = [
            PlannedGoal(values[f"measure_{number}"], values[f"target_{number}"], values[f"date_{number}"])
            for number in range(self.goal_count)
        ]
        return PlanContent(
            problem=values["problem"],
            sessions=values["sessions"],
            weeks=values["weeks"],
            minutes=values["minutes"],
            techniques=tuple(values["techniques"]),
            goals=tuple(goal for goal in rows if goal.measure or goal.target or goal.target_date),
            review_on=values["review_on"],
        )

    def add_refusal(self, errors: Sequence[FieldError]) -> None:
        for error in errors:
            parts = error.pointer.strip("/").split("/")
            name = f"measure_{parts[1]}" if parts[0] == "goals" and len(parts) > 1 else parts[0]
            self.add_error(name if name in self.fields else None, message_of(error))


def initial_of(plan: TreatmentPlan) -> dict[str, Any]:
    names = ("problem", "sessions", "weeks", "minutes", "techniques", "review_on")
    values = {name: getattr(plan, name) for name in names}
    for goal in plan.goals.all():
        values |= {
            f"measure_{goal.number}": goal.measure,
            f"target_{goal.number}": goal.target,
            f"date_{goal.number}": goal.target_date,
        }
    return values


def render_form(request: PageRequest, form: PlanForm, patient: Patient, plan: TreatmentPlan | None) -> HttpResponse:
    context = {
        "form": form,
        "patient": patient,
        "plan": plan,
        "preset": rules.EIGHT_OVER_FOUR,
        "evidence": _(rules.EVIDENCE),
        "source": rules.SOURCE,
    }
    return render(request, "treatments/plans/edit.html", context, status=400 if form.errors else 200)


@page(scope="treatments:write", action="page.plan.new", methods="GET POST")
def new_plan(request: PageRequest, patient_id: UUID) -> HttpResponse:
    request.trace.saw(*identities(clinic_id=request.clinic.pk, patient_id=patient_id))
    patient = Patient.objects.get(pk=patient_id)
    if "preset" in request.POST:
        return render_form(request, PlanForm(clinic=request.clinic, initial=preset_values(request)), patient, None)
    form = PlanForm(request.POST or None, clinic=request.clinic, initial={"problem": patient.referral_reason})
    if request.method == "POST" and form.is_valid():
        try:
            plan = actions.make_plan(patient_id=patient_id, content=form.content(), by=request.actor, at=timezone.now())
        except Invalid as refusal:
            form.add_refusal(refusal.errors)
        else:
            return redirect("treatment_plan", plan.pk)
    return render_form(request, form, patient, None)


def preset_values(request: PageRequest) -> dict[str, Any]:
    """What was typed so far, with the preset's numbers."""
    typed: dict[str, Any] = {name: request.POST[name] for name in request.POST if name != "techniques"}
    return typed | {"techniques": request.POST.getlist("techniques")} | rules.EIGHT_OVER_FOUR


def find_plan(request: PageRequest, plan_id: UUID) -> TreatmentPlan:
    """:raises NotFound:"""
    plans = TreatmentPlan.objects.select_related("patient__merged_into", "author", "ended_by")
    plan = plans.prefetch_related("goals").filter(pk=plan_id).first()
    if plan is None:
        raise NotFound
    request.trace.saw(plan.patient_id)
    return plan


@page(scope="treatments:write", action="page.plan.edit", methods="GET POST")
def edit_plan(request: PageRequest, plan_id: UUID) -> HttpResponse:
    plan = find_plan(request, plan_id)
    if not plan.is_active:
        raise actions.PlanEnded
    patient, goals = plan.patient.in_use, max(GOALS_SHOWN, min(plan.goals.count() + 1, rules.GOALS_MOST))
    own: dict[str, Any] = {"clinic": request.clinic, "kept": plan.techniques, "goals": goals}
    if "preset" in request.POST:
        return render_form(request, PlanForm(initial=preset_values(request), **own), patient, plan)
    form = PlanForm(request.POST or None, initial=initial_of(plan), **own)
    if request.method == "POST" and form.is_valid():
        try:
            actions.change_plan(
                plan_id=plan.pk,
                content=form.content(),
                revision=seen_revision(request.POST),
                by=request.actor,
                at=timezone.now(),
            )
        except Invalid as refusal:
            form.add_refusal(refusal.errors)
        else:
            toasts.success(request, _("Saved."))
            return redirect("treatment_plan", plan.pk)
    return render_form(request, form, patient, plan)


@page(scope="treatments:read", action="page.plan")
def show_plan(request: PageRequest, plan_id: UUID) -> HttpResponse:
    return render_plan(request, find_plan(request, plan_id))


def render_plan(request: PageRequest, plan: TreatmentPlan, *, problems: Sequence[str] = ()) -> HttpResponse:
    standing = plan_context(plan, request.clinic.pk)
    context = standing | {
        "standing": standing,
        "problems": problems,
        "typed": request.POST,
        "results": labels.REACHED,
    }
    return render(request, "treatments/plans/plan.html", context, status=400 if problems else 200)


def plan_context(plan: TreatmentPlan, clinic_id: UUID) -> dict[str, Any]:
    """A plan with how it stands, for its page and the patient's."""
    patient, now = plan.patient.in_use, timezone.now()
    people = identities(clinic_id=clinic_id, patient_id=patient.pk)
    return {
        "plan": plan,
        "patient": patient,
        "goals": [(goal, labels.REACHED.get(goal.reached, "")) for goal in sorted(plan.goals.all(), key=_by_number)],
        "techniques": [_(TECHNIQUES[code].label) for code in plan.techniques],
        "progress": queries.progress_of(plan, people, at=now),
        "review_is_due": plan.is_active and plan.review_on is not None and plan.review_on <= timezone.localdate(now),
        "is_short": rules.is_short_massage(plan.techniques, plan.minutes),
        "evidence": _(rules.EVIDENCE),
        "source": rules.SOURCE,
    }


def _by_number(goal: Any) -> int:
    number: int = goal.number
    return number


@page(scope="treatments:write", action="page.plan.end", methods="POST")
def end_plan(request: PageRequest, plan_id: UUID) -> HttpResponse:
    plan = find_plan(request, plan_id)
    reached = {goal.pk: request.POST.get(f"reached-{goal.pk}", "") for goal in plan.goals.all()}
    try:
        actions.end_plan(
            plan_id=plan.pk,
            result=PlanResult(reached, request.POST.get("summary", "")),
            revision=seen_revision(request.POST),
            by=request.actor,
            at=timezone.now(),
        )
    except Invalid as refusal:
        problems = list(dict.fromkeys(message_of(error) for error in refusal.errors))
        return render_plan(request, plan, problems=problems)
    toasts.success(request, _("The treatment plan has ended."))
    return redirect("treatment_plan", plan.pk)


def newest_plan(people: Sequence[UUID], clinic_id: UUID) -> dict[str, Any] | None:
    """The plan that runs, or else the newest one, for the patient's page."""
    plans = TreatmentPlan.objects.of_patients(people).select_related("patient__merged_into", "author", "ended_by")
    rows = list(plans.prefetch_related("goals").newest_first()[:5])
    plan = next((row for row in rows if row.is_active), rows[0] if rows else None)
    return plan_context(plan, clinic_id) if plan else None
