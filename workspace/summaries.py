"""
A document at a glance: the points on the body, a table of their signs, one line per dose, what changed.

Review, signed page and the first page of the PDF show the same summary; `readable` has every detail after it. What was
found or given is all in the summary; what was absent or not tested is a mark in the table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

import catalogue
from assessments import rules
from assessments.documents import assessment_content, get_parts
from assessments.drawings import explain
from assessments.models import Assessment
from assessments.point_queries import numbers_of
from assessments.web import labels as words
from treatments import labels
from treatments import rules as dose_rules
from treatments.adverse_events.web.lines import answer_lines
from treatments.documents import session_content
from treatments.models import Session
from workspace import body_pictures, readable, safety_lines

TABLE_SIGNS = ("taut_band", "hypersensitive_spot", "referred_pain")
# A sign in a table cell: a mark, and its word for screen readers and on paper.
MARKS = {"present": "+", "yes": "+", "absent": "−", "no": "−"}
NOT_TESTED = "?"


@dataclass(frozen=True)
class Mark:
    text: str
    word: str
    is_present: bool = False


@dataclass(frozen=True)
class PointRow:
    """
    One finding as a row.

    :ivar signs: in the order of the table's columns
    :ivar more: what else was found, each as a short text
    """

    number: str
    name: str
    code: str
    word: str
    signs: list[Mark]
    more: list[str]


@dataclass(frozen=True)
class DoseRow:
    number: str
    technique: str
    code: str
    place: str
    dose: str
    more: list[str]


@dataclass(frozen=True)
class Summary:
    """
    :ivar facts: single values, each a label and a text
    :ivar columns: the heads of the table of signs
    :ivar positives: red flags that were answered yes
    :ivar asked: how many red flags were asked, as text
    :ivar lines: what does not fit a table, as label and text
    """

    facts: readable.Lines = field(default_factory=list)
    pictures: list[body_pictures.Picture] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    points: list[PointRow] = field(default_factory=list)
    movements: list[tuple[str, list[tuple[str, str]]]] = field(default_factory=list)
    positives: readable.Lines = field(default_factory=list)
    asked: str = ""
    doses: list[DoseRow] = field(default_factory=list)
    changes: list[readable.Change] = field(default_factory=list)
    lines: readable.Lines = field(default_factory=list)


# --- Exam -----------------------------------------------------------------------------------------------------


def exam(assessment: Assessment, *, on_paper: bool = False) -> Summary:
    content, unit = assessment_content(assessment), assessment.patient.clinic.pressure_unit
    numbers = numbers_of(finding["trigger_point"] for finding in content["findings"])
    flags = [answer for answer in content["red_flags"] if answer["answer"] != "not_asked"]
    positives = [answer for answer in flags if answer["answer"] not in ("no", "not_asked")]
    return Summary(
        facts=_list_facts(content),
        pictures=body_pictures.draw_points(
            [_picture_point(finding, numbers) for finding in content["findings"]], on_paper=on_paper
        ),
        columns=[str(words.SIGNS[sign]) for sign in (*TABLE_SIGNS, "recognised")] if content["findings"] else [],
        points=[_point_row(finding, numbers, unit) for finding in content["findings"]],
        movements=_list_movements(content["range_of_motion"]),
        positives=[readable.describe_red_flag(answer) for answer in positives],
        asked=_("{count} answered").format(count=len(flags)) if flags else "",
        lines=_exam_lines(assessment, content),
    )


def _list_facts(content: Mapping[str, Any]) -> readable.Lines:
    facts = []
    if content["pain_now"] is not None:
        facts.append((_("Pain now"), f"{content['pain_now']} / 10"))
    span = [content[name] for name in ("pain_best_24h", "pain_worst_24h") if content[name] is not None]
    if span:
        facts.append((_("Pain in 24 h"), f"{' – '.join(map(str, dict.fromkeys(span)))} / 10"))
    if content["current_symptom"] != "not_recorded":
        facts.append((_("Is it a symptom now?"), str(words.CURRENT_SYMPTOM[content["current_symptom"]])))
    return facts


def _number_of(row: Mapping[str, Any], numbers: Mapping[UUID, int]) -> str:
    """The point's number for life (ADR 42); nothing where no point is named."""
    return str(numbers.get(row["trigger_point"], ""))


def _picture_point(finding: Mapping[str, Any], numbers: Mapping[UUID, int]) -> body_pictures.Point:
    place, code = finding["point"], finding.get("class", "recorded")
    word = str(words.CLASSES.get(code, ""))
    name = readable.muscle_name(finding["muscle"], finding["side"], finding["place"])
    return body_pictures.Point(
        label=_number_of(finding, numbers),
        kind=code,
        name=f"{name}, {word}" if word else name,
        muscle=finding["muscle"],
        side=finding["side"],
        place=(place["view"], place["x"], place["y"]) if place else None,
    )


def _point_row(finding: Mapping[str, Any], numbers: Mapping[UUID, int], unit: str) -> PointRow:
    values = {**words.SIGN_VALUES, **words.WHY_NOT_TESTED}
    recognised = {**words.RECOGNISED, "unsure": _("unsure")}
    signs = [_mark(finding[sign], str(values[finding[sign]])) for sign in TABLE_SIGNS]
    signs.append(_mark(finding["recognised"], str(recognised[finding["recognised"]])))
    code = finding.get("class", "")
    return PointRow(
        number=_number_of(finding, numbers),
        name=readable.muscle_name(finding["muscle"], finding["side"], finding["place"]),
        code=code,
        word=str(words.CLASSES.get(code, "")),
        signs=signs,
        more=_more_of(finding, unit),
    )


def _mark(value: str, word: str) -> Mark:
    return Mark(MARKS.get(value, NOT_TESTED), word, value in ("present", "yes"))


def _more_of(finding: Mapping[str, Any], unit: str) -> list[str]:
    """What was found beside the signs of the table, and what would decide an open class."""
    more = []
    if finding["referred_to"]:
        zones = "; ".join(readable.zone_name(zone) for zone in finding["referred_to"])
        more.append(_("refers to {zones}").format(zones=zones))
    more += [str(words.QUALITIES[quality]) for quality in finding["referred_quality"]]
    if finding["ppt_kpa"]:
        more.append(_("threshold {value}").format(value=readable.pressure(finding["ppt_mean_kpa"], unit)))
    if finding["pain_on_pressure"] is not None:
        more.append(_("pain on pressure {value}").format(value=f"{finding['pain_on_pressure']} / 10"))
    more += [str(words.SIGNS[sign]).lower() for sign in rules.CONFIRMATORY_SIGNS if finding[sign] == "present"]
    if finding.get("missing_tests"):
        tests = ", ".join(str(words.SIGNS[test]).lower() for test in finding["missing_tests"])
        more.append(_("would decide it: {tests}").format(tests=tests))
    more += finding["limit_reasons"].values()
    return [*more, finding["notes"]] if finding["notes"] else more


def _list_movements(movements: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each movement with its sides: (side, "52°, painful")."""
    rows: dict[str, list[tuple[str, str]]] = {}
    for movement in movements:
        side = str(words.SIDES[movement["side"]]) if movement["side"] else ""
        parts = [f"{readable.number(movement['degrees'])}°" if movement["degrees"] is not None else ""]
        parts.append(_("painful") if movement["painful"] else "")
        text = ", ".join(part for part in parts if part) or _("not painful")
        rows.setdefault(_(catalogue.MOVEMENTS[movement["movement"]]), []).append((side, text))
    return list(rows.items())


def _exam_lines(assessment: Assessment, content: Mapping[str, Any]) -> readable.Lines:
    lines = []
    explanation = explain(get_parts(assessment))
    if explanation is not None:
        text = _("{count} of {all} drawn zones").format(count=len(explanation.explained), all=explanation.drawn_count)
        if explanation.unexplained:
            zones = "; ".join(readable.zone_name({"zone": z.zone, "side": z.side}) for z in explanation.unexplained)
            text = f"{text}. {_('Not explained')}: {zones}"
        lines.append((_("Explained by the findings"), text))
    elif content["pain_drawing"]:
        lines.append((_("Pain drawing"), "; ".join(readable.zone_name(mark) for mark in content["pain_drawing"])))
    if content["notes"]:
        lines.append((_("Notes"), content["notes"]))
    return lines


# --- Session --------------------------------------------------------------------------------------------------


def session(document: Session, *, on_paper: bool = False) -> Summary:
    content, unit = session_content(document), document.patient.clinic.pressure_unit
    numbers = numbers_of(intervention["trigger_point"] for intervention in content["interventions"])
    lines = [*answer_lines(document), *safety_lines.answers(content["overrides"])]
    for label, name in ((_("Response"), "response"), (_("Notes"), "notes")):
        if content[name]:
            lines.append((label, content[name]))
    return Summary(
        pictures=body_pictures.draw_points(_treated_points(content["interventions"], numbers), on_paper=on_paper),
        doses=[_dose_row(intervention, numbers) for intervention in content["interventions"]],
        changes=readable.list_changes(content, unit),
        lines=lines,
    )


def _treated_points(
    interventions: Sequence[Mapping[str, Any]], numbers: Mapping[UUID, int]
) -> list[body_pictures.Point]:
    """Each treated place once: a point by its number, a muscle without a point by a mark without one."""
    places = dict.fromkeys((_number_of(i, numbers), i["muscle"], i["side"]) for i in interventions if i["muscle"])
    return [
        body_pictures.Point(number, "recorded", readable.muscle_name(muscle, side), muscle, side)
        for number, muscle, side in places
    ]


def _dose_row(intervention: Mapping[str, Any], numbers: Mapping[UUID, int]) -> DoseRow:
    more = [why for why in intervention["limit_reasons"].values() if why]
    if intervention["response"]:
        more.append(intervention["response"])
    dose = labels.describe_dose(intervention["dose"])
    if intervention["total_mg"] is not None:
        dose = f"{dose} · {_('In all')} {readable.number(intervention['total_mg'])} mg"
    return DoseRow(
        number=_number_of(intervention, numbers),
        technique=_(dose_rules.TECHNIQUES[intervention["technique"]].label),
        code=intervention["technique"],
        place=readable.muscle_name(intervention["muscle"], intervention["side"]) if intervention["muscle"] else "",
        dose=dose,
        more=more,
    )
