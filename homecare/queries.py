"""Reads of home programmes that pages, tasks and the API share."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Exists, Max, Min, OuterRef, Prefetch, Q

import catalogue
from homecare import labels, progress_charts, rules
from homecare.models import CheckIn, Programme, Step, StepAnswer, Version, facts_of
from homecare.programmes import progress
from patients.queries import identities, zone_of
from worklist.models import Item
from worklist.rules import ITSELF


def current_version(programme: Programme) -> tuple[Version | None, list[Step]]:
    """Return the newest version and its steps in order; (None, []) before the first."""
    return current_versions([programme]).get(programme.pk, (None, []))


def current_versions(programmes: Collection[Programme]) -> dict[UUID, tuple[Version | None, list[Step]]]:
    """Return each programme's newest version and its steps in order, in two queries; none of it before the first."""
    newest = Version.objects.filter(programme__in=programmes).order_by("programme", "-number").distinct("programme")
    steps = Prefetch("steps", Step.objects.order_by("position"))
    return {version.programme_id: (version, list(version.steps.all())) for version in newest.prefetch_related(steps)}


def daily_pains(programme: Programme, *, since: date) -> dict[date, int]:
    """Day to the worst pain that was answered."""
    rows = CheckIn.objects.filter(programme=programme, local_date__gte=since).exclude(pain=None)
    return {day: pain for day, pain in rows.values_list("local_date", "pain") if pain is not None}


def last_answers(*, until: date) -> list[tuple[Programme, date | None]]:
    """
    Running programmes that remind of something, with the day of their last check-in.

    :param until: only those whose last check-in was on this day or before, or that have none
    """
    lately = CheckIn.objects.filter(programme=OuterRef("pk"), local_date__gt=until)
    running = Programme.objects.active().filter(~Exists(lately), reminders__channels__len__gt=0)
    running = running.select_related("patient__clinic").annotate(last_on=Max("check_ins__local_date"))
    return [(programme, programme.last_on) for programme in running]


def is_listed(kind: str, programme: Programme, *, at: datetime) -> bool:
    """Whether the worklist has it already, open, or done so lately that it should not come again at once."""
    return programme.pk in find_listed(kind, [programme.pk], at=at)


def find_listed(kind: str, programme_ids: Iterable[UUID], *, at: datetime) -> set[UUID]:
    """Return which of these programmes `is_listed` is true of, in one query."""
    lately = Q(done_at__gt=at - timedelta(days=rules.SILENT_DAYS)) & ~Q(outcome=ITSELF)
    items = Item.objects.filter(Q(done_at=None) | lately, kind=kind, about_id__in=list(programme_ids))
    return set(items.values_list("about_id", flat=True))


def has_recent_item(kind: str, programme: Programme, *, at: datetime, within: timedelta) -> bool:
    """Whether somebody has dealt with it in this time; what settled by itself was dealt with by nobody."""
    recent_items = Item.objects.filter(kind=kind, about_id=programme.pk, done_at__gt=at - within)
    return recent_items.exclude(outcome=ITSELF).exists()


# --- How it goes ----------------------------------------------------------------------------------------------


@dataclass
class StepCourse:
    """One step through the versions: its newest form, its weeks, what the ladder offers next."""

    step: Step
    weeks: list[progress.Week]
    moves: list[str] = field(default_factory=list)
    told: dict[str, Any] = field(default_factory=dict)


@dataclass
class HowItGoes:
    """
    All that a therapist sees before the next session.

    :ivar regress: codes of reasons to ask less
    :ivar spots: the last days on which tender spots were found, and where
    :ivar ticked: of each line of a checklist, on how many days it was ticked, of so many on which any was
    :ivar calendar, pain_line: the last weeks as charts
    :ivar days_answered: on how many days something was answered, of so many
    """

    courses: list[StepCourse]
    week_facts: list[progress.WeekFacts]
    may_progress: bool
    regress: list[str]
    check_ins: list[CheckIn]
    after_needling: list[CheckIn]
    days_answered: int
    days: int
    last_on: date | None
    spots: list[tuple[date, list[str]]]
    ticked: list[tuple[str, int, int]]
    calendar: list[list[progress_charts.Day]]
    pain_line: progress_charts.PainLine | None


SPOT_DAYS = 3
SORE_LATELY = timedelta(days=10)  # what was felt after a needling longer ago says nothing of today


def after_needling(clinic_id: UUID, patient_id: UUID) -> list[CheckIn]:
    """What the patient answered after needling, newest first."""
    people = identities(clinic_id=clinic_id, patient_id=patient_id)
    return list(CheckIn.objects.filter(patient_id__in=people, session__isnull=False).order_by("-answered_at")[:10])


def summarize_progress(programme: Programme, *, today: date) -> HowItGoes:
    """Adherence per step and week, the answers, and what they suggest. So many queries, however long it runs."""
    _version, steps = current_version(programme)
    first = programme.started_on or today
    answers = _answers(programme)
    courses = []
    since = _first_days(programme)
    for step in steps:
        answers_of_step = [(day, a.done, a.reason) for day, a in answers.get(step.lasting, [])]
        # A step that came with a later version was not asked before it.
        begins = max(first, since.get(step.lasting, first))
        per_week = step.days_per_week  # type: ignore[attr-defined] # a dose column
        course = progress.weeks(answers_of_step, days_per_week=per_week, first=first, last=today, begins=begins)
        facts = facts_of(step)
        allowed = catalogue.MUSCLES[step.muscle_id]["self_pressure"]["tools"] if step.muscle_id else None
        moves = [labels.move(*move) for move in progress.next_moves(facts, tools=allowed)]
        courses.append(StepCourse(step, course, moves, labels.describe_step(facts)))
    check_ins = list(CheckIn.objects.filter(programme=programme).order_by("-local_date"))
    week_by_week = week_facts(programme, courses, answers, check_ins, today)
    sore = after_needling(programme.clinic_id, programme.patient_id)
    recent = [c for c in check_ins if c.local_date > today - timedelta(days=7)]
    regress = progress.should_regress(
        sorted((c.local_date, c.pain) for c in recent if c.pain is not None),
        baseline_pain=programme.baseline_pain,
        sore_h=[
            (c.after_h or 0, c.soreness) for c in sore if c.soreness is not None and c.local_date > today - SORE_LATELY
        ],
        new_symptoms=any(c.wrong for c in recent),
    )
    return HowItGoes(
        courses=courses,
        week_facts=week_by_week,
        may_progress=not regress and progress.may_progress(week_by_week[-2:], programme.baseline_pain),
        regress=regress,
        check_ins=check_ins,
        after_needling=sore,
        days_answered=len(check_ins),
        days=(today - first).days + 1,
        last_on=check_ins[0].local_date if check_ins else None,
        spots=_spots(answers),
        ticked=_count_ticks(courses, answers),
        calendar=progress_charts.mark_days(
            [(day, answer.done) for of_step in answers.values() for day, answer in of_step], first=first, today=today
        ),
        pain_line=progress_charts.draw_pain({c.local_date: c.pain for c in check_ins if c.pain is not None}),
    )


def _spots(answers: dict[UUID, list[tuple[date, StepAnswer]]]) -> list[tuple[date, list[str]]]:
    spots_by_day = [(day, a.spots) for day_answers in answers.values() for day, a in day_answers if a.spots]
    spots_by_day.sort(key=lambda one: one[0], reverse=True)
    return [(day, [labels.spot_of(spot) for spot in spots]) for day, spots in spots_by_day[:SPOT_DAYS]]


def _count_ticks(
    courses: Sequence[StepCourse], answers: dict[UUID, list[tuple[date, StepAnswer]]]
) -> list[tuple[str, int, int]]:
    counts = []
    for course in courses:
        checklists = [a.checked for _day, a in answers.get(course.step.lasting, []) if a.checked]
        for code, word in course.told["checklist"] if checklists else ():
            counts.append((word, sum(code in checked for checked in checklists), len(checklists)))
    return counts


def _first_days(programme: Programme) -> dict[UUID, date]:
    """Lasting step to the day of the first version that had it."""
    zone = zone_of(programme.patient)
    rows = Step.objects.filter(version__programme=programme).values_list("lasting").annotate(Min("version__made_at"))
    return {lasting: made_at.astimezone(zone).date() for lasting, made_at in rows}


def _answers(programme: Programme) -> dict[UUID, list[tuple[date, StepAnswer]]]:
    """Lasting step to its answers with their days."""
    answers_by_step: dict[UUID, list[tuple[date, StepAnswer]]] = {}
    rows = StepAnswer.objects.filter(check_in__programme=programme).select_related("check_in", "step")
    for answer in rows.order_by("check_in__local_date"):
        answers_by_step.setdefault(answer.step.lasting, []).append((answer.check_in.local_date, answer))
    return answers_by_step


def week_facts(
    programme: Programme,
    courses: Sequence[StepCourse],
    answers: dict[UUID, list[tuple[date, StepAnswer]]],
    check_ins: Sequence[CheckIn],
    today: date,
) -> list[progress.WeekFacts]:
    """The whole weeks of a programme, oldest first."""
    first = programme.started_on or today
    facts = []
    pressed = {c.step.lasting for c in courses if rules.EXERCISES[c.step.exercise].presses}
    for number in range(((today - first).days + 1) // 7):
        start = first + timedelta(days=7 * number)
        days = [start + timedelta(days=d) for d in range(7)]
        own = [c.weeks[number] for c in courses if number < len(c.weeks)]
        prescribed = sum(w.prescribed for w in own)
        pains = [c.pain for c in check_ins if c.local_date in days and c.pain is not None]
        felt = [
            a.discomfort
            for key in pressed
            for day, a in answers.get(key, [])
            if day in days and a.discomfort is not None
        ]
        answered = any(c.local_date in days for c in check_ins)
        # What was done more often than asked makes up for no other step.
        done_count = sum(min(w.done, w.prescribed) for w in own)
        adherence = done_count / prescribed if prescribed and answered else None
        facts.append(progress.WeekFacts(adherence, max(pains, default=None), max(felt, default=None)))
    return facts
