"""What the session screen shows of the safety check: the panel with what must be answered, and a list for each card."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from assessments.red_flag_table import PROPOSAL as FLAG_PROPOSAL
from assessments.red_flag_table import RED_FLAGS
from assessments.red_flags import OpenFlag
from errors.texts import message_of
from identity.actor import Actor
from records.editing import path_of
from treatments import queries, rules, safety, session_paths, signing
from treatments.models import Session
from treatments.safety import SCREEN_INCOMPLETE
from treatments.safety_entries import ACKNOWLEDGE, CAUTION, LEVELS, STOP
from treatments.safety_facts import PlannedIntervention, SafetyFinding
from treatments.safety_table import BOTH_SIDES_OF_THORAX, HAS_BEEN_REVIEWED, PROPOSAL
from treatments.values import NewIntervention, read_session

LEVEL_WORDS = {STOP: _("Stop"), ACKNOWLEDGE: _("Acknowledge"), CAUTION: _("Caution")}
# A shape beside the word, so that no level is told by its colour alone.
LEVEL_ICONS = {STOP: "■", ACKNOWLEDGE: "◆", CAUTION: "▲"}


@dataclass(frozen=True)
class Line:
    """One finding as a person reads it."""

    finding: SafetyFinding
    text: str

    @property
    def icon(self) -> str:
        return LEVEL_ICONS[self.finding.level]

    @property
    def word(self) -> Any:
        return LEVEL_WORDS[self.finding.level]


def lines_of(findings: Sequence[SafetyFinding]) -> list[Line]:
    return [Line(finding, message_of(signing.error_of(finding))) for finding in signing.distinct(findings)]


def render_findings(findings: Sequence[SafetyFinding]) -> str:
    """Return findings as a piece of the page; an empty text, if there are none."""
    return render_to_string("treatments/_safety_list.html", {"lines": lines_of(findings)}) if findings else ""


def unanswered_text(flags: Sequence[str]) -> str:
    """Return one sentence for all red flags that nobody has answered; it names each."""
    text = ngettext(
        "{count} red flag has no current answer: {flags}. Ask it in an exam; if the patient declines, record why.",
        "{count} red flags have no current answers: {flags}. Ask them in an exam; if the patient declines, record why.",
        len(flags),
    )
    return text.format(count=len(flags), flags="; ".join(gettext(RED_FLAGS[flag].label) for flag in flags))


def questions_url(patient_id: UUID, *, by: Actor) -> str:
    """Return the page that lists the red flag questions to ask; empty for a person who may not read exams."""
    return reverse("patient_red_flags", args=[patient_id]) if "assessments:read" in by.scopes else ""


def render_panel(findings: Sequence[SafetyFinding], open_flags: Sequence[OpenFlag], questions: str) -> str:
    """
    Return what must be answered before the signature, and the open flags that stop nothing of what is done.

    :param questions: where the questions are that nobody has answered
    """
    keys = {finding.key for finding in findings}
    shown_only = [(RED_FLAGS[flag.code].label, flag.answered_at) for flag in open_flags if flag.code not in keys]
    if not findings and not shown_only:
        return ""
    unanswered = [str(f.params["flag"]) for f in signing.distinct(findings) if f.code == SCREEN_INCOMPLETE]
    context = {
        "lines": lines_of([finding for finding in findings if finding.code != SCREEN_INCOMPLETE]),
        "unanswered": unanswered_text(unanswered) if unanswered else "",
        "stop": {"icon": LEVEL_ICONS[STOP], "word": LEVEL_WORDS[STOP]},
        "questions_url": questions,
        "open_flags": shown_only,
        "notes": [] if HAS_BEEN_REVIEWED else [PROPOSAL, FLAG_PROPOSAL],
    }
    return render_to_string("treatments/_safety_panel.html", context)


def screen_json(session: Session, content: Mapping[str, Any], *, by: Actor, at: datetime) -> dict[str, Any]:
    """
    Return what the screen shows of the check: `panel` (to be answered), `cards` (intervention to its findings), and
    `reasons` (the paths of values that need a reason).
    """
    check = signing.check_signature(session, content, by=by, at=at)
    rows = session_paths.row_paths(session_paths.flatten(content))
    of_panel = [finding for finding in check.findings if finding.level != CAUTION]
    cards = {}
    for index, intervention in enumerate(content["interventions"]):
        pointer = f"/interventions/{index}"
        own = [f for f in check.findings if f.level == CAUTION and (f.pointer + "/").startswith(pointer + "/")]
        cards[str(intervention["id"])] = render_findings(own)
    return {
        "panel": render_panel(of_panel, check.visit.facts.flags.open, questions_url(session.patient_id, by=by)),
        "cards": cards,
        "reasons": [path_of(stop.error.pointer, rows) for stop in check.stops if stop.error.code == "reason_required"],
        "weight": any(stop.error.reason == "required.weight" for stop in check.stops),
    }


def offers_json(
    session: Session, content: Mapping[str, Any], *, muscle: str | None, side: str | None, by: Actor, at: datetime
) -> dict[str, dict[str, str]]:
    """
    Return technique to what stands in its way at one place, before it is chosen.

    :param muscle, side: None for both is treatment in general
    """
    existing = queries.plan_interventions(read_session(content).interventions)
    offered = [NewIntervention(technique=code, muscle=muscle, side=side) for code in rules.TECHNIQUES]
    offers = {planned.technique: planned for planned in queries.plan_interventions(offered)}
    visit = queries.read_visit(session, list(offers.values()), by=by, at=at)

    def check(interventions: Sequence[PlannedIntervention]) -> list[SafetyFinding]:
        return safety.safety_check(
            interventions,
            visit.facts,
            visit.competencies,
            at=session.performed_at,
            entries=visit.safety_list.entries,
            on_date=visit.on_date,
            basic_required=visit.basic_required,
            visit_ends_at=visit.ends_at,
        )

    visible = {}
    for code, planned in offers.items():
        findings = check([planned])
        together = [f for f in check([*existing, planned]) if f.code == BOTH_SIDES_OF_THORAX]
        findings += [f for f in together if f.code not in {finding.code for finding in findings}]
        level = max((finding.level for finding in findings), key=LEVELS.index, default="")
        visible[code] = {
            "level": level,
            "icon": LEVEL_ICONS.get(level, ""),
            "word": str(LEVEL_WORDS.get(level, "")),
            "html": render_findings(findings),
        }
    return visible
