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

from assessments.red_flag_table import ADVICE, EXERCISE, NECK_MOVEMENT, SELF_PRESSURE
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
    :ivar technique: of red_flag_table.TECHNIQUE_CLASSES, what an open red flag stops; "" if only the muscle, or nobody,
        can tell (`homecare.safety.uses_of`)
    :ivar regions: of BODY_REGIONS, where it works whatever muscle it is given for; () = where the muscle is
    :ivar required: numbers without which it does not reach a patient; () = at least one of its numbers
    :ivar drawings: of homecare/drawings, the first is the usual one
    :ivar presses: it presses on a muscle, so a muscle is wanted, and the catalogue must allow it there
    :ivar tools: what it may be done with
    :ivar ladder: of the tools those that get firmer, or harder, one step at a time
    :ivar finds_spots: the patient is asked which tender spots it found
    :ivar checklist: of `CHECKLIST`, what the patient ticks
    """

    name: str
    how: str
    dose: Mapping[str, Dose]
    drawings: tuple[str, ...]
    technique: str = ""
    regions: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    presses: bool = False
    tools: tuple[str, ...] = ()
    ladder: tuple[str, ...] = ()
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
    "two_soft_balls": "two soft balls",
    "fingers": "a light pinch between finger and thumb",
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
PROPOSAL = "product proposal, not reviewed by a clinician"
PER_DAY, PER_WEEK = Dose(), Dose()
USUAL_PAIN_MAX = Dose(soft=(0, 5), source=PROPOSAL)
FINGERS = "fingers"
FIRMER_TOOLS = ("soft_ball", "medium_roller", "firm_ball")
HARDER_POSITIONS = ("lying", "head_lift", "sitting")
HARDER_LOADS = ("band", "prone_weights")
# What is asked of a patient more often than this a day is a slip of the pen, no clinical limit.
MOST_REPETITIONS_A_DAY = 500
# Pressure on one muscle a day: above the first a reason is asked, above the second it is refused. Product proposals.
USUAL_PRESSURE_S, MOST_PRESSURE_S = 600, 3600
# Why a dose, an alert or an open red flag is right all the same: shorter ones explain nothing.
MIN_REASON_CHARACTERS = 10

EXERCISES = {
    "scan": Exercise(
        "Scan neck and shoulders",
        "Feel along the neck and shoulders for tender spots, breathing slowly and deeply.",
        {"duration_s": Dose(), "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("scan",),
        technique=SELF_PRESSURE,  # the hand feels for spots on the neck
        regions=("neck", "shoulder"),
        required=("duration_s",),
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
        technique=SELF_PRESSURE,
        required=("hold_s", "intensity_from", "intensity_to", "repetitions", "times_per_day"),
        presses=True,
        tools=(*FIRMER_TOOLS, "two_soft_balls", FINGERS),
        ladder=FIRMER_TOOLS,
        stop_if=tuple(STOP_IF),
    ),
    "side_bends": Exercise(
        "Side-bends of the neck",
        "Bend the head gently to one side, then to the other.",
        {"repetitions": Dose(), "pain_max": USUAL_PAIN_MAX, "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("side_bend",),
        technique=NECK_MOVEMENT,
        regions=("neck",),
        required=("repetitions",),
    ),
    "rotations": Exercise(
        "Rotations of the neck",
        "Turn the head gently to one side, then to the other.",
        {"repetitions": Dose(), "pain_max": USUAL_PAIN_MAX, "times_per_day": PER_DAY, "days_per_week": PER_WEEK},
        ("rotation",),
        technique=NECK_MOVEMENT,
        regions=("neck",),
        required=("repetitions",),
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
        technique=EXERCISE,
        regions=("shoulder", "back"),
        required=("sets", "repetitions"),
        tools=HARDER_LOADS,
        ladder=HARDER_LOADS,
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
        technique=NECK_MOVEMENT,
        regions=("neck",),
        required=("hold_s", "repetitions"),
        tools=HARDER_POSITIONS,
        ladder=HARDER_POSITIONS,
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
        technique=NECK_MOVEMENT,
        regions=("neck",),
        required=("hold_s", "repetitions"),
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
        required=("hold_s", "repetitions"),
    ),
    "ergonomics": Exercise(
        "Your place of work",
        "Screen at eye level, elbows close to the body, and breaks in which you move.",
        {
            "break_every_min": Dose(suggested=(20, 30), source="convention, general knowledge"),
            "days_per_week": PER_WEEK,
        },
        ("ergonomics",),
        technique=ADVICE,
        required=("break_every_min",),
        checklist=tuple(CHECKLIST),
    ),
    "own": Exercise(
        "Another exercise",
        "",
        {
            **{name: Dose() for name in ("hold_s", "repetitions", "rest_s", "sets", "times_per_day", "days_per_week")},
            "pain_max": USUAL_PAIN_MAX,
        },
        ("own",),
    ),
}  # fmt: skip

MOST_STEPS = 12
SIDES = ["left", "right"]
# The starter programme of the source guide, in its order; what it leaves open stays open.
STARTER = ["scan", "self_pressure", "side_bends", "rotations", "scapular_retraction", "chin_tuck", "ergonomics"]


# On the front of the neck, less than the guide's 5 to 6 is enough; a dose outside the guide's needs its reason.
LIGHT_REASON = "Front of the neck: only a light pinch between finger and thumb."


def starter(
    pressed: Sequence[Mapping[str, Any]] = (), *, tools: Mapping[str, Sequence[str]] | None = None
) -> list[dict[str, Any]]:
    """
    Return the starter programme's steps.

    :param pressed: trigger points (`trigger_point`, `muscle`, `side`) that may be pressed; one step for each
    :param tools: muscle to what it may be pressed with; the softest is taken, and where it is the fingers only, no tool
    """
    steps: list[dict[str, Any]] = []
    for code in STARTER:
        if code == "self_pressure":
            steps += [_pressing_step(point, (tools or {}).get(point["muscle"], FIRMER_TOOLS)) for point in pressed]
        else:
            steps.append({"exercise": code, "dose": {}})
    return steps


def _pressing_step(point: Mapping[str, Any], allowed: Sequence[str]) -> dict[str, Any]:
    step = {"exercise": "self_pressure", **point}
    if FINGERS in allowed:
        reasons = dict.fromkeys(("intensity_from", "intensity_to"), LIGHT_REASON)
        dose = {"hold_s": 45, "intensity_from": 3, "intensity_to": 4}
        return {**step, "tool": "", "dose": dose, "limit_reasons": reasons}
    return {**step, "tool": allowed[0], "dose": {"hold_s": 45, "intensity_from": 5, "intensity_to": 6}}


def check_steps(
    steps: Sequence[Mapping[str, Any]],
    *,
    ratings: Mapping[str, str],
    tools: Mapping[str, Sequence[str]] | None = None,
    is_template: bool = False,
) -> Problems:
    """
    What is wrong with a programme's steps; empty if nothing is.

    :param ratings: muscle to the catalogue's rating for self-pressure: ok, caution or no
    :param tools: muscle to what it may be pressed with; a muscle that is not among them takes any tool
    :param is_template: nobody follows it, so a reason and a number of the dose may be missing
    """
    problems = Problems()
    if len(steps) > MOST_STEPS:
        problems.add("/steps", "too_many.steps", most=MOST_STEPS)
    for number, step in enumerate(steps):
        _check_step(problems, f"/steps/{number}", step, ratings, tools or {})
    if not is_template:
        _check_has_dose(problems, steps)
        _check_pressure_a_day(problems, steps)
    if is_template:
        problems.forgive("reason_required")
    return problems


def _check_step(
    problems: Problems,
    at: str,
    step: Mapping[str, Any],
    ratings: Mapping[str, str],
    tools: Mapping[str, Sequence[str]],
) -> None:
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
    elif exercise.presses and step.get("tool") and step["tool"] not in tools.get(muscle or "", exercise.tools):
        problems.add(f"{at}/tool", "not_for_this_muscle", choices=list(tools[str(muscle)]))
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


def _check_has_dose(problems: Problems, steps: Sequence[Mapping[str, Any]]) -> None:
    """No step reaches a patient without its dose: each number that is missing is named."""
    for number, step in enumerate(steps):
        exercise, dose = EXERCISES.get(step["exercise"]), step.get("dose") or {}
        if exercise is None:
            continue
        for name in exercise.required:
            if dose.get(name) is None:
                problems.add(f"/steps/{number}/dose/{name}", "required.dose", field=name)
        if not exercise.required and all(value is None for value in dose.values()):
            problems.add(f"/steps/{number}/dose", "required.any_dose")


def repetitions_a_day(dose: Mapping[str, Any]) -> int:
    return (dose.get("sets") or 1) * (dose.get("repetitions") or 1) * (dose.get("times_per_day") or 1)


def pressure_a_day_s(steps: Sequence[Mapping[str, Any]]) -> dict[tuple[Any, Any], int]:
    """Muscle and side to how long all steps together press on it in a day, in seconds."""
    seconds: dict[tuple[Any, Any], int] = {}
    for step in steps:
        if step["exercise"] in PRESSING:
            dose, place = step.get("dose") or {}, (step.get("muscle"), step.get("side"))
            seconds[place] = seconds.get(place, 0) + (dose.get("hold_s") or 0) * repetitions_a_day(dose)
    return seconds


def _check_pressure_a_day(problems: Problems, steps: Sequence[Mapping[str, Any]]) -> None:
    for number, step in enumerate(steps):
        if repetitions_a_day(step.get("dose") or {}) > MOST_REPETITIONS_A_DAY:
            pointer = f"/steps/{number}/dose/times_per_day"
            problems.add(pointer, "out_of_range.repetitions_a_day", most=MOST_REPETITIONS_A_DAY)
    for place, seconds in pressure_a_day_s(steps).items():
        numbers = [
            number
            for number, step in enumerate(steps)
            if step["exercise"] in PRESSING and (step.get("muscle"), step.get("side")) == place
        ]
        pointer = f"/steps/{numbers[-1]}/dose/times_per_day"
        minutes = -(-seconds // 60)
        if seconds > MOST_PRESSURE_S:
            problems.add(pointer, "out_of_range.pressure_a_day", minutes=minutes, most=MOST_PRESSURE_S // 60)
        elif seconds > USUAL_PRESSURE_S and not any(has_reason(steps[number], TOTAL) for number in numbers):
            problems.add(pointer, "reason_required.pressure_a_day", minutes=minutes, usual=USUAL_PRESSURE_S // 60)


# Beside the numbers of a dose, what a step can need a reason for: its `limit_reasons` have these names.
TOTAL = "pressure_a_day"
ALERT_PREFIX = "alert_"  # and the alert's code
# Alerts with which pressing at home needs a reason. Of those that name a place, there only; see `homecare.safety`.
PRESSING_ALERTS = ["anticoagulant", "clot", "lymphoedema", "neuropathy", "osteoporosis"]
OTHER_REASONS = [TOTAL, *(ALERT_PREFIX + code for code in PRESSING_ALERTS)]


def has_reason(step: Mapping[str, Any], name: str) -> bool:
    """Whether a step gives a reason that is long enough to explain something."""
    return len(str((step.get("limit_reasons") or {}).get(name) or "").strip()) >= MIN_REASON_CHARACTERS


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
    "weight_loss": Wrong("I have lost weight without trying", AT_ONCE),
    "night_pain": Wrong("Constant pain at night that no position eases", AT_ONCE),
    "bladder_or_bowel": Wrong("My bladder or bowel has changed, or I am numb between the legs", AT_ONCE),
    "needed_help": Wrong("I needed medical help, or could not do my usual things", NEXT_WORKING_DAY),
}
# The red flag that an answer at home raises. It counts until a signed "no" or a clearance, as any other does.
RED_FLAG_OF = {
    "fall_or_accident": "trauma_recent",
    "numb_or_weak": "neuro_new",
    "dizzy_or_sight": "vascular_5d_3n",
    "severe_headache": "severe_headache",
    "fever": "fever_infection",
    "weight_loss": "weight_loss_cancer_history",
    "night_pain": "night_pain_constant",
    "bladder_or_bowel": "cauda_equina",
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
