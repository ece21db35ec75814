"""What a check-in asks: the questions of `patient_forms.questions`, and two kinds of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.http import QueryDict

from homecare import rules
from homecare.labels import describe_step
from homecare.models import CheckIn, Step, StepAnswer, facts_of
from patient_forms import questions as asked
from patient_forms.questions import READERS, Question, add_kind, parse_number

# What is only about pressing at home is not asked about a needling.
AFTER_NEEDLING = {code: wrong for code, wrong in rules.WRONG.items() if wrong.urgency != rules.STOP_SIGN}


def of_day(steps: Sequence[Step], before: CheckIn | None, labels: Mapping[str, Any]) -> list[Question]:
    """A day of a programme: its steps, the pain, a note, and whether something is wrong."""
    answers_by_step = {a.step.lasting: a for a in before.answers.all()} if before else {}
    step_rows = [
        {
            "id": step.pk,
            **describe_step(facts_of(step) | {"drawing": step.drawing}),
            "picture": step.picture_id,
            "presses": rules.EXERCISES[step.exercise].presses,
            "hold_s": step.dose.get("hold_s"),
            "finds_spots": rules.EXERCISES[step.exercise].finds_spots,
        }
        for step in steps
    ]
    return [
        Question(
            "steps",
            "steps",
            labels["steps"],
            about=[
                with_answers(row, facts_of_answer(answers_by_step.get(step.lasting)))
                for row, step in zip(step_rows, steps, strict=True)
            ],
        ),
        Question("scale", "pain", labels["pain"], given=before.pain if before else None),
        Question("text", "note", labels["note"], given=before.note if before else ""),
        Question("wrong", "wrong", labels["wrong"], about=rules.WRONG, given=before.wrong if before else []),
    ]


def facts_of_answer(answer: StepAnswer | None) -> dict[str, Any]:
    if answer is None:
        return {}
    return {name: getattr(answer, name) for name in ("done", "reason", "discomfort", "held_s", "spots", "checked")}


def with_answers(step: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A step with what was answered of it, and a line for each tender spot, filled or still empty."""
    lines: list[dict[str, Any]] = []
    if step["finds_spots"]:
        lines = [
            {"place": f"{spot['zone']}:{spot['side']}", "tenderness": spot["tenderness"]}
            for spot in given.get("spots", ())
        ]
        lines += [{}] * (rules.MOST_SPOTS - len(lines))
    as_drawn = state_token(given.get("done", ""), given.get("spots", ()), given.get("checked", ()))
    return {**step, "given": given, "spots": lines, "drawn_with": as_drawn}


def state_token(done: str, spots: Sequence[Mapping[str, Any]], checked: Sequence[str]) -> str:
    """What a page shows of a step, for it to send back: so it is known what was changed on it."""
    places = [f"{spot['zone']}:{spot['side']}:{spot['tenderness']}" for spot in spots]
    return f"{done}|{' '.join([*places, *sorted(checked)])}"


def of_soreness(before: CheckIn | None, labels: Mapping[str, Any]) -> list[Question]:
    return [
        Question("scale", "soreness", labels["soreness"], given=before.soreness if before else None),
        Question("text", "note", labels["note"], given=before.note if before else ""),
        Question("wrong", "wrong", labels["wrong"], about=AFTER_NEEDLING, given=before.wrong if before else []),
    ]


def parse_answers(questions: Sequence[Question], sent: QueryDict) -> rules.CheckInAnswers:
    """What was sent (a QueryDict), as plain values; what a value may be is checked where it is kept."""
    return rules.CheckInAnswers(**asked.parse_answers(questions, sent))


def refill(questions: Sequence[Question], answers: rules.CheckInAnswers) -> list[Question]:
    """The same questions with these answers in them, for a page that comes back."""
    filled = []
    for question in questions:
        value = getattr(answers, question.name)
        if question.kind == "steps":
            about = [with_answers(step, value.get(step["id"], {})) for step in question.about]
            filled.append(replace(question, about=about))
        else:
            filled.append(replace(question, given=value))
    return filled


def _steps(question: Question, sent: QueryDict) -> dict[UUID, dict[str, Any]]:
    answers = {}
    for step in question.about:
        key = step["id"]
        spots, checked = _spots(step, sent), list(dict.fromkeys(sent.getlist(f"checked-{key}")))
        # "I did all of it" speaks for every step that says nothing else.
        done_text = sent.get(f"done-{key}", "") or sent.get("all", "")
        was, _separator, was_found = sent.get(f"drawn-{key}", "").partition("|")
        completion = rules.judge_completion(
            done_text,
            spots,
            checked,
            [code for code, _word in step["checklist"]],
            changed=done_text == was
            and state_token("", spots, checked) != f"|{was_found}"
            and not sent.get(f"reason-{key}"),
        )
        if completion:
            reason = sent.get(f"reason-{key}", "") if completion != "yes" else ""
            answers[key] = {
                "done": completion,
                "reason": reason,
                "discomfort": parse_number(sent.get(f"discomfort-{key}")),
                "held_s": max(0, min(36_000, parse_number(sent.get(f"held-{key}")) or 0)) or None,
                "spots": spots,
                "checked": checked,
            }
    return answers


def _spots(step: Mapping[str, Any], sent: QueryDict) -> list[dict[str, Any]]:
    spots = []
    for number in range(len(step["spots"])):
        zone, _separator, side = sent.get(f"spot-{step['id']}-{number}", "").partition(":")
        tenderness = parse_number(sent.get(f"tender-{step['id']}-{number}"))
        if zone or tenderness is not None:
            spots.append({"zone": zone, "side": side, "tenderness": tenderness})
    return spots


add_kind("steps", _steps, folder="homecare")
add_kind("wrong", READERS["ticks"], folder="homecare")
