"""A dot a day and a line of pain. What nobody answered is unknown, never a "no"."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from homecare import progress_charts as charts

FRIDAY = date(2026, 11, 27)


def marks(answers, *, first=date(2026, 11, 23), today=FRIDAY):
    weeks = charts.mark_days(answers, first=first, today=today)
    return {day.on: day.mark for week in weeks for day in week}


@pytest.mark.parametrize(
    ("done", "mark"),
    [
        (["yes", "yes"], charts.ALL),
        (["yes", "no"], charts.SOME),
        (["partial"], charts.SOME),
        (["no", "no"], charts.NONE),
        ([], charts.UNKNOWN),
    ],
)
def test_a_day_is_marked_by_its_answers(done, mark):
    assert marks([(FRIDAY, answer) for answer in done])[FRIDAY] == mark


def test_days_before_the_programme_and_after_today_have_no_dot():
    by_day = marks([], first=date(2026, 11, 25))

    assert by_day[date(2026, 11, 24)] == by_day[date(2026, 11, 28)] == charts.AHEAD
    assert by_day[date(2026, 11, 25)] == charts.UNKNOWN


def test_the_weeks_are_whole_begin_on_mondays_and_are_the_last_four():
    weeks = charts.mark_days([], first=FRIDAY - timedelta(days=200), today=FRIDAY)

    assert [len(week) for week in weeks] == [7, 7, 7, 7]
    assert {week[0].on.weekday() for week in weeks} == {0}
    assert weeks[-1][4].on == FRIDAY


def test_pain_is_a_line_of_at_least_two_days_within_its_frame():
    drawn = charts.draw_pain({FRIDAY: 0, FRIDAY - timedelta(days=3): 10, FRIDAY - timedelta(days=1): 4})

    assert (drawn.first, drawn.last) == (10, 0)
    assert [x for x, _y in drawn.points] == sorted(x for x, _y in drawn.points)
    assert all(0 < x < drawn.width and 0 < y < drawn.height for x, y in drawn.points)
    assert charts.draw_pain({FRIDAY: 3}) is None
