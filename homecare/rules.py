"""
What a home programme may hold, and what patients are asked. The exercises themselves: `homecare.exercises`.

Source unless another is named: domain facts, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from errors.exceptions import Problems
from homecare.exercises import (
    CHECKLIST,
    EXERCISES,
    FIELDS,
    FINGERS,
    FIRMER_TOOLS,
    MIN_REASON_CHARACTERS,
    MOST_PRESSURE_S,
    MOST_REPETITIONS_A_DAY,
    MOST_SPOTS,
    PINCH,
    PROPOSAL,
    SPOT_ZONES,
    STOP_IF,
    TOOLS,
    USUAL_PRESSURE_S,
    Dose,
    Exercise,
    Field,
)

__all__ = [
    "CHECKLIST",
    "EXERCISES",
    "FIELDS",
    "FINGERS",
    "FIRMER_TOOLS",
    "MIN_REASON_CHARACTERS",
    "MOST_PRESSURE_S",
    "MOST_REPETITIONS_A_DAY",
    "MOST_SPOTS",
    "PINCH",
    "PROPOSAL",
    "SPOT_ZONES",
    "STOP_IF",
    "TOOLS",
    "USUAL_PRESSURE_S",
    "Dose",
    "Exercise",
    "Field",
]  # the exercises are data of their own

# --- Programmes -----------------------------------------------------------------------------------------------

MOST_STEPS = 12
OWN = "own"  # the clinic's own exercise: only its words tell what it does
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
    if step["exercise"] == OWN and not str(step.get("cue", "")).strip():
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
MUSCLE_PREFIX = "muscle_"  # and a muscle that must not be pressed, or not with that; only where a programme is stopped
RULE_PREFIX = "rule_"  # and the code of an entry of the safety list that is about no alert, or is the clinic's own


def is_safety_reason(name: str) -> bool:
    """Whether a name in `limit_reasons` is that of an alert or of an entry of the safety list."""
    return name.startswith((ALERT_PREFIX, RULE_PREFIX))


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


def judge_completion(
    said: str, spots: Sequence[Any], checked: Sequence[str], checklist: Sequence[str], *, changed: bool
) -> str:
    """
    How a step was done, from what was tapped and from spots and ticks: who found spots has scanned.

    :param said: what was tapped, or how it stood before
    :param changed: spots or ticks are others than the page was drawn with, and what is tapped is not: then they say it
    """
    if not spots and not checked:
        return said
    completion = "yes" if spots or set(checked) >= set(checklist) else "partial"
    if said == "no":
        return "partial"  # nobody finds or ticks something without having begun
    return completion if changed or not said else said


# Answers that may be harm of the treatment (domain facts, sections 6.5 and 8.4): asked about one needling, each of
# these; on any other day only the signs of the lung, which are told to patients after needling.
HARMS_AFTER_NEEDLING = ["chest", "numb_or_weak", "dizzy_or_sight", "severe_headache", "fever", "needed_help"]


def harms_after_needling(wrong: Sequence[str]) -> list[str]:
    """Return which answers, given when asked about one needling, start an unconfirmed adverse event."""
    return [code for code in wrong if code in HARMS_AFTER_NEEDLING]


def harms_on_any_day(wrong: Sequence[str]) -> list[str]:
    """Return which answers of a day's check-in start an unconfirmed adverse event of the last needling."""
    return [code for code in wrong if WRONG[code].after_needling]


def rows_for(wrong: Sequence[str]) -> dict[str, list[str]]:
    """Kind of worklist row to the answers that lead to it. One stop sign alone leads to none (domain facts 8.4)."""
    codes_by_kind: dict[str, list[str]] = {}
    kinds = {AT_ONCE: "red_flag", NEXT_WORKING_DAY: "adverse_event"}
    for code in wrong:
        item_kind = kinds.get(WRONG[code].urgency)
        if item_kind:
            codes_by_kind.setdefault(item_kind, []).append(code)
    return codes_by_kind
