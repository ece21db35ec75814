"""Limits of a treatment plan, what is on plan, and the evidence about session length. Plain tables and functions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

ACTIVE, ENDED = "active", "ended"
STATUSES = [ACTIVE, ENDED]
REACHED = ["yes", "partly", "no", "not_measured"]
# Technical: what can be booked (`scheduling.rules`; a test compares them).
SESSIONS = (1, 60)
WEEKS = (1, 26)
MINUTES = (5, 480)
GOALS_MOST = 6
TEXT_MOST = 2000
LINE_MOST = 200

# "Eight sessions over four weeks" (the source guide). The minutes are those of the trial's longer sessions.
EIGHT_OVER_FOUR = {"sessions": 8, "weeks": 4, "minutes": 60}
SHORT_MINUTES = 30  # the sessions that were no better than the wait list in Sherman 2014
EVIDENCE = (
    "Massage, 228 people, 4 weeks: sessions of 30 minutes, 2 or 3 times a week, were no better than a waiting list. "
    "With 60 minutes, 2 times a week, a gain of 5 points or more in the neck disability index was 3.41 times as likely."
)
SOURCE = "Sherman et al., Ann Fam Med 2014;12:112"


@dataclass(frozen=True)
class PlannedGoal:
    """
    What is to be better by when.

    :ivar measure: what is measured: "Turn the head to the right"
    :ivar target: the value that is aimed for: "70 degrees"
    """

    measure: str
    target: str
    target_date: date | None = None


@dataclass(frozen=True)
class PlanContent:
    """What a plan says."""

    problem: str
    sessions: int
    weeks: int
    minutes: int
    techniques: tuple[str, ...] = ()
    goals: tuple[PlannedGoal, ...] = ()
    review_on: date | None = None
    starts_on: date | None = None


@dataclass(frozen=True)
class PlanResult:
    """
    How a plan ended.

    :ivar reached: by the goal's id, one of REACHED
    """

    reached: dict[UUID, str] = field(default_factory=dict)
    summary: str = ""


@dataclass(frozen=True)
class Progress:
    """How many sessions were given, and how many would have been by now at an even pace."""

    given: int
    expected: int
    planned: int

    @property
    def is_kept(self) -> bool:
        return self.given >= self.expected


def judge_progress(*, given: int, sessions: int, weeks: int, starts_on: date, today: date) -> Progress:
    """Compare what was given with an even pace: whole sessions only, so that the first weeks are not behind at once."""
    days = max((today - starts_on).days, 0)
    return Progress(given, min(sessions, sessions * days // (7 * weeks)), sessions)


def is_short_massage(techniques: tuple[str, ...] | list[str], minutes: int) -> bool:
    """Whether the evidence about session length speaks against this length."""
    return "massage" in techniques and minutes <= SHORT_MINUTES
