"""
The pain drawing by link: the patient taps where it hurts, before the visit or in the waiting room.

A therapist reads it first. Accepted, its zones are in the therapist's draft of an exam, where the drawing suggests what
to palpate first.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

import catalogue
from accounts import policies
from assessments.actions import EXAM
from assessments.models import PainMark
from assessments.rules import PAIN
from assessments.suggestions import MIDLINE, SidedZone, in_order
from assessments.values import NewPainMark, read_exam
from errors.exceptions import Problems
from identity.actor import Actor
from patient_forms.questions import Question, Section, parse_number
from patient_forms.registry import Answers, PatientForm, Proposal
from patients.labels import ALERT_SIDES, BODY_REGIONS
from patients.models import Patient

CODE = "pain_drawing"
VERSION = 1
DRAWING = "drawing"
QUALITIES = {
    "ache": _("aching"),
    "burning": _("burning"),
    "tingling": _("tingling"),
    "numb": _("numb"),
    "stabbing": _("stabbing"),
}


def read_drawing(question: Question, sent: Any) -> dict[str, int | None]:
    """Each drawn zone as `zone/side`, with its pain from 0 to 10; None: no number was given."""
    return {key: parse_number(sent.get(f"intensity:{key}")) for key in sent.getlist(question.name)}


def sections(patient: Patient) -> list[Section]:
    return [
        Section(_("Where does it hurt?"), [Question(DRAWING, DRAWING, _("Places that hurt"), about=list_places())]),
        Section(
            _("How does it feel?"),
            [
                Question("ticks", "qualities", _("Tick everything that fits"), about=QUALITIES),
                Question("text", "note", _("Anything else about this pain?")),
            ],
        ),
    ]


def list_places() -> list[tuple[str, list[tuple[str, str]]]]:
    """The zones in groups, as a list to tick: for the keyboard, a screen reader, and a page without its script."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for zone, about in catalogue.ZONES.items():
        for side in ("right", "left") if about["sided"] else (MIDLINE,):
            name = str(BODY_REGIONS.get(about["region"], about["region"]))
            groups.setdefault(name, []).append((f"{zone}/{side}", name_zone(SidedZone(zone, side))))
    return list(groups.items())


def name_zone(zone: SidedZone) -> str:
    label = gettext(catalogue.ZONES[zone.zone]["label"])
    return label if zone.side == MIDLINE else f"{label}, {ALERT_SIDES[zone.side]}"


def check(answers: Answers, clinic_id: UUID, today: date) -> None:
    """:raises Invalid: a zone is not on the chart, or its number not on the scale"""
    problems = Problems()
    known = {key for _group, places in list_places() for key, _name in places}
    low, high = PAIN
    for key, intensity in answers[DRAWING].items():
        if key not in known:
            problems.add(f"/{DRAWING}", "unknown_code.form_answer")
        elif intensity is not None and not low <= intensity <= high:
            problems.add(f"/{DRAWING}", "out_of_range.drawn_pain", low=low, high=high)
    problems.raise_if_any()


def propose(answers: Answers, patient: Patient) -> list[Proposal]:
    """The drawing as one thing, beside the newest one of an exam."""
    drawn = read_marks(answers)
    if not drawn:
        return []
    newest = EXAM.rows().of_patients([patient.pk]).exclude(pain_marks=None).newest_first().first()
    recorded = PainMark.objects.filter(assessment=newest) if newest else ()
    before = [NewPainMark(zone=mark.zone_id, side=mark.side, intensity=mark.intensity) for mark in recorded]
    return [Proposal(DRAWING, _("Pain drawing, for your draft of an exam"), _say(drawn), _say(before))]


def read_marks(answers: Answers) -> list[NewPainMark]:
    """The drawn zones, from head to foot."""
    by_zone = {SidedZone(*key.split("/")): intensity for key, intensity in answers[DRAWING].items()}
    return [NewPainMark(zone=z.zone, side=z.side, intensity=by_zone[z]) for z in in_order(by_zone)]


def _say(marks: Collection[NewPainMark]) -> str:
    names = ((name_zone(SidedZone(mark.zone, mark.side)), mark.intensity) for mark in marks)
    return "; ".join(name if intensity is None else f"{name}: {intensity} / 10" for name, intensity in names)


def describe(answers: Answers) -> list[tuple[Any, Any]]:
    felt = ", ".join(str(QUALITIES[code]) for code in answers.get("qualities") or ())
    said = [
        (_("Places that hurt"), _say(read_marks(answers))),
        (_("How does it feel?"), felt),
        (_("Anything else about this pain?"), answers.get("note")),
    ]
    return [(label, text) for label, text in said if text]


def accept(*, patient: Patient, answers: Answers, keys: Collection[str], by: Actor, at: datetime) -> None:
    """Draw the zones in the therapist's draft; what is drawn there already stays as it is."""
    if DRAWING not in keys:
        return
    drafts = EXAM.rows().of_patients([patient.pk]).drafts().filter(recorded_by_id=policies.require_author(by))
    begun = drafts.filter(revises=None).newest_first().first()
    if begun is None:
        EXAM.record(patient_id=patient.pk, content=_content(read_marks(answers)), by=by, at=at)
        return
    draft = EXAM.lock_draft(document_id=begun.pk)
    before = [NewPainMark(zone=m.zone_id, side=m.side, intensity=m.intensity) for m in EXAM.get_parts(draft).pain_marks]
    there = {(mark.zone, mark.side) for mark in before}
    added = [mark for mark in read_marks(answers) if (mark.zone, mark.side) not in there]
    EXAM.change(document=draft, content=_content([*before, *added]), by=by, at=at)


def _content(marks: Collection[NewPainMark]) -> Any:
    drawn: list[Mapping[str, Any]] = [{"zone": m.zone, "side": m.side, "intensity": m.intensity} for m in marks]
    return read_exam({"pain_drawing": drawn})


PAIN_DRAWING = PatientForm(
    code=CODE,
    title=_("Where does it hurt?"),
    intro=_("Show us where it hurts. It takes about a minute."),
    version=VERSION,
    sections=sections,
    check=check,
    propose=propose,
    describe=describe,
    accept=accept,
    review_note=_("Accepting puts the drawing into your draft of an exam, or begins one."),
)
