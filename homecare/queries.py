"""Reads of home programmes that pages, tasks and the API share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils import timezone

from homecare import progress, rules, words
from homecare.models import CheckIn, Programme, Step, StepAnswer, Version, facts_of
from worklist.models import Item


def current_version(programme: Programme) -> tuple[Version | None, list[Step]]:
    """The newest version and its steps in order; (None, []) before the first."""
    version = Version.objects.filter(programme=programme).order_by("-number").first()
    if version is None:
        return None, []
    return version, list(Step.objects.filter(version=version).order_by("position"))


def daily_pains(programme: Programme, *, since: date) -> dict[date, int]:
    """Day to the worst pain that was answered."""
    rows = CheckIn.objects.filter(programme=programme, local_date__gte=since).exclude(pain=None)
    return {day: pain for day, pain in rows.values_list("local_date", "pain") if pain is not None}


def last_answers() -> list[tuple[Programme, date | None]]:
    """Running programmes with the day of their last check-in."""
    running = Programme.objects.active().annotate(last_on=Max("check_ins__local_date"))
    return [(programme, programme.last_on) for programme in running]


def is_listed(kind: str, programme: Programme, *, within: timedelta = timedelta(days=rules.SILENT_DAYS)) -> bool:
    """Whether the worklist has it already, open, or done so lately that it should not come again at once."""
    items = Item.objects.filter(kind=kind, about_id=programme.pk)
    newest = items.order_by("-since").first()
    return newest is not None and (newest.done_at is None or newest.since > timezone.now() - within)


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
    :ivar days_answered: on how many days something was answered, of so many
    """

    courses: list[StepCourse]
    week_facts: list[progress.WeekFacts]
    may_progress: bool
    regress: list[str]
    check_ins: list[CheckIn]
    days_answered: int
    days: int
    last_on: date | None


def how_it_goes(programme: Programme, *, today: date, weeks: int = 6) -> HowItGoes:
    """Adherence per step and week, the answers, and what they suggest. Six queries, however long it runs."""
    _version, steps = current_version(programme)
    first = programme.started_on or today
    answers = _answers(programme)
    courses = []
    for step in steps:
        said = [(day, a.done, a.reason) for day, a in answers.get(step.lasting, [])]
        course = progress.weeks(said, days_per_week=step.days_per_week, first=first, last=today)  # type: ignore[attr-defined] # a dose column
        facts = facts_of(step)
        moves = [words.move(*move) for move in progress.next_moves(facts)]
        courses.append(StepCourse(step, course, moves, words.told(facts)))
    check_ins = list(CheckIn.objects.filter(programme=programme).order_by("-local_date"))
    week_by_week = week_facts(programme, courses, answers, check_ins, today)
    sore = CheckIn.objects.filter(patient_id=programme.patient_id, session__isnull=False, soreness__isnull=False)
    recent = [c for c in check_ins if c.local_date > today - timedelta(days=7)]
    regress = progress.should_regress(
        sorted((c.local_date, c.pain) for c in recent if c.pain is not None),
        baseline_pain=programme.baseline_pain,
        sore_h=[(c.after_h or 0, c.soreness or 0) for c in sore.order_by("-id")[:3]],
        new_symptoms=any(c.wrong for c in recent),
    )
    return HowItGoes(
        courses=courses,
        week_facts=week_by_week,
        may_progress=not regress and progress.may_progress(week_by_week[-2:], programme.baseline_pain),
        regress=regress,
        check_ins=check_ins,
        days_answered=len(check_ins),
        days=(today - first).days + 1,
        last_on=check_ins[0].local_date if check_ins else None,
    )


def _answers(programme: Programme) -> dict[UUID, list[tuple[date, StepAnswer]]]:
    """Lasting step to its answers with their days."""
    found: dict[UUID, list[tuple[date, StepAnswer]]] = {}
    rows = StepAnswer.objects.filter(check_in__programme=programme).select_related("check_in", "step")
    for answer in rows.order_by("check_in__local_date"):
        found.setdefault(answer.step.lasting, []).append((answer.check_in.local_date, answer))
    return found


def week_facts(
    programme: Programme,
    courses: Sequence[StepCourse],
    answers: dict[UUID, list[tuple[date, StepAnswer]]],
    check_ins: Sequence[CheckIn],
    today: date,
) -> list[progress.WeekFacts]:
    """The whole weeks of a programme, oldest first."""
    first = programme.started_on or today
    found = []
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
        adherence = sum(w.done for w in own) / prescribed if prescribed and answered else None
        found.append(progress.WeekFacts(adherence, max(pains, default=None), max(felt, default=None)))
    return found
