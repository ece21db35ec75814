"""A document as people read it: sections of titled lines, the same for review, on the signed page and as PDF."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.utils import formats, timezone
from django.utils.translation import gettext as _

import catalogue
from assessments import labels, measures, rules
from assessments.documents import assessment_content, get_parts
from assessments.drawings import explain
from assessments.models import Assessment
from assessments.point_queries import numbers_of
from assessments.web import labels as words
from errors.exceptions import FieldError
from errors.texts import message_of
from patients.labels import ALERT_SIDES, BODY_REGIONS
from records.models import Record
from treatments import rules as dose_rules
from treatments.adverse_events.web.lines import aftercare_lines, answer_lines
from treatments.documents import session_content
from treatments.models import Session
from workspace import safety_lines

Number = int | float | Decimal
Lines = list[tuple[str, str]]
REGION_OF = {key: muscle["region"] for key, muscle in catalogue.MUSCLES.items()}


@dataclass
class Block:
    """One finding, one intervention: a title, perhaps a class, and its lines."""

    title: str
    lines: Lines = field(default_factory=list)
    code: str = ""
    word: str = ""


@dataclass
class Section:
    title: str
    blocks: list[Block] = field(default_factory=list)


def number(value: Number) -> str:
    """A number as the page's language writes it, without needless zeros."""
    if isinstance(value, Decimal | float):
        value = int(value) if value == int(value) else round(float(value), 3)
    return str(formats.localize(value, use_l10n=True))


def moment(value: datetime | None) -> str:
    return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")


def muscle_name(muscle: str, side: str | None, place: str = "") -> str:
    parts = [_(catalogue.MUSCLES[muscle]["name"]), str(words.SIDES[side]) if side else "", place]
    return " · ".join(part for part in parts if part)


def with_number(row: Mapping[str, Any], numbers: Mapping[UUID, int], name: str) -> str:
    """Return a name with the number of its trigger point before it; the number belongs to no signed document."""
    number_of_point = numbers.get(row["trigger_point"])
    return name if number_of_point is None else f"{number_of_point} · {name}"


def zone_name(zone: dict[str, Any]) -> str:
    label = _(catalogue.ZONES[zone["zone"]]["label"])
    return label if zone["side"] == "midline" else f"{label}, {words.SIDES[zone['side']]}"


def pressure(kpa: Number, unit: str) -> str:
    if unit == "kPa":
        return f"{number(kpa)} kPa"
    return f"{number(round(float(kpa) / float(rules.KPA_PER_KGF_CM2), 2))} kgf/cm²"


# --- Exam -----------------------------------------------------------------------------------------------------


def exam(assessment: Assessment) -> list[Section]:
    content, unit = assessment_content(assessment), assessment.patient.clinic.pressure_unit
    numbers = numbers_of(finding["trigger_point"] for finding in content["findings"])
    sections = [
        Section(_("Pain"), [Block("", _pain_lines(content))]),
        Section(_("Findings"), [_finding(f, unit, numbers) for f in content["findings"]]),
        Section(_("Range of motion"), [Block("", [_movement(m) for m in content["range_of_motion"]])]),
        Section(_("Pain drawing"), [Block("", [(zone_name(m), _intensity(m)) for m in content["pain_drawing"]])]),
        Section(_("Pain drawing and findings"), [Block("", _explanation_lines(assessment))]),
        Section(_("Red flags"), [Block("", [describe_red_flag(a) for a in content["red_flags"]])]),
        Section(_("Notes"), [Block("", [("", content["notes"])] if content["notes"] else [])]),
    ]
    return _drop_empty(sections)


def _explanation_lines(assessment: Assessment) -> Lines:
    """How much of the drawing the findings explain. Computed now, so it says that it is no part of what was signed."""
    explanation = explain(get_parts(assessment))
    if explanation is None:
        return []
    counted = _("{count} of {all} drawn zones").format(count=len(explanation.explained), all=explanation.drawn_count)
    lines = [(_("Explained by the findings"), counted)]
    if explanation.unexplained:
        names = "; ".join(zone_name({"zone": zone.zone, "side": zone.side}) for zone in explanation.unexplained)
        lines.append((_("Not explained"), names))
    if explanation.still_to_test:
        muscles = "; ".join(muscle_name(s.muscle, s.side) for s in explanation.still_to_test)
        lines.append((_("Still worth testing"), muscles))
    lines.append((_("About this comparison"), _("Computed when shown, by our own proposal; it is not signed.")))
    return lines


def _drop_empty(sections: list[Section]) -> list[Section]:
    for section in sections:
        section.blocks = [block for block in section.blocks if block.lines or block.title]
    return [section for section in sections if section.blocks]


def _pain_lines(content: dict[str, Any]) -> Lines:
    labels = {"pain_now": _("Now"), "pain_worst_24h": _("Worst in 24 h"), "pain_best_24h": _("Best in 24 h")}
    lines = [(label, f"{content[name]} / 10") for name, label in labels.items() if content[name] is not None]
    if content["current_symptom"] != "not_recorded":
        lines.append((_("Is it a symptom now?"), str(words.CURRENT_SYMPTOM[content["current_symptom"]])))
    return lines


def _finding(finding: dict[str, Any], unit: str, numbers: Mapping[UUID, int]) -> Block:
    values = {**words.SIGN_VALUES, **words.WHY_NOT_TESTED}
    block = Block(
        with_number(finding, numbers, muscle_name(finding["muscle"], finding["side"], finding["place"])),
        code=finding.get("class", ""),
        word=str(words.CLASSES.get(finding.get("class", ""), "")),
    )
    for sign in ("taut_band", "hypersensitive_spot", "referred_pain"):
        block.lines.append((str(words.SIGNS[sign]), str(values[finding[sign]])))
    if finding["referred_to"]:
        block.lines.append((_("Refers to"), "; ".join(zone_name(zone) for zone in finding["referred_to"])))
    if finding["referred_quality"]:
        felt = ", ".join(str(words.QUALITIES[quality]) for quality in finding["referred_quality"])
        block.lines.append((_("Quality of the pain"), felt))
    recognised = {**words.RECOGNISED, "unsure": _("unsure")}
    block.lines.append((str(words.SIGNS["recognised"]), str(recognised[finding["recognised"]])))
    for sign in rules.CONFIRMATORY_SIGNS:
        if finding[sign] != "not_tested":
            block.lines.append((str(words.SIGNS[sign]), str(values[finding[sign]])))
    if finding["spot_in_band"] != "unknown":
        block.lines.append((str(words.SIGNS["spot_in_band"]), str(words.YES_NO_UNKNOWN[finding["spot_in_band"]])))
    if finding["twitch_method"]:
        block.lines.append((_("Twitch sought"), str(words.TWITCH_METHODS[finding["twitch_method"]])))
    if finding["pain_on_pressure"] is not None:
        block.lines.append((_("Pain on pressure"), f"{finding['pain_on_pressure']} / 10"))
    if finding["ppt_kpa"]:
        trials = ", ".join(pressure(kpa, unit) for kpa in finding["ppt_kpa"])
        mean = pressure(finding["ppt_mean_kpa"], unit)
        block.lines.append((_("Pressure-pain threshold"), f"{trials}; {_('mean')} {mean}"))
    block.lines += [(_("Reason for the unusual value"), why) for why in finding["limit_reasons"].values()]
    if finding["notes"]:
        block.lines.append((_("Note"), finding["notes"]))
    if "class" in finding:
        block.lines += _judgement(finding)
    return block


def _judgement(finding: dict[str, Any]) -> Lines:
    """What the rule set says, where the clinic shows it."""
    lines = []
    if finding["missing_tests"]:
        tests = ", ".join(str(words.SIGNS[test]).lower() for test in finding["missing_tests"])
        lines.append((_("Would decide it"), tests))
    rule_set = _(rules.RULE_SETS[finding["rule_set"]].label)
    return [*lines, (_("Judged by"), f"{rule_set} (v{finding['rule_set_version']})")]


def _movement(movement: dict[str, Any]) -> tuple[str, str]:
    label = _(catalogue.MOVEMENTS[movement["movement"]])
    if movement["side"]:
        label = f"{label}, {words.SIDES[movement['side']]}"
    parts = [f"{number(movement['degrees'])}°" if movement["degrees"] is not None else ""]
    if movement["painful"] is not None:
        parts.append(_("painful") if movement["painful"] else _("not painful"))
    if movement["device"]:
        parts.append(str(words.DEVICES[movement["device"]]))
    return label, ", ".join(part for part in parts if part)


def _intensity(mark: dict[str, Any]) -> str:
    return _("marked") if mark["intensity"] is None else f"{mark['intensity']} / 10"


def describe_red_flag(answer: dict[str, Any]) -> tuple[str, str]:
    answer_text = {**words.RED_FLAG_ANSWERS, "declined": _("patient declined")}[answer["answer"]]
    if answer.get("source") == "no_to_all_others":
        answer_text = _("no (to all others together)")
    place = [str(BODY_REGIONS[region]) for region in answer.get("regions") or ()]
    if answer.get("side"):
        place.append(str(ALERT_SIDES[answer["side"]]))
    where = f" ({', '.join(place)})" if place else ""
    note = f": {answer['note']}" if answer["note"] else ""
    return _(rules.RED_FLAGS[answer["code"]].label), f"{answer_text}{where}{note}"


# --- Session --------------------------------------------------------------------------------------------------


def session(document: Session, safety: Mapping[str, Any] | None = None) -> list[Section]:
    """:param safety: what a draft would be signed with; a signed session has its own"""
    content, unit = session_content(document), document.patient.clinic.pressure_unit
    numbers = numbers_of(row["trigger_point"] for row in content["interventions"])
    weight = content["weight_kg"]
    sections = [
        Section(_("Problems after earlier treatments"), [Block("", answer_lines(document))]),
        Section(
            _("What was done"),
            [
                *(_intervention(i, numbers) for i in content["interventions"]),
                Block("", [(_("Weight of the patient"), f"{number(weight)} kg")] if weight is not None else []),
            ],
        ),
        Section(_("Before and after"), [Block("", _measures(content, unit))]),
        Section(_("Stops passed"), [Block("", safety_lines.answers(content["overrides"]))]),
        Section(_("Acknowledged"), [Block("", safety_lines.answers(content["acknowledged"]))]),
        Section(_("Known before treatment"), [Block("", safety_lines.list_known(content.get("safety") or safety))]),
        Section(_("Advice after needling"), [Block("", aftercare_lines(document))]),
        Section(_("Response"), [Block("", [("", content["response"])] if content["response"] else [])]),
        Section(_("Notes"), [Block("", [("", content["notes"])] if content["notes"] else [])]),
    ]
    return _drop_empty(sections)


def _intervention(intervention: dict[str, Any], numbers: Mapping[UUID, int]) -> Block:
    title = _(dose_rules.TECHNIQUES[intervention["technique"]].label)
    if intervention["muscle"]:
        place = muscle_name(intervention["muscle"], intervention["side"])
        title = f"{title}: {with_number(intervention, numbers, place)}"
    block = Block(title)
    for name, value in intervention["dose"].items():
        about = dose_rules.FIELDS[name]
        block.lines.append((_(about.label), dose_value(about, value)))
    if intervention["total_mg"] is not None:
        block.lines.append((_("In all"), f"{number(intervention['total_mg'])} mg"))
    for name, why in intervention["limit_reasons"].items():
        about_name = _(dose_rules.FIELDS[name].label) if name in dose_rules.FIELDS else code_word(name)
        block.lines.append((f"{_('Reason for the unusual value')} ({about_name})", why))
    if intervention["response"]:
        block.lines.append((_("Response"), intervention["response"]))
    return block


def dose_value(about: dose_rules.Field, value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if about.kind == dose_rules.CODE:
        return code_word(value)
    text = number(value) if about.kind in (dose_rules.WHOLE, dose_rules.NUMBER) else str(value)
    return f"{text} {about.unit}".strip()


def code_word(code: str) -> str:
    return _(code.replace("_", " "))


@dataclass(frozen=True)
class Change:
    """
    One measure before and after a treatment.

    :ivar after: each time it was measured: when, the value, and what the change means
    """

    label: str
    before: str
    after: list[tuple[str, str, str]]


def _measures(content: dict[str, Any], unit: str) -> Lines:
    lines = []
    for change in list_changes(content, unit):
        texts = [f"{_('before')} {change.before}"] if change.before else []
        texts += [
            f"{_('after')} ({timing}) {value}{f', {meaning}' if meaning else ''}"
            for timing, value, meaning in change.after
        ]
        lines.append((change.label, "; ".join(texts)))
    return lines


def list_changes(content: Mapping[str, Any], unit: str) -> list[Change]:
    """Return each measure of a session before and after, with what the sources say about the difference."""
    pairs: dict[tuple[Any, ...], dict[str, Any]] = {}
    subjects: dict[tuple[Any, ...], measures.Subject] = {}
    for measure in content["measures"]:
        key = (measure["kind"], measure["trigger_point"], measure["movement"], measure["side"])
        slot = pairs.setdefault(key, {})
        slot["before" if measure["phase"] == "before" else measure["timing"]] = measure["value"]
        subjects[key] = measures.subject_of(measure, content["interventions"], REGION_OF)
    changes = []
    for key, values in pairs.items():
        before = values.pop("before", None)
        after = [
            (
                code_word(timing),
                format_measure(key[0], value, unit),
                change_in_words(key[0], before, value, unit, subjects[key]) if before is not None else "",
            )
            for timing, value in values.items()
        ]
        text = format_measure(key[0], before, unit) if before is not None else ""
        changes.append(Change(_measure_label(key, content["interventions"]), text, after))
    return changes


def _measure_label(key: tuple[Any, ...], interventions: Sequence[Mapping[str, Any]]) -> str:
    """What was measured, and where."""
    kind_code, point, movement, side = key
    label = {"pain": _("Pain"), "ppt_kpa": _("Pressure-pain threshold"), "rom_deg": _("Range")}[kind_code]
    if movement:
        place = f"{_(catalogue.MOVEMENTS[movement])}{f', {words.SIDES[side]}' if side else ''}"
        return f"{label}: {place}"
    treated = next((i for i in interventions if point and str(i["trigger_point"]) == str(point)), None)
    if treated and treated["muscle"]:
        return f"{label}: {muscle_name(treated['muscle'], treated['side'])}"
    return label


def format_measure(kind: str, value: Number, unit: str) -> str:
    if kind == "ppt_kpa":
        return pressure(value, unit)
    return f"{number(value)}°" if kind == "rom_deg" else f"{number(value)} / 10"


def change_in_words(kind: str, before: Number, after: Number, unit: str, subject: measures.Subject) -> str:
    """What the difference says, by each source that fits."""
    change = measures.compare(kind, Decimal(str(before)), Decimal(str(after)), subject)
    sign = "+" if change.difference > 0 else "−" if change.difference < 0 else "±"
    amount = format_measure(kind, abs(change.difference), unit).removesuffix(" / 10")
    return labels.describe_change(kind, change, f"{sign}{amount}")


# --- Around ---------------------------------------------------------------------------------------------------


def exam_hints(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What does not block, but may have been forgotten."""
    hints = []
    for index, finding in enumerate(content["findings"]):
        name = muscle_name(finding["muscle"], finding["side"], finding["place"])
        if finding.get("missing_tests"):
            test = str(words.SIGNS[finding["missing_tests"][0]]).lower()
            text = _("{name} is not decided yet; testing {test} would help.")
            hints.append((f"/findings/{index}/{finding['missing_tests'][0]}", text.format(name=name, test=test)))
        elif finding.get("class") == "activity_undetermined":
            text = _("{name}: record whether this reproduces the patient's pain.").format(name=name)
            hints.append((f"/findings/{index}/recognised", text))
    if content["pain_now"] is None:
        hints.append(("/pain_now", _("Pain now is not recorded.")))
    answered = {a["code"] for a in content["red_flags"] if a["answer"] != "not_asked"}
    mandatory = [code for code, flag in rules.RED_FLAGS.items() if flag.is_mandatory]
    open_flags = [code for code in mandatory if code not in answered]
    if open_flags:
        text = _("{count} of {all} red flags are not answered.").format(count=len(open_flags), all=len(mandatory))
        hints.append((f"/red_flags/{open_flags[0]}/answer", text))
    return hints


def session_hints(content: Mapping[str, Any]) -> list[tuple[str, str]]:
    matches = []
    if not content["response"]:
        matches.append(("/response", _("The patient's reaction is not recorded.")))
    if not any(measure["phase"] == "after" for measure in content["measures"]):
        matches.append(("/measures", _("No measures after treatment.")))
    return matches


def hint_open_question(question: dict[str, Any] | None) -> list[tuple[str, str]]:
    """That nobody asked how the last treatment went, with its day and techniques."""
    if question is None:
        return []
    day = formats.date_format(timezone.localtime(question["performed_at"]), "DATE_FORMAT")
    text = _("Problems after the last treatment were not asked about ({day}, {techniques}).")
    return [(f"/adverse_events_asked/{question['about']}", text.format(day=day, techniques=question["techniques"]))]


def sentence(error: FieldError, content: Mapping[str, Any]) -> str:
    """A refusal with the name of the finding or intervention that it is about."""
    parts = error.pointer.strip("/").split("/")
    if len(parts) > 1 and parts[1].isdigit() and parts[0] in ("findings", "interventions"):
        row = content[parts[0]][int(parts[1])]
        name = muscle_name(row["muscle"], row["side"]) if row["muscle"] else ""
        if parts[0] == "interventions":
            name = " · ".join(n for n in (_(dose_rules.TECHNIQUES[row["technique"]].label), name) if n)
        return f"{name}: {message_of(error)}"
    return message_of(error)


def addendum(record: Record) -> dict[str, Any]:
    assert record.document is not None  # an erased patient has no page
    document = json.loads(bytes(record.document))
    return {"at": record.signed_at, "by": document["signed_by"]["name"], "text": document["addendum"]["text"]}
