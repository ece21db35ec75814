"""
What the home programme refused by its own table of alerts and its own reading of red flags, before the shared check.

The letters are what they answered; the shared check may be stricter, never looser.
"""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from assessments.red_flag_table import RED_FLAGS
from assessments.red_flags import FlagState, OpenFlag
from homecare import rules, safety
from homecare.programmes import safety_stops
from patients.rules import ALERTS, BODY_REGIONS, KnownAlert
from treatments.safety_facts import PatientFacts
from treatments.safety_table import DEFAULT_LIST

AT = datetime(2026, 11, 20, tzinfo=UTC)
# From least to most strict: nothing, shown, a reason, refused.
ORDER = ".crS"

# Columns: the regions in the order of BODY_REGIONS that are pressed. Rows: where the alert is, and whether on the side
# that is pressed ("same"; also both, or not known) or on the other one.
ASKED_A_REASON = {
    (None, "same"): "rrrrrrrrrrrrrr",
    (None, "other"): "rr....rrrr....",
    ("head", "same"): "r.............",
    ("head", "other"): "r.............",
    ("neck", "same"): ".r............",
    ("neck", "other"): ".r............",
    ("shoulder", "same"): "..rrrr........",
    ("shoulder", "other"): "..............",
    ("arm", "same"): "..rrrr........",
    ("arm", "other"): "..............",
    ("forearm", "same"): "..rrrr........",
    ("forearm", "other"): "..............",
    ("hand", "same"): "..rrrr........",
    ("hand", "other"): "..............",
    ("chest", "same"): "......r.......",
    ("chest", "other"): "......r.......",
    ("back", "same"): ".......r......",
    ("back", "other"): ".......r......",
    ("abdomen", "same"): "........r.....",
    ("abdomen", "other"): "........r.....",
    ("pelvis", "same"): ".........r....",
    ("pelvis", "other"): ".........r....",
    ("hip", "same"): "..........rrrr",
    ("hip", "other"): "..............",
    ("thigh", "same"): "..........rrrr",
    ("thigh", "other"): "..............",
    ("leg", "same"): "..........rrrr",
    ("leg", "other"): "..............",
    ("foot", "same"): "..........rrrr",
    ("foot", "other"): "..............",
}
CLOT = {
    (None, "same"): "rrrrrrrrrrSSSS",
    (None, "other"): "rrrrrrrrrrrrrr",
    ("head", "same"): "Srrrrrrrrrrrrr",
    ("head", "other"): "Srrrrrrrrrrrrr",
    ("neck", "same"): "rSrrrrrrrrrrrr",
    ("neck", "other"): "rSrrrrrrrrrrrr",
    ("shoulder", "same"): "rrSSSSrrrrrrrr",
    ("shoulder", "other"): "rrrrrrrrrrrrrr",
    ("arm", "same"): "rrSSSSrrrrrrrr",
    ("arm", "other"): "rrrrrrrrrrrrrr",
    ("forearm", "same"): "rrSSSSrrrrrrrr",
    ("forearm", "other"): "rrrrrrrrrrrrrr",
    ("hand", "same"): "rrSSSSrrrrrrrr",
    ("hand", "other"): "rrrrrrrrrrrrrr",
    ("chest", "same"): "rrrrrrSrrrrrrr",
    ("chest", "other"): "rrrrrrSrrrrrrr",
    ("back", "same"): "rrrrrrrSrrrrrr",
    ("back", "other"): "rrrrrrrSrrrrrr",
    ("abdomen", "same"): "rrrrrrrrSrrrrr",
    ("abdomen", "other"): "rrrrrrrrSrrrrr",
    ("pelvis", "same"): "rrrrrrrrrSrrrr",
    ("pelvis", "other"): "rrrrrrrrrSrrrr",
    ("hip", "same"): "rrrrrrrrrrSSSS",
    ("hip", "other"): "rrrrrrrrrrrrrr",
    ("thigh", "same"): "rrrrrrrrrrSSSS",
    ("thigh", "other"): "rrrrrrrrrrrrrr",
    ("leg", "same"): "rrrrrrrrrrSSSS",
    ("leg", "other"): "rrrrrrrrrrrrrr",
    ("foot", "same"): "rrrrrrrrrrSSSS",
    ("foot", "other"): "rrrrrrrrrrrrrr",
}
NOTHING = dict.fromkeys(CLOT, "..............")
OLD_ALERTS = dict.fromkeys(ALERTS, NOTHING) | {
    "anticoagulant": ASKED_A_REASON,
    "clot": CLOT,
    "lymphoedema": ASKED_A_REASON,
    "neuropathy": ASKED_A_REASON,
    "osteoporosis": ASKED_A_REASON,
}
# A flag of which no place is named: first the exercises without a muscle (scan, self_pressure, side_bends, rotations,
# scapular_retraction, chin_tuck, neck_isometrics, stretch, ergonomics, own), then pressing, stretching and an exercise
# of the clinic's own in each region. What had to be acknowledged was shown only ("c").
EXERCISES = [
    "scan", "self_pressure", "side_bends", "rotations", "scapular_retraction", "chin_tuck", "neck_isometrics",
    "stretch", "ergonomics", "own",
]  # fmt: skip
OLD_FLAGS = {
    "trauma_recent": ("SSSSSSSS.S", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS"),
    "osteoporosis_steroid_fracture_risk": ("SS.......S", "SSSSSSSSSSSSSS", "..............", "SSSSSSSSSSSSSS"),
    "fever_infection": ("SSSSSSSS.S", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS"),
    "weight_loss_cancer_history": ("SS.......S", "SSSSSSSSSSSSSS", "..............", "SSSSSSSSSSSSSS"),
    "night_pain_constant": ("cccccccc.c", "cccccccccccccc", "cccccccccccccc", "cccccccccccccc"),
    "neuro_new": ("..........", "..............", "..............", ".............."),
    "myelopathy": ("SSSSSSSS.S", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS"),
    "cauda_equina": ("SSSSSSSS.S", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS"),
    "vascular_5d_3n": ("SSSScSSS.S", "SScccccccccccc", "SScccccccccccc", "SScccccccccccc"),
    "severe_headache": ("SSSSSSSS.S", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS"),
    "temporal_arteritis": ("cScccccc.S", "Sccccccccccccc", "cccccccccccccc", "Sccccccccccccc"),
    "cardiac_mimic": ("SSSSSSSS.S", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS", "SSSSSSSSSSSSSS"),
    "visceral_mimic": (".c..c..c.c", "......cccc....", "......cccc....", "......cccc...."),
    "dvt_calf": ("cScccccc.S", "ccccccccccSSSS", "cccccccccccccc", "ccccccccccSSSS"),
    "inflammatory": ("..........", "..............", "..............", ".............."),
    "rheumatoid_downs": ("ccSS.SSS.S", ".c............", "SS............", "SS............"),
    "psych_safety": ("cccccccc.c", "cccccccccccccc", "cccccccccccccc", "cccccccccccccc"),
}
LETTERS = {"show": ".", "caution": "c", "acknowledge": "r", "stop": "S"}


def check(step, *, alerts=(), flags=()):
    facts = PatientFacts(alerts=tuple(alerts), flags=FlagState(open=tuple(flags)))
    return safety.check_programme([step], facts, muscles=safety_stops.MUSCLES, entries=DEFAULT_LIST, at=AT)


def letter_of_alerts(step, alert):
    """What publishing answers to a step without any reason."""
    errors = safety.find_problems(check(step, alerts=[alert]), [step]).errors
    if not errors:
        return "."
    return "S" if any(error.code.endswith("_stop") for error in errors) else "r"


def letter_of_flag(step, flag):
    levels = [one.level for one in check(step, flags=[flag]).flags]
    return LETTERS[levels[0]] if levels else "."


def press(muscle, side):
    return {"exercise": "self_pressure", "muscle": muscle, "side": side}


def test_the_tables_are_complete():
    assert set(OLD_FLAGS) == set(RED_FLAGS)
    assert set(OLD_ALERTS) == set(ALERTS)
    assert list(rules.EXERCISES) == EXERCISES
    assert len(safety_stops.MUSCLES) == 108


@pytest.mark.parametrize("code", ALERTS)
def test_no_alert_became_looser_on_any_muscle(code):
    looser = []
    for (region, where), row in OLD_ALERTS[code].items():
        for side in ("right", "both", None) if where == "same" else ("left",):
            alert = KnownAlert(code, side, region)
            for key, muscle in safety_stops.MUSCLES.items():
                was = row[BODY_REGIONS.index(muscle.region)]
                now = letter_of_alerts(press(key, "right"), alert)
                if ORDER.index(now) < ORDER.index(was):
                    looser.append((alert, key, was, now))
    assert looser == []


@pytest.mark.parametrize("code", RED_FLAGS)
def test_no_flag_became_looser_on_any_step(code):
    flag = OpenFlag(code, AT)
    of_exercise, *by_region = OLD_FLAGS[code]
    looser = []
    for exercise, was in zip(EXERCISES, of_exercise, strict=True):
        now = letter_of_flag({"exercise": exercise}, flag)
        if ORDER.index(now) < ORDER.index(was):
            looser.append((exercise, was, now))
    for exercise, row in zip(("self_pressure", "stretch", "own"), by_region, strict=True):
        for key, muscle in safety_stops.MUSCLES.items():
            was = row[BODY_REGIONS.index(muscle.region)]
            now = letter_of_flag({"exercise": exercise, "muscle": key, "side": "right"}, flag)
            if ORDER.index(now) < ORDER.index(was):
                looser.append((exercise, key, was, now))
    assert looser == []


def test_a_flag_that_names_a_place_is_as_strict_as_before():
    injured_left_hand = OpenFlag("trauma_recent", AT, regions=("hand",), side="left")
    for side, was in (("right", "cccccccccccccc"), ("left", "cccccScccccccc")):
        for key, muscle in safety_stops.MUSCLES.items():
            now = letter_of_flag(press(key, side), injured_left_hand)
            assert ORDER.index(now) >= ORDER.index(was[BODY_REGIONS.index(muscle.region)]), (key, side)


def test_what_knows_no_muscle_is_never_looser_than_what_names_one():
    for code in ALERTS:
        alert = KnownAlert(code)
        empty = letter_of_alerts({"exercise": "self_pressure"}, alert)
        for key in safety_stops.MUSCLES:
            assert ORDER.index(letter_of_alerts(press(key, "left"), alert)) <= ORDER.index(empty), (code, key)
