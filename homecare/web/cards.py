"""The steps of a programme as the builder draws them: a card each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import override

from errors.exceptions import FieldError
from errors.texts import message_of
from homecare import labels, rules
from homecare.models import Programme
from homecare.programmes import safety_stops
from homecare.programmes import serialization as contents


def patients_caution(programme: Programme, step: dict[str, Any]) -> str:
    """The note under a step, as the patient reads it."""
    with override(labels.language_for(programme)):
        return labels.caution_of(step)


def preview_of(programme: Programme, number: int, step: Mapping[str, Any]) -> dict[str, Any]:
    """One step as the patient's page shows it, in the patient's language."""
    with override(labels.language_for(programme)):
        return {"number": number, **labels.describe_step(step)}


def why_of(step: Mapping[str, Any], points: Sequence[Mapping[str, Any]]) -> str:
    """The patient's own point that a step is for, with what it was found to be; nothing for a step without one."""
    point = next((p for p in points if step.get("trigger_point") and p["id"] == step["trigger_point"]), None)
    return ": ".join(part for part in (point["name"], point.get("word", "")) if part) if point else ""


def card(
    programme: Programme,
    number: int,
    step: dict[str, Any],
    points: list[dict[str, Any]],
    problems: list[FieldError],
    known: safety_stops.KnownSafety,
    steps: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """One step as the form draws it: only its own fields, with limits, suggestions, and what is wrong."""
    exercise = rules.EXERCISES[step["exercise"]]
    wrong: dict[str, list[str]] = {}
    for error in problems:
        if error.pointer.startswith(f"/steps/{number}/"):
            wrong.setdefault(error.pointer.split("/", 3)[3], []).append(message_of(error))
    fields = [dose_field(name, limits, step, wrong) for name, limits in exercise.dose.items()]
    ratings = contents.ratings()
    fit = [p for p in points if not exercise.presses or ratings.get(p["muscle"]) != "no"]
    return {
        "number": number,
        "step": step,
        "preview": preview_of(programme, number, step),
        "has_problems": bool(wrong),
        "why": why_of(step, points),
        **labels.describe_step(step),
        "presses": exercise.presses,
        "tools": [(code, _(rules.TOOLS[code])) for code in exercise.tools if code in fitting_tools(exercise, step)],
        "findings": labels.findings_of(known.check, steps, number),
        "therapist_note": labels.therapist_note_of(step),
        "patients_caution": patients_caution(programme, step),
        "reasons": [
            {
                "name": name,
                "label": labels.reason_label(name),
                "value": step["limit_reasons"].get(name, ""),
                "problems": wrong.get(f"limit_reasons/{name}", []),
            }
            for name in reasons_to_give(number, step, problems, known)
        ],
        "drawings": [(name, labels.drawing(name)) for name in exercise.drawings],
        "fields": fields,
        "points": fit,
        "where": chosen(step),
        "problems": {key: texts for key, texts in wrong.items() if not key.startswith("dose/")},
    }


def dose_field(name: str, limits: rules.Dose, step: dict[str, Any], wrong: dict[str, list[str]]) -> dict[str, Any]:
    value = step["dose"].get(name)
    return {
        "name": name,
        "label": _(rules.FIELDS[name].label),
        "unit": rules.FIELDS[name].unit,
        "value": value,
        "limits": limits.block or rules.FIELDS[name].slip,
        "suggested": limits.suggested,
        "source": limits.source,
        "soft": limits.soft,
        "reason": step["limit_reasons"].get(name, ""),
        "wants_reason": bool(limits.soft and value is not None and not limits.soft[0] <= value <= limits.soft[1]),
        "problems": wrong.get(f"dose/{name}", []),
    }


def reasons_to_give(
    number: int, step: dict[str, Any], problems: list[FieldError], known: safety_stops.KnownSafety
) -> list[str]:
    """What a step needs a reason for, beside the numbers of its dose."""
    matches = [finding.name for finding in known.check.findings if finding.step == number and finding.takes_reason]
    asked = list(dict.fromkeys(matches))
    is_too_long = any(
        error.reason == "reason_required.pressure_a_day" and error.pointer.startswith(f"/steps/{number}/")
        for error in problems
    )
    return [*asked, rules.TOTAL] if is_too_long or step["limit_reasons"].get(rules.TOTAL) else asked


def fitting_tools(exercise: rules.Exercise, step: dict[str, Any]) -> list[str]:
    """What the select offers: what fits the muscle, and what is chosen, so that a wrong choice can be seen."""
    allowed = contents.tools().get(step["muscle"] or "") if exercise.presses else None
    return [*(allowed or exercise.tools), step["tool"]]


def chosen(step: dict[str, Any]) -> str:
    if step["trigger_point"]:
        return f"point:{step['trigger_point']}:{step['muscle']}:{step['side']}"
    return f"muscle:{step['muscle']}:{step['side']}" if step["muscle"] else ""
