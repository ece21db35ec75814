"""What the exercises' texts, drawings and the muscle catalogue say, beside the rules."""

from homecare import labels, rules
from homecare.programmes import serialization
from tests.homecare.test_rules import press
from worklist import rules as worklist
from worklist.web.labels import ANSWERS, KINDS, OUTCOMES


def test_the_catalogue_itself_forbids_some_muscles():
    ratings = serialization.ratings()
    assert set(ratings.values()) == {"ok", "caution", "no"}
    forbidden = [m for m, rating in ratings.items() if rating == "no"]
    for muscle in forbidden:
        step = press(muscle=muscle)
        assert rules.check_steps([step], ratings=ratings).errors[0].code == "not_for_self_pressure"


def test_every_exercise_has_its_drawings():
    for exercise in rules.EXERCISES.values():
        for name in exercise.drawings:
            svg = str(labels.drawing(name))
            assert svg.startswith("<svg")
            assert len(svg) < 2100
            assert "<text" not in svg
            assert "href" not in svg


def test_every_alarm_has_its_row_and_its_words():
    kinds = set(rules.rows_for(list(rules.WRONG)))
    assert kinds <= set(worklist.KINDS)
    assert set(KINDS) == set(worklist.KINDS)
    assert set(OUTCOMES) == {*worklist.OUTCOMES, worklist.ITSELF}
    named = {c for c, w in rules.WRONG.items() if w.urgency != rules.STOP_SIGN}
    assert named <= set(ANSWERS)  # red flags of forms have their words there too


def test_dose_in_words():
    assert labels.dose_of(press(tool="soft_ball", dose={"repetitions": 2, "times_per_day": None})) == (
        "a soft ball, hold 45 seconds, 5 to 6 out of 10, 2 times"
    )
    assert labels.stop_of(press()).startswith("Stop if it is more than 6 out of 10, ")
    assert labels.dose_of({"exercise": "scan", "dose": {}}) == ""
