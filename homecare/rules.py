"""
What a home programme may hold: exercises, doses with their limits, and what patients are asked.

Source unless another is named: domain facts, section 8 (the source guide's five steps; `None` there means that the
guide gives no number, so the therapist fills it in). Suggestions carry their own source and are never filled in
unseen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from clinic.errors import Problems

# --- Doses ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Field:
    """One number of a dose. `slip` is no clinical limit: beyond it, the pen has slipped."""

    label: str
    unit: str
    slip: tuple[int, int]


FIELDS = {
    "duration_s": Field("Duration", "s", (1, 3600)),
    "hold_s": Field("Hold", "s", (1, 600)),
    "repetitions": Field("Repetitions", "", (1, 100)),
    "rest_s": Field("Rest between", "s", (0, 600)),
    "sets": Field("Sets", "", (1, 20)),
    "times_per_day": Field("Times a day", "", (1, 24)),
    "days_per_week": Field("Days a week", "", (1, 7)),
    "intensity_from": Field("Pressure from (0 to 10)", "", (0, 10)),
    "intensity_to": Field("Pressure to (0 to 10)", "", (0, 10)),
    "pain_max": Field("Pain at most (0 to 10)", "", (0, 10)),
    "break_every_min": Field("A break every", "min", (1, 240)),
}


@dataclass(frozen=True)
class Dose:
    """
    Limits of one field in one exercise.

    :ivar soft: outside it a reason is asked
    :ivar block: outside it the plan is refused
    :ivar suggested: shown as a suggestion, with its source
    """

    soft: tuple[int, int] | None = None
    block: tuple[int, int] | None = None
    suggested: tuple[int, int] | None = None
    source: str = ""


@dataclass(frozen=True)
class Exercise:
    """
    :ivar how: what the patient reads; {dose} comes after it
    :ivar drawings: of homecare/drawings, the first is the usual one
    :ivar presses: it presses on a muscle, so a muscle is wanted, and the catalogue must allow it there
    :ivar tools: from soft to firm, from easy to hard: the ladder that one climbs a step at a time
    :ivar finds_spots: the patient is asked which tender spots it found
    :ivar checklist: of `CHECKLIST`, what the patient ticks
    """

    name: str
    how: str
    dose: Mapping[str, Dose]
    drawings: tuple[str, ...]
    presses: bool = False
    tools: tuple[str, ...] = ()
    stop_if: tuple[str, ...] = ()
    finds_spots: bool = False
    checklist: tuple[str, ...] = ()


# What is recorded of a scan and of the place of work: domain facts, section 8.1. Zones are the catalogue's.
CHECKLIST = {
    "screen_at_eye_level": "the screen is at eye level",
    "elbows_close": "the elbows are close to the body",
    "breaks_taken": "I took breaks",
}
SPOT_ZONES = [
    "head.suboccipital", "neck.posterior", "neck.lateral", "neck.shoulder_angle", "neck.base_c7", "shoulder.top",
    "shoulder.posterior", "shoulder.scapula_superior_angle", "shoulder.scapula_medial_border", "back.interscapular",
]  # fmt: skip
MOST_SPOTS = 4
STOP_IF = {
    "intensity_above_6": "it is more than 6 out of 10",
    "numbness_or_tingling": "it goes numb or tingles",
    "dizziness": "you feel dizzy",
    "visual_change": "your sight changes",
    "pulse_felt": "you feel a pulse under it",
}
TOOLS = {
    "soft_ball": "a soft ball",
    "medium_roller": "a roller of medium density",
    "firm_ball": "a firm ball",
    "lying": "lying on your back",
    "head_lift": "lying, lifting the head a little",
    "sitting": "sitting",
    "band": "with an elastic band",
    "prone_weights": "lying on your front, with light weights",
}
DEBSKI = "Debski et al. 2019, review of 55 papers"
HARMAN = "Harman et al. 2005, programme"
CHESTER = "Chester physiotherapy leaflet; Jull programme"
AMANDEEP = "patient leaflet, low quality"
PER_DAY, PER_WEEK = Dose(), Dose()

EXERCISES = {
    "scan": Exercise(
        "Scan neck and shoulders",
        "Feel along the neck and shoulders for tender spots, breathing slowly and deeply.",
        {"duration_s": Dose(), "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("scan",),
        finds_spots=True,
    ),
    "self_pressure": Exercise(
        "Pressure on a tender spot",
        "Press on the tender spot and breathe on. It may be uncomfortable, not painful.",
        {
            # The guide's values. A longer hold than 120 s or more than 7 is refused in a patient's plan.
            "hold_s": Dose(soft=(30, 45), block=(1, 120), suggested=(30, 45), source="source guide"),
            "intensity_from": Dose(soft=(5, 6), block=(0, 7), suggested=(5, 5), source="source guide"),
            "intensity_to": Dose(soft=(5, 6), block=(0, 7), suggested=(6, 6), source="source guide"),
            "repetitions": Dose(suggested=(1, 3), source=DEBSKI),
            "rest_s": Dose(suggested=(30, 30), source=DEBSKI),
            "times_per_day": PER_DAY,
            "days_per_week": PER_WEEK,
        },
        ("self_pressure", "self_pressure_lying"),
        presses=True,
        tools=("soft_ball", "medium_roller", "firm_ball"),
        stop_if=tuple(STOP_IF),
    ),
    "side_bends": Exercise(
        "Side-bends of the neck",
        "Bend the head gently to one side, then to the other.",
        {"repetitions": Dose(), "pain_max": Dose(), "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("side_bend",),
    ),
    "rotations": Exercise(
        "Rotations of the neck",
        "Turn the head gently to one side, then to the other.",
        {"repetitions": Dose(), "pain_max": Dose(), "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("rotation",),
    ),
    "scapular_retraction": Exercise(
        "Shoulder blades back",
        "Draw the shoulder blades together and a little down, then let go.",
        {
            "sets": Dose(suggested=(3, 3), source=HARMAN),
            "repetitions": Dose(suggested=(12, 12), source=HARMAN),
            "hold_s": Dose(),
            "days_per_week": Dose(suggested=(4, 4), source=HARMAN),
        },
        ("scapular_retraction",),
        tools=("band", "prone_weights"),
    ),
    "chin_tuck": Exercise(
        "Chin tuck",
        "Draw the chin straight back, as if making a double chin, and hold. It should not hurt.",
        {
            "hold_s": Dose(suggested=(10, 10), source=CHESTER),
            "repetitions": Dose(suggested=(10, 10), source=CHESTER),
            "times_per_day": Dose(suggested=(2, 3), source=CHESTER),
            "days_per_week": PER_WEEK,
        },
        ("chin_tuck", "chin_tuck_lying"),
        tools=("lying", "head_lift", "sitting"),
    ),
    "neck_isometrics": Exercise(
        "Neck against the hand",
        "Press the head against the hand without letting it move; each direction in turn.",
        {
            "hold_s": Dose(suggested=(10, 10), source=AMANDEEP),
            "repetitions": Dose(suggested=(10, 10), source=AMANDEEP),
            "times_per_day": PER_DAY,
            "days_per_week": PER_WEEK,
        },
        ("neck_isometrics",),
    ),
    "stretch": Exercise(
        "Stretch",
        "Stretch slowly until you feel it, hold, and let go slowly.",
        {
            # Limits as for stretching after pressure, domain facts 3.1.
            "hold_s": Dose(soft=(10, 60), block=(3, 180), suggested=(30, 30), source=HARMAN),
            "repetitions": Dose(soft=(1, 5), suggested=(3, 3), source=HARMAN),
            "times_per_day": PER_DAY,
            "days_per_week": PER_WEEK,
        },
        ("stretch",),
    ),
    "ergonomics": Exercise(
        "Your place of work",
        "Screen at eye level, elbows close to the body, and breaks in which you move.",
        {
            "break_every_min": Dose(suggested=(20, 30), source="convention, general knowledge"),
            "days_per_week": PER_WEEK,
        },
        ("ergonomics",),
        checklist=tuple(CHECKLIST),
    ),
    "own": Exercise(
        "Another exercise",
        "",
        {name: Dose() for name in ("hold_s", "repetitions", "rest_s", "sets", "times_per_day", "days_per_week",
                                   "pain_max")},
        ("own",),
    ),
}  # fmt: skip

MOST_STEPS = 12
SIDES = ["left", "right"]
# The starter programme of the source guide, in its order; what it leaves open stays open.
STARTER = ["scan", "self_pressure", "side_bends", "rotations", "scapular_retraction", "chin_tuck", "ergonomics"]


def starter(pressed: Sequence[Mapping[str, Any]] = ()) -> list[dict[str, Any]]:
    """
    The starter programme's steps.

    :param pressed: trigger points (`trigger_point`, `muscle`, `side`) that may be pressed; one step for each
    """
    steps: list[dict[str, Any]] = []
    for code in STARTER:
        if code != "self_pressure":
            steps.append({"exercise": code, "dose": {}})
            continue
        guide = {"hold_s": 45, "intensity_from": 5, "intensity_to": 6}
        steps += [{"exercise": code, "tool": "soft_ball", "dose": dict(guide), **point} for point in pressed]
    return steps


def check_steps(
    steps: Sequence[Mapping[str, Any]],
    *,
    ratings: Mapping[str, str],
    reasons_may_wait: bool = False,
) -> Problems:
    """
    What is wrong with a programme's steps; empty if nothing is.

    :param ratings: muscle to the catalogue's rating for self-pressure: ok, caution or no
    :param reasons_may_wait: as while it is being written: a reason that is owed is no problem yet
    """
    problems = Problems()
    if len(steps) > MOST_STEPS:
        problems.add("/steps", "too_many.steps", most=MOST_STEPS)
    for number, step in enumerate(steps):
        _check_step(problems, f"/steps/{number}", step, ratings)
    if reasons_may_wait:
        problems.forgive("reason_required")
    return problems


def _check_step(problems: Problems, at: str, step: Mapping[str, Any], ratings: Mapping[str, str]) -> None:
    exercise = EXERCISES.get(step["exercise"])
    if exercise is None:
        problems.add(f"{at}/exercise", "invalid_choice.exercise", choices=list(EXERCISES))
        return
    muscle = step.get("muscle")
    if exercise.presses:
        if not muscle:
            problems.add(f"{at}/muscle", "required.pressed_muscle")
        elif ratings.get(muscle, "no") == "no":
            problems.add(f"{at}/muscle", "not_for_self_pressure")
    if muscle and step.get("side") not in SIDES:
        problems.add(f"{at}/side", "required.muscle_side")
    if step.get("tool") and step["tool"] not in exercise.tools:
        problems.add(f"{at}/tool", "invalid_choice.tool", choices=list(exercise.tools))
    if step["exercise"] == "own" and not str(step.get("cue", "")).strip():
        problems.add(f"{at}/cue", "required.own_exercise")
    _check_dose(problems, at, exercise, step)


def _check_dose(problems: Problems, at: str, exercise: Exercise, step: Mapping[str, Any]) -> None:
    dose, reasons = step.get("dose") or {}, step.get("limit_reasons") or {}
    for name, value in dose.items():
        limits = exercise.dose.get(name)
        if limits is None:
            problems.add(f"{at}/dose/{name}", "not_of_exercise", field=name)
            continue
        if value is None:
            continue
        low, high = limits.block or FIELDS[name].slip
        if not low <= value <= high:
            problems.add(f"{at}/dose/{name}", "out_of_range.at_home", low=low, high=high, unit=FIELDS[name].unit)
        elif limits.soft and not limits.soft[0] <= value <= limits.soft[1] and not reasons.get(name):
            low, high = limits.soft
            problems.add(f"{at}/dose/{name}", "reason_required.at_home", low=low, high=high, unit=FIELDS[name].unit)
    begins, ends = dose.get("intensity_from"), dose.get("intensity_to")
    if begins is not None and ends is not None and begins > ends:
        problems.add(f"{at}/dose/intensity_to", "out_of_range.intensity_order")


PRESSING = [code for code, exercise in EXERCISES.items() if exercise.presses]


# --- What patients are asked ----------------------------------------------------------------------------------

DONE = ["yes", "partial", "no"]
REASONS = ["forgot", "no_time", "pain", "unclear", "no_tool", "travel", "unwell", "feels_better", "other"]

AT_ONCE, NEXT_WORKING_DAY, STOP_SIGN = "at_once", "next_working_day", "stop_sign"


@dataclass(frozen=True)
class Wrong:
    """
    Something that may be wrong, in a patient's words, and how soon somebody sees to it (domain facts 8.4).

    :ivar stop_sign: reason to stop the pressing; twice, to stop the programme
    """

    label: str
    urgency: str
    stop_sign: bool = False
    after_needling: bool = False


WRONG = {
    "fall_or_accident": Wrong("I fell, or had an accident", AT_ONCE),
    "numb_or_weak": Wrong("Something is newly numb or weak", AT_ONCE, stop_sign=True),
    "dizzy_or_sight": Wrong("I was dizzy, or my sight changed", AT_ONCE, stop_sign=True),
    "severe_headache": Wrong("A sudden, severe headache", AT_ONCE),
    "fever": Wrong("Fever, or I feel really ill", AT_ONCE),
    "chest": Wrong("Pain in the chest, short of breath, or a new dry cough", AT_ONCE, after_needling=True),
    "tingling": Wrong("It tingled while I pressed", STOP_SIGN, stop_sign=True),
    "pulse_felt": Wrong("I felt a pulse under the ball", STOP_SIGN, stop_sign=True),
    "needed_help": Wrong("I needed medical help, or could not do my usual things", NEXT_WORKING_DAY),
}
SORENESS_AFTER_H = [24, 48, 72]  # hours after needling (Martin-Pintado-Zugasti 2016 followed people for 72 h)
REVIEW_AFTER_DAYS = 28  # review at 4 weeks, domain facts 8.4
SILENT_DAYS = 14
STOP_DISCOMFORT = 6  # more than this while pressing is a stop sign (domain facts 8.1, `stop_if`)


@dataclass(frozen=True)
class CheckInAnswers:
    """What a patient answered, as plain values. A step without an answer is not in `steps`: unknown is not "no"."""

    steps: Mapping[Any, Mapping[str, Any]] = field(default_factory=dict)
    pain: int | None = None
    soreness: int | None = None
    wrong: Sequence[str] = ()
    note: str = ""

    @property
    def is_empty(self) -> bool:
        return not (self.steps or self.wrong or self.note) and self.pain is None and self.soreness is None


def spot_sides(zone: str, zones: Mapping[str, Mapping[str, Any]]) -> tuple[str, ...]:
    """On which sides a tender spot may be found there; none, if a scan does not go there."""
    if zone not in SPOT_ZONES:
        return ()
    return ("left", "right") if zones[zone]["sided"] else ("midline",)


def done_by_what_was_found(
    said: str, spots: Sequence[Any], checked: Sequence[str], checklist: Sequence[str], *, changed: bool
) -> str:  # fmt: skip
    """
    How a step was done, from what was tapped and from spots and ticks: who found spots has scanned.

    :param said: what was tapped, or how it stood before
    :param changed: spots or ticks are others than the page was drawn with, and what is tapped is not: then they say it
    """
    if not spots and not checked:
        return said
    found = "yes" if spots or set(checked) >= set(checklist) else "partial"
    if said == "no":
        return "partial"  # nobody finds or ticks something without having begun
    return found if changed or not said else said


def rows_for(wrong: Sequence[str]) -> dict[str, list[str]]:
    """Kind of worklist row to the answers that lead to it. One stop sign alone leads to none (domain facts 8.4)."""
    found: dict[str, list[str]] = {}
    kinds = {AT_ONCE: "red_flag", NEXT_WORKING_DAY: "adverse_event"}
    for code in wrong:
        kind = kinds.get(WRONG[code].urgency)
        if kind:
            found.setdefault(kind, []).append(code)
    return found
