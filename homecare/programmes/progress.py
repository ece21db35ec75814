"""
How it goes at home: adherence, what a therapist may think of changing, and what cannot wait.

Source: domain facts 8.2 (progression and regression, a proposal that clinicians are to review), 8.3 and 8.4. All of it
is shown, with its reasons; nothing here changes a programme.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from homecare import rules

# --- Adherence ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Week:
    """One step in one week. What was not answered is unknown, not "no"."""

    starts_on: date
    prescribed: int
    done: int
    partly: int
    not_done: int
    reasons: Mapping[str, int] = field(default_factory=dict)

    @property
    def unknown(self) -> int:
        return max(0, self.prescribed - self.done - self.partly - self.not_done)

    @property
    def ratio(self) -> float | None:
        """Completed by prescribed; None if nothing was prescribed."""
        return min(1.0, self.done / self.prescribed) if self.prescribed else None


def count_prescribed_days(days_per_week: int | None, days_of_week: int) -> int:
    """How many days of a week (maybe a part of one) a step is prescribed on; every day if nothing is said."""
    return days_of_week if days_per_week is None else min(days_of_week, days_per_week)


def weeks(
    answers: Iterable[tuple[date, str, str]],
    *,
    days_per_week: int | None,
    first: date,
    last: date,
    begins: date | None = None,
) -> list[Week]:
    """
    A step's weeks, oldest first, counted from the day the programme began.

    :param answers: (day, done, reason) of the days that were answered
    :param begins: the day from which on the step was asked; nothing is prescribed before it
    :param last: the last day to count; a week that has begun counts its days so far
    """
    by_day = {day: (completion, reason) for day, completion, reason in answers if first <= day <= last}
    weeks_of_step = []
    start = first
    while start <= last:
        end = min(start + timedelta(days=6), last)
        answers_of_week = [by_day[day] for day in sorted(by_day) if start <= day <= end]
        reasons: dict[str, int] = {}
        for completion, reason in answers_of_week:
            if completion != "yes" and reason:
                reasons[reason] = reasons.get(reason, 0) + 1
        counts = {code: sum(completion == code for completion, _ in answers_of_week) for code in rules.DONE}
        asked_days = max(0, (end - max(start, begins or start)).days + 1)
        prescribed = count_prescribed_days(days_per_week, asked_days)
        weeks_of_step.append(Week(start, prescribed, counts["yes"], counts["partial"], counts["no"], reasons))
        start += timedelta(days=7)
    return weeks_of_step


# --- Suggestions ----------------------------------------------------------------------------------------------

PROGRESS_ADHERENCE = 0.7
PROGRESS_PAIN = 1  # not higher than the baseline and this
PROGRESS_DISCOMFORT = 4
REGRESS_PAIN = 2
PAIN_UP, PAIN_UP_DAYS = 2, 3


@dataclass(frozen=True)
class WeekFacts:
    """What one week of a programme came to; None is unknown."""

    adherence: float | None
    worst_pain: int | None
    discomfort: int | None

    def signs(self, baseline_pain: int | None) -> dict[str, bool | None]:
        """The signs of progress: True, False, or None where nobody knows."""
        pain = None
        if self.worst_pain is not None and baseline_pain is not None:
            pain = self.worst_pain <= baseline_pain + PROGRESS_PAIN
        return {
            "adherence": None if self.adherence is None else self.adherence >= PROGRESS_ADHERENCE,
            "pain": pain,
            "discomfort": None if self.discomfort is None else self.discomfort <= PROGRESS_DISCOMFORT,
        }


def may_progress(last_two: Sequence[WeekFacts], baseline_pain: int | None) -> bool:
    """At least two of the three signs, in each of two weeks that follow each other. What is unknown is no sign."""
    if len(last_two) != 2:
        return False
    return all(sum(sign is True for sign in week.signs(baseline_pain).values()) >= 2 for week in last_two)


def should_regress(
    pains: Sequence[tuple[date, int]],
    *,
    baseline_pain: int | None,
    sore_h: Sequence[tuple[int, int]],
    new_symptoms: bool,
) -> list[str]:
    """
    Why less may be better now; empty if there is no reason.

    :param pains: (day, worst pain) of the last days, oldest first
    :param sore_h: (hours after needling, soreness 0 to 10)
    """
    reasons = []
    if baseline_pain is not None:
        high = [day for day, pain in pains if pain >= baseline_pain + REGRESS_PAIN]
        if any(later - earlier == timedelta(days=1) for earlier, later in pairwise(high)):
            reasons.append("pain_up_over_24_h")
    if any(hours >= 72 and soreness > 0 for hours, soreness in sore_h):
        reasons.append("sore_after_72_h")
    if new_symptoms:
        reasons.append("new_symptoms")
    return reasons


def next_moves(step: Mapping[str, Any], *, tools: Sequence[str] | None = None) -> list[tuple[str, Any, Any]]:
    """
    How one step could be made harder: (what, from, to). Only one variable at a time: these are alternatives.

    :param tools: what the step's muscle may be pressed with; None: any

    Ladder: a firmer tool; 1 to 3 repeats; chin tuck lying, then head lift, then sitting; band, then prone weights.
    """
    exercise = rules.EXERCISES[step["exercise"]]
    moves: list[tuple[str, Any, Any]] = []
    allowed = exercise.ladder if tools is None or not exercise.presses else tools
    ladder, tool = [rung for rung in exercise.ladder if rung in allowed], step.get("tool")
    if tool in ladder[:-1]:
        moves.append(("tool", tool, ladder[ladder.index(tool) + 1]))
    repeats = (step.get("dose") or {}).get("repetitions")
    if exercise.presses and repeats is not None and 1 <= repeats < 3:
        moves.append(("repetitions", repeats, repeats + 1))
    return moves


# --- What cannot wait -----------------------------------------------------------------------------------------


def pain_is_up(pains: Mapping[date, int], *, baseline_pain: int | None, today: date) -> bool:
    """Worst pain up by 2 or more against the baseline on each of the last 3 days."""
    if baseline_pain is None:
        return False
    days = [today - timedelta(days=back) for back in range(PAIN_UP_DAYS)]
    return all(day in pains and pains[day] >= baseline_pain + PAIN_UP for day in days)


def is_silent(*, started_on: date, last_answer_on: date | None, today: date) -> bool:
    """No check-in for 14 days, counted from the start (or from when it went on again) if there was none since."""
    since = max(started_on, last_answer_on or started_on)
    return (today - since).days >= rules.SILENT_DAYS


def is_stop_sign(wrong: Sequence[str]) -> bool:
    """Whether a stop sign of self-pressure is among these answers; on two days, they are reason to stop."""
    return any(rules.WRONG[code].stop_sign for code in wrong if code in rules.WRONG)
