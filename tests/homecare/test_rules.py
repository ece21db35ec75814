from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

import catalogue
from homecare import rules
from homecare.programmes import progress

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


# --- Doses: limits, suggestions, slips ----------------------------------------------------------------------------


def wrong_values(step, **options):
    """What is wrong with what a step says; the doses that it does not say are tested elsewhere."""
    missing = ("/steps/0/dose", "required")
    return [
        found for found in codes(step, **options) if not (found[0].startswith(missing[0]) and found[1] == missing[1])
    ]


def with_dose(exercise, **dose):
    muscle = {"muscle": "trapezius_upper", "side": "left"} if exercise == "self_pressure" else {}
    return {"exercise": exercise, "cue": "In words.", "dose": dose, **muscle}


# Domain facts 8.1 (self-pressure) and 3.1 (stretching): (exercise, field, refused outside, a reason outside).
CLINICAL_LIMITS = [
    ("self_pressure", "hold_s", (1, 120), (30, 45)),
    ("self_pressure", "intensity_from", (0, 7), (5, 6)),
    ("self_pressure", "intensity_to", (0, 7), (5, 6)),
    ("stretch", "hold_s", (3, 180), (10, 60)),
    ("stretch", "repetitions", (1, 100), (1, 5)),
]


@pytest.mark.parametrize(("exercise", "name", "block", "soft"), CLINICAL_LIMITS)
def test_clinical_limits_hold_to_the_last_step(exercise, name, block, soft):
    at = f"/steps/0/dose/{name}"
    for value in soft:
        assert wrong_values(with_dose(exercise, **{name: value})) == []
    for value in (soft[0] - 1, soft[1] + 1):
        if block[0] <= value <= block[1]:
            assert wrong_values(with_dose(exercise, **{name: value})) == [(at, "reason_required")]
    for value in block:
        assert wrong_values({**with_dose(exercise, **{name: value}), "limit_reasons": {name: "Because."}}) == []
    for value in (block[0] - 1, block[1] + 1):
        step = {**with_dose(exercise, **{name: value}), "limit_reasons": {name: "Because."}}
        assert wrong_values(step) == [(at, "out_of_range")]
        assert wrong_values(step, is_template=True) == [(at, "out_of_range")]


# No clinical limits: beyond these the pen has slipped.
SLIPS = [
    ("scan", "duration_s", 1, 3600),
    ("own", "hold_s", 1, 600),
    ("own", "repetitions", 1, 100),
    ("own", "rest_s", 0, 600),
    ("own", "sets", 1, 20),
    ("own", "times_per_day", 1, 24),
    ("own", "days_per_week", 1, 7),
    ("own", "pain_max", 0, 10),
    ("ergonomics", "break_every_min", 1, 240),
]


@pytest.mark.parametrize(("exercise", "name", "low", "high"), SLIPS)
def test_a_slip_of_the_pen_is_refused(exercise, name, low, high):
    reasons = {"limit_reasons": {name: "As agreed with the patient."}}
    for value in (low, high):
        assert wrong_values({**with_dose(exercise, **{name: value}), **reasons}) == []
    for value in (low - 1, high + 1):
        assert wrong_values(with_dose(exercise, **{name: value})) == [(f"/steps/0/dose/{name}", "out_of_range")]


def test_the_scale_of_pressure_is_zero_to_ten():
    assert rules.FIELDS["intensity_from"].slip == rules.FIELDS["intensity_to"].slip == (0, 10)


@pytest.mark.parametrize("name", sorted(rules.FIELDS))
def test_the_unit_shown_is_the_one_in_the_name(name):
    assert rules.FIELDS[name].unit == {"s": "s", "min": "min"}.get(name.rpartition("_")[2], "")


# Domain facts 3.4 and 8.1: what is suggested, with the source that is shown beside it.
SUGGESTIONS = {
    "scan": {},
    "self_pressure": {
        "hold_s": (30, 45), "intensity_from": (5, 5), "intensity_to": (6, 6), "repetitions": (1, 3), "rest_s": (30, 30),
    },
    "side_bends": {},
    "rotations": {},
    "scapular_retraction": {"sets": (3, 3), "repetitions": (12, 12), "days_per_week": (4, 4)},
    "chin_tuck": {"hold_s": (10, 10), "repetitions": (10, 10), "times_per_day": (2, 3)},
    "neck_isometrics": {"hold_s": (10, 10), "repetitions": (10, 10)},
    "stretch": {"hold_s": (30, 30), "repetitions": (3, 3)},
    "ergonomics": {"break_every_min": (20, 30)},
    "own": {},
}  # fmt: skip


@pytest.mark.parametrize(("exercise", "suggested"), SUGGESTIONS.items())
def test_only_what_a_source_says_is_suggested(exercise, suggested):
    dose = rules.EXERCISES[exercise].dose
    assert {name: limits.suggested for name, limits in dose.items() if limits.suggested} == suggested
    # The usual bound of pain has a source as well, and suggests nothing.
    assert {name for name, limits in dose.items() if limits.source} - {"pain_max"} == set(suggested)


def test_every_exercise_has_the_numbers_that_fit_it():
    assert set(rules.EXERCISES) == set(SUGGESTIONS)
    often = {"times_per_day", "days_per_week"}
    fields = {code: set(exercise.dose) for code, exercise in rules.EXERCISES.items()}
    assert fields == {
        "scan": {"duration_s", *often},
        "self_pressure": {"hold_s", "intensity_from", "intensity_to", "repetitions", "rest_s", *often},
        "side_bends": {"repetitions", "pain_max", *often},
        "rotations": {"repetitions", "pain_max", *often},
        "scapular_retraction": {"sets", "repetitions", "hold_s", "days_per_week"},
        "chin_tuck": {"hold_s", "repetitions", *often},
        "neck_isometrics": {"hold_s", "repetitions", *often},
        "stretch": {"hold_s", "repetitions", *often},
        "ergonomics": {"break_every_min", "days_per_week"},
        "own": {"hold_s", "repetitions", "rest_s", "sets", "pain_max", *often},
    }


def test_ladders_go_from_easy_to_hard():
    ladders = {code: exercise.tools for code, exercise in rules.EXERCISES.items() if exercise.tools}
    assert ladders == {
        # The last two are not firmer: some muscles may be pressed with them only.
        "self_pressure": ("soft_ball", "medium_roller", "firm_ball", "two_soft_balls", "fingers"),
        "scapular_retraction": ("band", "prone_weights"),
        "chin_tuck": ("lying", "head_lift", "sitting"),
    }
    assert {tool for tools in ladders.values() for tool in tools} == set(rules.TOOLS)


def test_what_belongs_to_one_exercise_alone():
    assert rules.PRESSING == ["self_pressure"]
    for code, exercise in rules.EXERCISES.items():
        assert exercise.finds_spots is (code == "scan")
        assert exercise.presses is (code == "self_pressure")
    # Domain facts 8.1: the stop signs of pressing, the ticks at the place of work.
    stop_signs = ("intensity_above_6", "numbness_or_tingling", "dizziness", "visual_change", "pulse_felt")
    assert [exercise.stop_if for exercise in rules.EXERCISES.values() if exercise.stop_if] == [stop_signs]
    ticks = ("screen_at_eye_level", "elbows_close", "breaks_taken")
    assert [exercise.checklist for exercise in rules.EXERCISES.values() if exercise.checklist] == [ticks]


# --- A programme's steps ------------------------------------------------------------------------------------------


def test_twelve_steps_are_the_most():
    rotations = with_dose("rotations", repetitions=5)
    steps = [rotations] * 12
    assert rules.check_steps(steps, ratings=RATINGS).errors == []
    problems = rules.check_steps([*steps, rotations], ratings=RATINGS)
    assert [(e.pointer, e.code) for e in problems.errors] == [("/steps", "too_many")]


def test_each_step_is_named_by_its_place():
    problems = rules.check_steps([press(), {"exercise": "swim"}, press(side=None)], ratings=RATINGS)
    assert [(e.pointer, e.code) for e in problems.errors] == [
        ("/steps/1/exercise", "invalid_choice"),
        ("/steps/2/side", "required"),
    ]


def test_a_reason_that_may_wait_hides_no_other_problem():
    step = press(muscle="scalenes", dose={"hold_s": 50, "intensity_to": 8})
    assert wrong_values(step, is_template=True) == [
        ("/steps/0/muscle", "not_for_self_pressure"),
        ("/steps/0/dose/intensity_to", "out_of_range"),
    ]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (press(muscle="unknown_to_the_catalogue"), [("/steps/0/muscle", "not_for_self_pressure")]),
        (press(tool="firm_ball"), []),
        (press(tool=""), []),
        ({"exercise": "rotations", "tool": "band"}, [("/steps/0/tool", "invalid_choice")]),
        ({"exercise": "rotations", "side": None}, []),
        ({"exercise": "stretch", "muscle": "scalenes"}, [("/steps/0/side", "required")]),
        ({"exercise": "stretch", "muscle": "scalenes", "side": "right", "dose": None, "limit_reasons": None}, []),
        ({"exercise": "own"}, [("/steps/0/cue", "required")]),
        ({"exercise": "own", "cue": "Swing the arms."}, []),
        ({"exercise": "scan", "cue": ""}, []),
        (with_dose("self_pressure", hold_s=None), []),
        (with_dose("self_pressure", intensity_from=6, intensity_to=6), []),
        (with_dose("self_pressure", intensity_from=6), []),
        (with_dose("self_pressure", intensity_to=5), []),
    ],
)
def test_what_a_step_needs(step, expected):
    assert wrong_values(step) == expected


def test_one_wrong_number_does_not_hide_the_next():
    step = with_dose("stretch", sets=3, repetitions=None, hold_s=200)
    assert wrong_values(step) == [("/steps/0/dose/sets", "not_of_exercise"), ("/steps/0/dose/hold_s", "out_of_range")]


def test_the_starter_programme_presses_each_point_and_leaves_open_what_the_guide_does():
    points = [
        {"trigger_point": "a", "muscle": "trapezius_upper", "side": "left"},
        {"trigger_point": "b", "muscle": "scm_sternal", "side": "right"},
    ]
    steps = rules.starter(points)

    assert [step["exercise"] for step in steps] == [
        "scan",
        "self_pressure",
        "self_pressure",
        "side_bends",
        "rotations",
        "scapular_retraction",
        "chin_tuck",
        "ergonomics",
    ]
    pressing = [step for step in steps if step["exercise"] == "self_pressure"]
    assert [{name: step[name] for name in point} for step, point in zip(pressing, points, strict=True)] == points
    assert {step["tool"] for step in pressing} == {"soft_ball"}
    assert pressing[0]["dose"] is not pressing[1]["dose"]
    assert all(step["dose"] == {} for step in steps if step not in pressing)
    assert "self_pressure" not in [step["exercise"] for step in rules.starter()]


# --- What patients answer -----------------------------------------------------------------------------------------

# Domain facts 8.4 and 8.1: how soon somebody looks at it, and whether the pressing stops.
URGENCY = [
    ("fall_or_accident", "red_flag", False),
    ("numb_or_weak", "red_flag", True),
    ("dizzy_or_sight", "red_flag", True),
    ("severe_headache", "red_flag", False),
    ("fever", "red_flag", False),
    ("chest", "red_flag", False),
    ("weight_loss", "red_flag", False),
    ("night_pain", "red_flag", False),
    ("bladder_or_bowel", "red_flag", False),
    ("tingling", None, True),
    ("pulse_felt", None, True),
    ("needed_help", "adverse_event", False),
]


@pytest.mark.parametrize(("code", "row", "stop_sign"), URGENCY)
def test_what_each_answer_leads_to(code, row, stop_sign):
    assert rules.rows_for([code]) == ({row: [code]} if row else {})
    assert rules.WRONG[code].stop_sign is stop_sign
    assert rules.WRONG[code].after_needling is (code == "chest")


def test_answers_of_one_urgency_share_a_row():
    assert set(rules.WRONG) == {code for code, _, _ in URGENCY}
    assert rules.rows_for(["fever", "pulse_felt", "needed_help", "chest"]) == {
        "red_flag": ["fever", "chest"],
        "adverse_event": ["needed_help"],
    }
    assert rules.rows_for([]) == {}
    assert len({rules.AT_ONCE, rules.NEXT_WORKING_DAY, rules.STOP_SIGN}) == 3


def test_when_the_clinic_looks_again():
    """Domain facts 8.4 and 8.1; people were followed for 72 h after needling (3.2)."""
    assert (rules.REVIEW_AFTER_DAYS, rules.SILENT_DAYS, rules.STOP_DISCOMFORT) == (28, 14, 6)
    assert rules.SORENESS_AFTER_H == [24, 48, 72]
    assert rules.MOST_SPOTS == 4


def test_nothing_answered_is_an_empty_answer():
    answers = rules.CheckInAnswers
    assert answers().is_empty
    assert not answers(pain=0).is_empty
    assert not answers(soreness=0).is_empty
    assert not answers(wrong=["fever"]).is_empty
    assert not answers(note="Better.").is_empty
    assert not answers(steps={1: {"done": "no"}}).is_empty


def test_on_which_side_a_spot_may_be_found():
    zones = {zone: {"sided": zone != "neck.base_c7"} for zone in [*rules.SPOT_ZONES, "hand.palm"]}

    assert rules.spot_sides("neck.lateral", zones) == ("left", "right")
    assert rules.spot_sides("neck.base_c7", zones) == ("midline",)
    assert rules.spot_sides("hand.palm", zones) == ()  # a scan does not go there


def test_a_scan_goes_from_the_head_to_the_shoulder_blades():
    assert set(rules.SPOT_ZONES) <= set(catalogue.ZONES)
    assert len(set(rules.SPOT_ZONES)) == 10
    assert {zone.partition(".")[0] for zone in rules.SPOT_ZONES} == {"head", "neck", "shoulder", "back"}


CHECKLIST = ["a", "b"]


@pytest.mark.parametrize(
    ("said", "spots", "checked", "changed", "done"),
    [
        ("", [], [], True, ""),
        ("no", [], [], True, "no"),
        ("", ["spot"], [], False, "yes"),
        ("", [], ["a"], False, "partial"),
        ("", [], ["a", "b"], False, "yes"),
        ("no", ["spot"], [], True, "partial"),
        ("no", [], ["a", "b"], False, "partial"),
        ("yes", [], ["a"], False, "yes"),
        ("yes", [], ["a"], True, "partial"),
        ("partial", [], ["a", "b"], True, "yes"),
        ("partial", [], ["a", "b"], False, "partial"),
        ("partial", ["spot"], ["a"], True, "yes"),
    ],
)
def test_spots_and_ticks_say_how_far_a_step_went(said, spots, checked, changed, done):
    assert rules.judge_completion(said, spots, checked, CHECKLIST, changed=changed) == done


def test_codes_of_the_record_stay():
    assert rules.DONE == ["yes", "partial", "no"]
    assert rules.REASONS == [
        "forgot",
        "no_time",
        "pain",
        "unclear",
        "no_tool",
        "travel",
        "unwell",
        "feels_better",
        "other",
    ]
    assert rules.SIDES == ["left", "right"]
