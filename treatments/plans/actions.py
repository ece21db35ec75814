"""Making, changing and ending a treatment plan."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from accounts import policies
from accounts.queries import clinic_zone, hidden_techniques
from audit import actions as audit
from database.expressions import new_id
from database.revisions import check_revision
from errors.constraints import violations_as
from errors.exceptions import Conflict, NotFound, Problems
from identity.actor import Actor
from patients.actions import refuse_merged
from patients.models import Patient
from treatments.plans import rules
from treatments.plans.models import PlanGoal, TreatmentPlan
from treatments.plans.rules import PlanContent, PlanResult
from treatments.rules import TECHNIQUES
from worklist import actions as worklist

REVIEW_DUE = "plan_review_due"  # raised each night by `scheduling.worklist_sync`


class PlanExists(Conflict):
    reason = "plan_exists"


class PlanEnded(Conflict):
    reason = "plan_ended"


@transaction.atomic
def make_plan(*, patient_id: UUID, content: PlanContent, by: Actor, at: datetime) -> TreatmentPlan:
    """
    Make a treatment plan. A patient has one that runs.

    :raises NoAuthor, NotFound, PatientMerged, PlanExists:
    :raises Invalid: a value cannot be; each is named
    """
    author_id = policies.require_author(by)
    patient = Patient.objects.select_for_update(of=("self",), no_key=True).filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    refuse_merged(patient)
    starts_on = content.starts_on or at.astimezone(clinic_zone(by.clinic_id)).date()
    check_content(content, clinic_id=by.clinic_id, starts_on=starts_on)
    plan = TreatmentPlan(
        id=new_id(), clinic_id=by.clinic_id, patient=patient, author_id=author_id, made_at=at, starts_on=starts_on
    )
    _fill(plan, content)
    with violations_as({"treatment_plan_runs_once": PlanExists}):
        plan.save(force_insert=True)
    _write_goals(plan, content)
    audit.log("plan.make", by=by, target_id=plan.pk, patient_ids=[patient.pk])
    return plan


@transaction.atomic
def change_plan(*, plan_id: UUID, content: PlanContent, revision: int | None, by: Actor, at: datetime) -> TreatmentPlan:
    """
    Change a plan that runs. It begins on the day on which it began.

    :raises NoAuthor, NotFound, PlanEnded, RevisionChanged:
    :raises Invalid: a value cannot be; each is named
    """
    policies.require_author(by)
    plan = _get_for_update(plan_id, revision)
    check_content(content, clinic_id=by.clinic_id, starts_on=plan.starts_on, kept_techniques=plan.techniques)
    _fill(plan, content)
    plan.revision += 1
    plan.save()
    PlanGoal.objects.filter(plan=plan).delete()
    _write_goals(plan, content)
    if content.review_on is None or content.review_on > at.astimezone(clinic_zone(by.clinic_id)).date():
        worklist.resolve(kinds=[REVIEW_DUE], about_ids=[plan.pk], by=by, at=at)
    audit.log("plan.change", by=by, target_id=plan.pk, patient_ids=[plan.patient_id])
    return plan


@transaction.atomic
def end_plan(*, plan_id: UUID, result: PlanResult, revision: int | None, by: Actor, at: datetime) -> TreatmentPlan:
    """
    End a plan, saying of each goal whether it was reached. It is final from then on.

    :raises NoAuthor, NotFound, PlanEnded, RevisionChanged:
    :raises Invalid: a goal has no result, or the summary is too long
    """
    author_id = policies.require_author(by)
    plan = _get_for_update(plan_id, revision)
    problems = Problems()
    goals = list(plan.goals.order_by("number"))
    for goal in goals:
        goal.reached = result.reached.get(goal.pk, "")
        if not goal.reached:
            problems.add(f"/goals/{goal.number}", "required.goal_result")
        elif goal.reached not in rules.REACHED:
            problems.add(f"/goals/{goal.number}", "unknown_code.goal_result", choices=rules.REACHED)
    if len(result.summary) > rules.TEXT_MOST:
        problems.add("/summary", "too_long.plan", most=rules.TEXT_MOST)
    problems.raise_if_any()
    PlanGoal.objects.bulk_update(goals, ["reached"])
    plan.status, plan.ended_at, plan.ended_by_id = rules.ENDED, at, author_id
    plan.summary, plan.revision = result.summary.strip(), plan.revision + 1
    plan.save(update_fields=["status", "ended_at", "ended_by", "summary", "revision"])
    worklist.resolve(kinds=[REVIEW_DUE], about_ids=[plan.pk], by=by, at=at)
    audit.log("plan.end", by=by, target_id=plan.pk, patient_ids=[plan.patient_id])
    return plan


def check_content(
    content: PlanContent, *, clinic_id: UUID, starts_on: date, kept_techniques: Sequence[str] = ()
) -> None:
    """
    :param kept_techniques: those that the plan has already; they may stay, though the clinic hides them now
    :raises Invalid: each wrong value is named
    """
    problems = Problems()
    if not content.problem.strip():
        problems.add("/problem", "required.plan_problem")
    elif len(content.problem) > rules.TEXT_MOST:
        problems.add("/problem", "too_long.plan", most=rules.TEXT_MOST)
    for name, (low, high) in {"sessions": rules.SESSIONS, "weeks": rules.WEEKS, "minutes": rules.MINUTES}.items():
        if not low <= getattr(content, name) <= high:
            problems.add(f"/{name}", "out_of_range", low=low, high=high)
    if any(code not in TECHNIQUES for code in content.techniques):
        problems.add("/techniques", "unknown_code.plan_technique")
    else:
        for code in content.techniques:
            if code in hidden_techniques(clinic_id) and code not in kept_techniques:
                problems.add("/techniques", "technique_hidden", technique=code)
    if content.review_on is not None and content.review_on < starts_on:
        problems.add("/review_on", "in_the_past.plan")
    if len(content.goals) > rules.GOALS_MOST:
        problems.add("/goals", "too_many.goals", most=rules.GOALS_MOST)
    for number, goal in enumerate(content.goals):
        if not goal.measure.strip() or not goal.target.strip():
            problems.add(f"/goals/{number}", "required.goal")
        elif max(len(goal.measure), len(goal.target)) > rules.LINE_MOST:
            problems.add(f"/goals/{number}", "too_long.plan", most=rules.LINE_MOST)
        if goal.target_date is not None and goal.target_date < starts_on:
            problems.add(f"/goals/{number}/target_date", "in_the_past.plan")
    problems.raise_if_any()


def _get_for_update(plan_id: UUID, revision: int | None) -> TreatmentPlan:
    plan = TreatmentPlan.objects.select_for_update(of=("self",)).filter(pk=plan_id).first()
    if plan is None:
        raise NotFound
    if not plan.is_active:
        raise PlanEnded
    check_revision(plan, revision)
    return plan


def _fill(plan: TreatmentPlan, content: PlanContent) -> None:
    plan.problem, plan.techniques = content.problem.strip(), list(dict.fromkeys(content.techniques))
    plan.sessions, plan.weeks, plan.minutes = content.sessions, content.weeks, content.minutes
    plan.review_on = content.review_on


def _write_goals(plan: TreatmentPlan, content: PlanContent) -> None:
    PlanGoal.objects.bulk_create(
        PlanGoal(
            clinic_id=plan.clinic_id,
            plan=plan,
            number=number,
            measure=goal.measure.strip(),
            target=goal.target.strip(),
            target_date=goal.target_date,
        )
        for number, goal in enumerate(content.goals)
    )
