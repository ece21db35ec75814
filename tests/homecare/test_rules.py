from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homecare import progress, rules

RATINGS = {"trapezius_upper": "ok", "scalenes": "no", "scm_sternal": "caution"}


def press(**fields):
    guide = {"hold_s": 45, "intensity_from": 5, "intensity_to": 6, "repetitions": 2, "times_per_day": 2}
    dose = guide | fields.pop("dose", {})
    return {"exercise": "self_pressure", "muscle": "trapezius_upper", "side": "right", "dose": dose} | fields


def codes(step, **options):
    return [(e.pointer, e.code) for e in rules.check_steps([step], ratings=RATINGS, **options).errors]


def test_the_starter_programme_is_right_as_it_is():
    steps = rules.starter([{"muscle": "trapezius_upper", "side": "right"}])

    assert rules.check_steps(steps, ratings=RATINGS, is_template=True).errors == []
    assert [s["exercise"] for s in steps] == rules.STARTER
    guide = next(s for s in steps if s["exercise"] == "self_pressure")
    assert guide["dose"] == {"hold_s": 45, "intensity_from": 5, "intensity_to": 6}


@pytest.mark.parametrize("value", [30, 45])
def test_the_guides_hold_passes(value):
    assert codes(press(dose={"hold_s": value})) == []


@pytest.mark.parametrize("value", [1, 29, 46, 120])
def test_another_hold_wants_a_reason(value):
    step = press(dose={"hold_s": value})
    assert codes(step) == [("/steps/0/dose/hold_s", "reason_required")]
    assert codes(step, is_template=True) == []
    assert codes({**step, "limit_reasons": {"hold_s": "Tolerates it well."}}) == []


@pytest.mark.parametrize(("name", "value"), [("hold_s", 121), ("intensity_to", 8), ("intensity_from", 9)])
def test_what_is_blocked_is_blocked_with_a_reason_too(name, value):
    step = press(dose={name: value}, limit_reasons={name: "But still."})
    assert (f"/steps/0/dose/{name}", "out_of_range") in codes(step)


def test_only_where_the_catalogue_allows():
    assert codes(press(muscle="scalenes")) == [("/steps/0/muscle", "not_for_self_pressure")]
    assert codes(press(muscle="scm_sternal")) == []
    assert codes(press(muscle=None, side=None)) == [("/steps/0/muscle", "required")]
    dose = {"hold_s": 30, "repetitions": 3}
    assert codes({"exercise": "stretch", "muscle": "scalenes", "side": "left", "dose": dose}) == []


def test_the_catalogue_itself_forbids_some_muscles():
    from homecare import content

    ratings = content.ratings()
    assert set(ratings.values()) == {"ok", "caution", "no"}
    forbidden = [m for m, rating in ratings.items() if rating == "no"]
    for muscle in forbidden:
        step = press(muscle=muscle)
        assert rules.check_steps([step], ratings=ratings).errors[0].code == "not_for_self_pressure"


def test_a_step_says_what_is_wrong_with_it():
    assert codes({"exercise": "swim"}) == [("/steps/0/exercise", "invalid_choice")]
    assert codes(press(side="middle")) == [("/steps/0/side", "required")]
    assert codes(press(tool="band")) == [("/steps/0/tool", "invalid_choice")]
    assert codes({"exercise": "own", "cue": " ", "dose": {"sets": 1}}) == [("/steps/0/cue", "required")]
    scan = {"exercise": "scan", "dose": {"duration_s": 60, "hold_s": 3}}
    assert codes(scan) == [("/steps/0/dose/hold_s", "not_of_exercise")]
    assert codes(press(dose={"intensity_from": 6, "intensity_to": 5})) == [
        ("/steps/0/dose/intensity_to", "out_of_range")
    ]


def test_every_suggestion_lies_within_its_limits_and_has_a_source():
    for exercise in rules.EXERCISES.values():
        for name, limits in exercise.dose.items():
            low, high = limits.block or rules.FIELDS[name].slip
            assert rules.FIELDS[name].slip[0] <= low <= high <= rules.FIELDS[name].slip[1]
            if limits.suggested:
                assert limits.source
                assert low <= limits.suggested[0] <= limits.suggested[1] <= high
            if limits.soft:
                assert low <= limits.soft[0] <= limits.soft[1] <= high


def test_every_exercise_has_its_drawings():
    from homecare.words import drawing

    for exercise in rules.EXERCISES.values():
        for name in exercise.drawings:
            svg = str(drawing(name))
            assert svg.startswith("<svg")
            assert len(svg) < 2100
            assert "<text" not in svg
            assert "href" not in svg


# --- Adherence ------------------------------------------------------------------------------------------------

DAY = date(2026, 11, 2)
SAID = st.dictionaries(st.integers(0, 40), st.sampled_from(rules.DONE), max_size=41)


@given(said=SAID, per_week=st.none() | st.integers(1, 7), days=st.integers(1, 40))
def test_unknown_is_not_no(said, per_week, days):
    answers = [(DAY + timedelta(days=n), done, "forgot" if done == "no" else "") for n, done in said.items()]
    last = DAY + timedelta(days=days - 1)

    weeks = progress.weeks(answers, days_per_week=per_week, first=DAY, last=last)

    counted = [n for n in said if n < days]
    assert sum(w.done + w.partly + w.not_done for w in weeks) == len(counted)
    assert sum(w.not_done for w in weeks) == sum(said[n] == "no" for n in counted)
    for week in weeks:
        assert week.unknown >= 0
        assert week.ratio is None or 0 <= week.ratio <= 1
        assert week.prescribed <= 7
    if not counted:
        assert all(w.unknown == w.prescribed for w in weeks)


def test_four_days_a_week_are_whole_with_four():
    answers = [(DAY + timedelta(days=n), "yes", "") for n in (0, 2, 4, 6)]
    (week,) = progress.weeks(answers, days_per_week=4, first=DAY, last=DAY + timedelta(days=6))

    assert (week.prescribed, week.done, week.unknown, week.ratio) == (4, 4, 0, 1.0)


# --- Suggestions ----------------------------------------------------------------------------------------------


def facts(adherence=None, pain=None, discomfort=None):
    return progress.WeekFacts(adherence, pain, discomfort)


@pytest.mark.parametrize(
    ("weeks", "expected"),
    [
        ([facts(0.7, 5), facts(0.9, 5)], True),
        ([facts(0.7, 5), facts(0.69, 5)], False),
        ([facts(0.9, 8), facts(0.9, 5)], False),
        ([facts(None, 5, 4), facts(None, 5, 4)], True),
        ([facts(0.9), facts(0.9)], False),  # one sign is not two, and unknown is no sign
        ([facts(0.9, 5, 3)], False),  # one week is not two
    ],
)
def test_when_more_is_suggested(weeks, expected):
    assert progress.may_progress(weeks, baseline_pain=4) is expected


def test_without_a_baseline_pain_is_no_sign():
    assert progress.may_progress([facts(0.9, 1)] * 2, baseline_pain=None) is False


@pytest.mark.parametrize(
    ("pains", "sore", "new", "expected"),
    [
        ([(DAY, 6), (DAY + timedelta(days=1), 6)], [], False, ["pain_up_over_24_h"]),
        ([(DAY, 6), (DAY + timedelta(days=2), 6)], [], False, []),
        ([(DAY, 5), (DAY + timedelta(days=1), 5)], [], False, []),
        ([], [(72, 1)], False, ["sore_after_72_h"]),
        ([], [(72, 0), (48, 6)], False, []),
        ([], [], True, ["new_symptoms"]),
    ],
)
def test_when_less_is_suggested(pains, sore, new, expected):
    assert progress.should_regress(pains, baseline_pain=4, sore_h=sore, new_symptoms=new) == expected


def test_the_ladder_goes_one_step_and_one_variable_at_a_time():
    step = press(tool="soft_ball", dose={"repetitions": 1})
    assert progress.next_moves(step) == [("tool", "soft_ball", "medium_roller"), ("repetitions", 1, 2)]
    assert progress.next_moves(press(tool="firm_ball", dose={"repetitions": 3})) == []
    assert progress.next_moves({"exercise": "chin_tuck", "tool": "lying"}) == [("tool", "lying", "head_lift")]
    assert progress.next_moves({"exercise": "scapular_retraction", "tool": "band"}) == [
        ("tool", "band", "prone_weights")
    ]


# --- What cannot wait -----------------------------------------------------------------------------------------


@given(st.dictionaries(st.integers(0, 6), st.integers(0, 10)), st.integers(0, 10))
def test_pain_is_up_only_if_each_of_three_days_says_so(pains, baseline):
    by_day = {DAY + timedelta(days=n): pain for n, pain in pains.items()}
    today = DAY + timedelta(days=6)

    expected = all(pains.get(n, -1) >= baseline + 2 for n in (4, 5, 6))
    assert progress.pain_is_up(by_day, baseline_pain=baseline, today=today) is expected


@pytest.mark.parametrize(("days", "expected"), [(13, False), (14, True)])
def test_silent_after_fourteen_days(days, expected):
    today = DAY + timedelta(days=days)
    assert progress.is_silent(started_on=DAY, last_answer_on=None, today=today) is expected
    assert progress.is_silent(started_on=DAY - timedelta(days=60), last_answer_on=DAY, today=today) is expected


def test_what_follows_from_an_answer():
    assert rules.rows_for(["chest", "needed_help", "tingling"]) == {
        "red_flag": ["chest"],
        "adverse_event": ["needed_help"],
    }
    said = [["tingling"], ["fever"], ["pulse_felt", "tingling"]]
    assert [progress.is_stop_sign(wrong) for wrong in said] == [True, False, True]


def test_every_alarm_has_its_row_and_its_words():
    from worklist import rules as worklist
    from worklist.web.words import ANSWERS, KINDS, OUTCOMES

    kinds = set(rules.rows_for(list(rules.WRONG)))
    assert kinds <= set(worklist.KINDS)
    assert set(KINDS) == set(worklist.KINDS)
    assert set(OUTCOMES) == {*worklist.OUTCOMES, worklist.ITSELF}
    named = {c for c, w in rules.WRONG.items() if w.urgency != rules.STOP_SIGN}
    assert named == set(ANSWERS)


def test_dose_in_words():
    from homecare import words

    assert words.dose_of(press(tool="soft_ball", dose={"repetitions": 2, "times_per_day": None})) == (
        "a soft ball, hold 45 seconds, 5 to 6 out of 10, 2 times"
    )
    assert words.stop_of(press()).startswith("Stop if it is more than 6 out of 10, ")
    assert words.dose_of({"exercise": "scan", "dose": {}}) == ""
