"""How it goes at home as small charts: a dot a day, and pain as a line. Drawn on the server, with words behind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

# How much of a day's steps was done; what nobody answered is unknown, not "no".
ALL, SOME, NONE, UNKNOWN, AHEAD = "all", "some", "none", "unknown", "ahead"
WEEKS = 4
WIDTH, HEIGHT, LEFT, RIGHT, EDGE = 260, 64, 20, 20, 10
MOST_PAIN = 10


@dataclass(frozen=True)
class Day:
    on: date
    mark: str


@dataclass(frozen=True)
class PainLine:
    """The worst pain of each answered day; coordinates are the SVG's own."""

    points: list[tuple[float, float]]
    days: list[tuple[date, int]]
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def line(self) -> str:
        return " ".join(f"{x},{y}" for x, y in self.points)

    @property
    def first(self) -> int:
        return self.days[0][1]

    @property
    def last(self) -> int:
        return self.days[-1][1]


def mark_days(answers: Iterable[tuple[date, str]], *, first: date, today: date) -> list[list[Day]]:
    """
    Return the last weeks, Monday first, each day with how much of its steps was done.

    :param answers: day and `yes`, `partial` or `no` of each answered step
    :param first: the programme's first day; days before it and after today are "ahead", without a dot
    """
    by_day: dict[date, list[str]] = {}
    for day, done in answers:
        by_day.setdefault(day, []).append(done)
    monday = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    monday = max(monday, first - timedelta(days=first.weekday()))
    weeks = []
    while monday <= today:
        days = [monday + timedelta(days=number) for number in range(7)]
        weeks.append([Day(day, _mark(by_day.get(day), is_asked=first <= day <= today)) for day in days])
        monday += timedelta(days=7)
    return weeks


def _mark(done: Sequence[str] | None, *, is_asked: bool) -> str:
    if not is_asked:
        return AHEAD
    if not done:
        return UNKNOWN
    if all(answer == "yes" for answer in done):
        return ALL
    return NONE if all(answer == "no" for answer in done) else SOME


def draw_pain(pains: Mapping[date, int]) -> PainLine | None:
    """Return the line, oldest first; None for fewer than two days, which show no course."""
    days = sorted(pains.items())
    if len(days) < 2:
        return None
    start, span = days[0][0], max((days[-1][0] - days[0][0]).days, 1)
    points = [
        (
            round(LEFT + (day - start).days / span * (WIDTH - LEFT - RIGHT), 1),
            round(EDGE + (MOST_PAIN - pain) / MOST_PAIN * (HEIGHT - 2 * EDGE), 1),
        )
        for day, pain in days
    ]
    return PainLine(points, days)
