"""A programme's content as plain values: what the builder, templates and the API exchange."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import catalogue
from errors.exceptions import Problems
from homecare import rules
from homecare.models import Step, Version

STEP_TEXT = ["exercise", "tool", "cue", "drawing"]


def ratings() -> dict[str, str]:
    """Muscle to the catalogue's rating for self-pressure: ok, caution or no."""
    return {key: muscle["self_pressure"]["rating"] for key, muscle in catalogue.MUSCLES.items()}


def tools() -> dict[str, list[str]]:
    """Muscle to what a patient may press it with, the softest first."""
    return {key: muscle["self_pressure"]["tools"] for key, muscle in catalogue.MUSCLES.items()}


def _id(value: object, at: str, problems: Problems) -> str | None:
    try:
        return str(UUID(str(value))) if value else None
    except ValueError:
        problems.add(at, "invalid.id")
        return None


# Who sees where a step is meant: a muscle, its side and the trigger point are what an exam found.
CLINICAL_SCOPE = "assessments:read"


def for_reader(content: Mapping[str, Any] | None, scopes: frozenset[str]) -> Mapping[str, Any] | None:
    """The content as somebody with these scopes may see it: the desk sees exercises and doses, and no muscles."""
    if content is None or CLINICAL_SCOPE in scopes:
        return content
    return {**content, "steps": [without_place(step) for step in content.get("steps") or ()]}


def without_place(step: Mapping[str, Any]) -> dict[str, Any]:
    """A step without the muscle, its side and the trigger point, and so without what follows from them."""
    return {**step, "muscle": None, "side": None, "trigger_point": None}


def of_version(version: Version, steps: Sequence[Step]) -> dict[str, Any]:
    return {"title": version.title, "note": version.note, "steps": [of_step(step) for step in steps]}


def of_step(step: Step) -> dict[str, Any]:
    return {
        "lasting": str(step.lasting),
        "exercise": step.exercise,
        "trigger_point": str(step.trigger_point_id) if step.trigger_point_id else None,
        "muscle": step.muscle_id,
        "side": step.side,
        "tool": step.tool,
        "cue": step.cue,
        "picture": str(step.picture_id) if step.picture_id else None,
        "drawing": step.drawing,
        "dose": step.dose,
        "limit_reasons": step.limit_reasons,
    }


def tidy(content: Mapping[str, Any]) -> dict[str, Any]:
    """
    The content with every key in its place and empty values left out of doses.

    :raises Invalid: an exercise, a muscle or an id is none; what is merely not right yet passes
    """
    problems = Problems()
    steps = [_tidy_step(step, f"/steps/{n}", problems) for n, step in enumerate(content.get("steps", []))]
    problems.raise_if_any()
    return {
        "title": str(content.get("title", "")).strip(),
        "note": str(content.get("note", "")).strip(),
        "steps": steps,
    }


def _tidy_step(step: Mapping[str, Any], at: str, problems: Problems) -> dict[str, Any]:
    tidy_one: dict[str, Any] = {name: str(step.get(name) or "").strip() for name in STEP_TEXT}
    for name in ("lasting", "trigger_point", "picture"):
        tidy_one[name] = _id(step.get(name), f"{at}/{name}", problems)
    tidy_one["muscle"] = step.get("muscle") or None
    if tidy_one["exercise"] not in rules.EXERCISES:
        problems.add(f"{at}/exercise", "invalid_choice.exercise", choices=list(rules.EXERCISES))
    if tidy_one["muscle"] is not None and tidy_one["muscle"] not in catalogue.MUSCLES:
        problems.add(f"{at}/muscle", "unknown_muscle.programme")
    tidy_one["side"] = (step.get("side") or None) if tidy_one["muscle"] else None
    dose = step.get("dose") or {}
    tidy_one["dose"] = {name: int(value) for name, value in dose.items() if value not in (None, "")}
    reasons = step.get("limit_reasons") or {}
    tidy_one["limit_reasons"] = {name: str(text).strip() for name, text in reasons.items() if str(text).strip()}
    exercise = rules.EXERCISES.get(tidy_one["exercise"])
    if exercise is not None and tidy_one["drawing"] not in exercise.drawings:
        tidy_one["drawing"] = exercise.drawings[0]
    return tidy_one
