"""Exercises and doses in words, for patients and therapists, in the language that is active."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

import catalogue
from assessments.red_flag_table import RED_FLAGS
from homecare import places, rules
from homecare.models import Programme
from homecare.programmes import serialization as contents
from homecare.safety import ProgrammeCheck
from messaging.texts import language_of
from patients.rules import ALERTS
from treatments.models import SafetyEntry
from treatments.safety_table import DEFAULT_CODES

DRAWINGS = Path(__file__).parent / "drawings"
STATUSES = {"draft": _("being written"), "active": _("running"), "paused": _("paused"), "ended": _("ended")}
DONE = {"yes": _("Done"), "partial": _("Partly"), "no": _("Not today")}
REASONS = {
    "forgot": _("forgot it"), "no_time": _("no time"), "pain": _("it hurt"), "unclear": _("did not know how"),
    "no_tool": _("had no ball or band"), "travel": _("was travelling"), "unwell": _("was unwell"),
    "feels_better": _("feels better already"), "other": _("something else"),
}  # fmt: skip
WEEKDAYS = [_("Mon"), _("Tue"), _("Wed"), _("Thu"), _("Fri"), _("Sat"), _("Sun")]
SIDES = {"left": _("left"), "right": _("right")}
LEVELS = {"stop": _("Stop"), "acknowledge": _("Needs a reason"), "caution": _("Caution")}
REGRESS = {
    "pain_up_over_24_h": _("pain up by 2 or more for over 24 hours"),
    "sore_after_72_h": _("still sore 72 hours after needling"),
    "new_symptoms": _("new symptoms were named"),
}
SIGNS = {
    "adherence": _("at least 7 of 10 done"),
    "pain": _("worst pain no higher than at the start and 1"),
    "discomfort": _("discomfort at most 4 at the same pressure"),
}


@lru_cache
def drawing(name: str) -> SafeString:
    """A line drawing of ours as inline SVG, or nothing; it takes the colour of the text around it."""
    drawings = {d for exercise in rules.EXERCISES.values() for d in exercise.drawings}
    if name not in drawings:
        return mark_safe("")
    svg = (DRAWINGS / f"{name}.svg").read_text().strip()
    return mark_safe(svg.replace("<svg ", '<svg class="drawing" aria-hidden="true" focusable="false" ', 1))  # noqa: S308 - our own file


def drawing_of(step: Mapping[str, Any]) -> SafeString:
    """The drawing of a step; none of a ball where there must be none, and lying where the head lies on the balls."""
    tool = tool_of(step)
    if tool == rules.FINGERS:
        return mark_safe("")
    if tool == "two_soft_balls":
        return drawing("self_pressure_lying")
    return drawing(step.get("drawing") or rules.EXERCISES[step["exercise"]].drawings[0])


def name_of(step: Mapping[str, Any]) -> str:
    """What the step is called; an exercise of the clinic's own by the beginning of its words."""
    if step["exercise"] == "own":
        first = str(step.get("cue", "")).strip().splitlines()
        return first[0][:60] if first else gettext("Another exercise")
    return gettext(rules.EXERCISES[step["exercise"]].name)


def place_of(step: Mapping[str, Any]) -> str:
    if not step.get("muscle"):
        return ""
    muscle = gettext(catalogue.MUSCLES[step["muscle"]]["name"])
    return f"{muscle}, {SIDES[step['side']]}" if step.get("side") else muscle


def spot_places() -> list[tuple[str, str]]:
    """Where a scan may find a tender spot: `zone:side` and its words."""
    return [
        (f"{zone}:{side}", spot_of({"zone": zone, "side": side}))
        for zone in rules.SPOT_ZONES
        for side in rules.spot_sides(zone, catalogue.ZONES)
    ]


def spot_of(spot: Mapping[str, Any]) -> str:
    zone = gettext(catalogue.ZONES[spot["zone"]]["label"])
    place = f"{zone}, {SIDES[spot['side']]}" if spot["side"] in SIDES else zone
    return place if spot.get("tenderness") is None else f"{place}: {spot['tenderness']}"


def how_of(step: Mapping[str, Any]) -> str:
    """What the patient does: the clinic's words, after ours."""
    ours = rules.EXERCISES[step["exercise"]].how
    if tool_of(step) == rules.FINGERS:
        ours = rules.PINCH
    own = str(step.get("cue", "")).strip()
    return "\n".join(text for text in (gettext(ours) if ours else "", own) if text)


def stop_of(step: Mapping[str, Any]) -> str:
    codes = rules.EXERCISES[step["exercise"]].stop_if
    if not codes:
        return ""
    *most, last = [gettext(rules.STOP_IF[code]) for code in codes]
    return gettext("Stop if {some} or {last}.").format(some=", ".join(most), last=last)


def tool_of(step: Mapping[str, Any]) -> str:
    """What it is done with; on a muscle that takes nothing but the fingers, these, whether the step says so or not."""
    presses = rules.EXERCISES[step["exercise"]].presses and step.get("muscle")
    if presses and not step.get("tool") and contents.tools()[step["muscle"]] == [rules.FINGERS]:
        return rules.FINGERS
    return str(step.get("tool") or "")


def caution_of(step: Mapping[str, Any]) -> str:
    """What the patient must know when they press this muscle."""
    if not rules.EXERCISES[step["exercise"]].presses or not step.get("muscle"):
        return ""
    note = catalogue.MUSCLES[step["muscle"]]["self_pressure"]["patient_note"]
    return gettext(note) if note else ""


def set_off_by_of(step: Mapping[str, Any]) -> str:
    """What often sets the pain of the step's muscle off, for the patient to look out for."""
    if not step.get("muscle"):
        return ""
    return "; ".join(gettext(text) for text in catalogue.MUSCLES[step["muscle"]]["aggravating"])


def therapist_note_of(step: Mapping[str, Any]) -> str:
    """What the catalogue tells the therapist about pressing this muscle at home."""
    if not rules.EXERCISES[step["exercise"]].presses or not step.get("muscle"):
        return ""
    note = catalogue.MUSCLES[step["muscle"]]["self_pressure"]["note"]
    return gettext(note) if note else ""


def reason_label(name: str) -> str:
    """What is asked for, where a step needs a reason that is not about one number."""
    if name == rules.TOTAL:
        return gettext("Reason for so much pressure a day")
    if name.startswith(rules.ALERT_PREFIX):
        alert = gettext(ALERTS[name.removeprefix(rules.ALERT_PREFIX)].label)
        return gettext("Alert “{alert}”: why may the patient do this?").format(alert=alert)
    rule = rule_label(name.removeprefix(rules.RULE_PREFIX))
    return gettext("Safety list, “{rule}”: why may the patient do this?").format(rule=rule)


def rule_label(code: str) -> str:
    """The name of an entry of the safety list; of the clinic's own, as it was named last."""
    if code in DEFAULT_CODES:
        return gettext(DEFAULT_CODES[code].label)
    own = SafetyEntry.objects.filter(code=code).order_by("-version").values_list("label", flat=True)
    return own.first() or code


def level_word(level: str) -> str:
    return str(LEVELS.get(level, level))


def findings_of(check: ProgrammeCheck, steps: Sequence[Mapping[str, Any]], number: int) -> list[dict[str, str]]:
    """What the safety list says about one step, for the therapist."""
    return [
        {
            "level": finding.level,
            "word": gettext("Reason given") if finding.is_explained(steps) else level_word(finding.level),
            "label": gettext(finding.finding.label),
            "reason": gettext(finding.finding.reason),
            "source": gettext(finding.finding.source),
        }
        for finding in check.findings
        if finding.step == number
    ]


def stopped_names(programme: Programme) -> list[str]:
    """What has paused a programme, in words."""
    if programme.stopped_at is None:
        return []
    return [name_of_flag(code) for code in programme.stopped_flags] + [
        stopped_name(reason) for reason in programme.stopped_reasons
    ]


def name_of_flag(code: str) -> str:
    return gettext("red flag “{flag}”").format(flag=gettext(RED_FLAGS[code].label))


def name_of_alert(code: str) -> str:
    return gettext("alert “{alert}”").format(alert=gettext(ALERTS[code].label))


def name_of_rule(code: str) -> str:
    return gettext("rule “{rule}”").format(rule=rule_label(code))


def name_of_any_rule(code: str) -> str:
    """A rule's name where many rows are listed: nobody looks up the clinic's own for each of them."""
    return name_of_rule(code) if code in DEFAULT_CODES else gettext("a rule of the clinic's own safety list")


def name_of_muscle(key: str) -> str:
    return gettext("“{muscle}” must not be pressed, or not with this tool").format(
        muscle=gettext(catalogue.MUSCLES[key]["name"])
    )


def stopped_name(reason: str) -> str:
    """One of a programme's `stopped_reasons` in words."""
    prefix, _separator, code = reason.partition("_")
    names = {rules.ALERT_PREFIX: name_of_alert, rules.RULE_PREFIX: name_of_rule, rules.MUSCLE_PREFIX: name_of_muscle}
    return names[f"{prefix}_"](code)


# How the worklist reads the facts of a paused programme.
WORKLIST_NAMES = {
    "flags": name_of_flag, "alerts": name_of_alert, "rules": name_of_any_rule, "muscles": name_of_muscle,
}  # fmt: skip


def language_for(programme: Programme) -> str:
    """The language in which the patient reads."""
    return language_of(programme.patient.language, programme.patient.clinic.locale)


def dose_of(step: Mapping[str, Any]) -> str:
    """The dose as one reads it aloud: "hold 45 seconds, 5 to 6 out of 10, 3 times"."""
    dose = step.get("dose") or {}
    tool = tool_of(step)
    parts = [gettext(rules.TOOLS[tool])] if tool else []
    for name in (
        "duration_s",
        "hold_s",
        "intensity_from",
        "repetitions",
        "rest_s",
        "sets",
        "times_per_day",
        "days_per_week",
        "pain_max",
        "break_every_min",
    ):
        if dose.get(name) is not None:
            parts.append(_part(name, dose))
    return ", ".join(parts)


def _part(name: str, dose: Mapping[str, Any]) -> str:
    n = dose[name]
    if name == "intensity_from":
        until = dose.get("intensity_to")
        if until is None or until == n:
            return gettext("{n} out of 10").format(n=n)
        return gettext("{n} to {until} out of 10").format(n=n, until=until)
    texts = {
        "duration_s": ngettext("for {n} second", "for {n} seconds", n),
        "hold_s": ngettext("hold {n} second", "hold {n} seconds", n),
        "repetitions": ngettext("{n} time", "{n} times", n),
        "rest_s": ngettext("{n} second of rest between", "{n} seconds of rest between", n),
        "sets": ngettext("{n} round", "{n} rounds", n),
        "times_per_day": ngettext("{n} time a day", "{n} times a day", n),
        "days_per_week": ngettext("on {n} day a week", "on {n} days a week", n),
        "pain_max": gettext("pain at most {n} out of 10"),
        "break_every_min": ngettext("a break every {n} minute", "a break every {n} minutes", n),
    }
    return texts[name].format(n=n)


def move(what: str, before: str | int, after: str | int) -> str:
    """One step up the ladder, in words."""
    if what == "tool":
        is_firmer = before in rules.FIRMER_TOOLS
        before, after = gettext(rules.TOOLS[str(before)]), gettext(rules.TOOLS[str(after)])
        text = f"{before} → {after}"
        return f"{text} ({gettext('softer is often enough (source guide)')})" if is_firmer else text
    before, after = _part(what, {what: before}), _part(what, {what: after})
    return f"{before} → {after}"


def describe_step(step: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a page or a sheet says about a step."""
    return {
        **step,
        "name": name_of(step),
        "place": place_of(step),
        "how": how_of(step),
        "dose_words": dose_of(step),
        "stop": stop_of(step),
        "reasons_given": [
            (reason_label(name), why)
            for name, why in (step.get("limit_reasons") or {}).items()
            if name == rules.TOTAL or rules.is_safety_reason(name)
        ],
        "caution": caution_of(step),
        "set_off_by": set_off_by_of(step),
        "where_drawn": places.picture(step["muscle"], step.get("side"), place_of(step)) if step.get("muscle") else "",
        "checklist": [(code, gettext(rules.CHECKLIST[code])) for code in rules.EXERCISES[step["exercise"]].checklist],
        "drawn": drawing_of(step),
    }


# What was wrong, as the patient tapped it.
WRONG = {code: _(wrong.label) for code, wrong in rules.WRONG.items()}
