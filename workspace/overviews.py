"""
What the patient's page says at a glance: what helped, what changed, what comes next. Only what is recorded.

The page reads the rows once; nothing here asks the database.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from statistics import median
from typing import Any

from django.utils import formats, timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from treatments import labels
from treatments.models import Session
from treatments.rules import TECHNIQUES
from workspace import readable

# Below this many pairs, before and after are shown and nothing is said about an effect (issue: no claim below 20).
CLAIM_FROM = 20
SHOWN_VISITS = 4
DISABILITY = ("ndi", "odi")


@dataclass(frozen=True)
class Cell:
    """
    One answer of the strip.

    :ivar first: the value then, where there is one to compare with
    :ivar state: "stop", "caution" or nothing
    """

    icon: str
    label: str
    value: str
    first: str = ""
    note: str = ""
    url: str = ""
    state: str = ""


@dataclass(frozen=True)
class Effect:
    """
    What was measured before and after one kind of treatment at one place.

    :ivar dose: of the newest
    :ivar pairs: (before, after) of pain, oldest first
    """

    technique: str
    code: str
    place: str
    with_exercise: bool
    dose: str
    pairs: list[tuple[float, float]]

    @property
    def count(self) -> int:
        return len(self.pairs)

    @property
    def before(self) -> str:
        return readable.number(median(before for before, _after in self.pairs))

    @property
    def after(self) -> str:
        return readable.number(median(after for _before, after in self.pairs))

    @property
    def shares(self) -> tuple[float, float]:
        """Before and after as percentages of the scale, for the bars."""
        return tuple(10 * median(pair[end] for pair in self.pairs) for end in (0, 1))  # type: ignore[return-value] # two


@dataclass
class Visit:
    """What was recorded on one day."""

    day: date
    lines: list[dict[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    pain: str = ""


# --- The strip ------------------------------------------------------------------------------------------------


def pain_cell(values: Sequence[tuple[datetime, float]]) -> Cell | None:
    """Pain when it was first and last recorded, by exams and sessions alike."""
    if not values:
        return None
    first, last = values[0], values[-1]
    if len(values) == 1:
        return Cell("activity", _("Pain, 0 to 10"), f"{last[1]:g}", note=day_of(last[0]))
    note = f"{day_of(first[0])} – {day_of(last[0])}"
    return Cell("activity", _("Pain, 0 to 10"), f"{last[1]:g}", first=f"{first[1]:g}", note=note)


def points_cell(courses: Iterable[Any]) -> Cell | None:
    """Active points at the first and the last exam; nothing where the clinic shows no classes."""
    courses = list(courses)
    found = [step for course in courses for step in course.steps if step["what"] == "found" and step["class"]]
    if not found:
        return None
    first = min(step["at"] for step in found)
    at_first = sum(step["at"] == first and step["class"] == "active" for step in found)
    now = sum(course.now == "active" for course in courses)
    latent = sum(course.now == "latent" for course in courses)
    note = ngettext("{n} latent", "{n} latent", latent).format(n=latent)
    last = max(step["at"] for step in found)
    then = str(at_first) if last != first else ""
    return Cell("target", _("Active points"), str(now), first=then, note=note)


def disability_cell(outcomes: Sequence[Mapping[str, Any]], url: str) -> Cell | None:
    """The first measure of disability that was recorded: then, and now."""
    line = next((line for line in outcomes if line["results"][0]["row"].measure in DISABILITY), None)
    if line is None:
        return None
    newest, oldest = line["results"][0], line["results"][-1]
    days = [day_of(result["row"].performed_at) for result in (oldest, newest)]
    has_course = len(line["results"]) > 1
    return Cell(
        "person-standing",
        _("Disability"),
        newest["text"],
        first=oldest["text"] if has_course else "",
        note=f"{line['name']} · {' – '.join(days) if has_course else days[1]}",
        url=url,
    )


def last_visit_cell(timeline: Sequence[Mapping[str, Any]], names: Mapping[Any, str]) -> Cell | None:
    """The newest signed document: who, what, and how the patient reacted."""
    newest = next((line for line in timeline if line["document"].status == "signed"), None)
    if newest is None:
        return None
    document = newest["document"]
    what = ", ".join(dict.fromkeys(newest.get("techniques") or [str(newest["pages"].title)]))
    note = " · ".join(part for part in (what, names.get(document.signed_by_id, "")) if part)
    response = getattr(document, "response", "")
    if response:
        note = f"{note}: {response}"
    return Cell("clipboard-check", _("Last visit"), day_of(document.performed_at), note=note)


def next_visit_cell(appointments: Sequence[Any], book_url: str) -> Cell:
    if not appointments:
        return Cell("calendar", _("Next visit"), _("none booked"), url=book_url, state="caution")
    appointment = appointments[0]
    at = timezone.localtime(appointment.starts_at)
    when = formats.date_format(at, _("D j M, H:i"))
    more = len(appointments) - 1
    note = appointment.therapist.name
    if more:
        note = f"{note} · {ngettext('{n} more', '{n} more', more).format(n=more)}"
    return Cell("calendar", _("Next visit"), when, note=note)


def home_cell(summary: Mapping[str, Any] | None) -> Cell:
    """How much of the last week's programme was done. What nobody answered is not counted as a no."""
    label = _("Home programme")
    if not summary:
        return Cell("dumbbell", label, _("none"))
    weeks = [week for _step, week in summary["steps"] if week and week.prescribed]
    done, prescribed = sum(week.done for week in weeks), sum(week.prescribed for week in weeks)
    goes = summary["goes"]
    note = _("answered {n} of {all} days").format(n=goes.days_answered, all=goes.days)
    if not prescribed:
        return Cell("dumbbell", label, "–", note=note)
    value = _("{done} of {all}").format(done=done, all=prescribed)
    return Cell("dumbbell", label, value, note=f"{_('done this week')} · {note}")


def safety_cell(open_flags: Sequence[Any], alerts: Sequence[Any], url: str) -> Cell:
    label = _("May I treat?")
    if open_flags:
        text = ngettext("{n} open red flag", "{n} open red flags", len(open_flags)).format(n=len(open_flags))
        return Cell("flag", label, text, url=url, state="stop")
    if alerts:
        text = ngettext("{n} alert", "{n} alerts", len(alerts)).format(n=len(alerts))
        return Cell("triangle-alert", label, text, note=_("no open red flag"), url=url, state="caution")
    return Cell("circle-check", label, _("no open red flag"), note=_("no alerts"), url=url)


def day_of(at: datetime) -> str:
    return formats.date_format(timezone.localtime(at), _("j M"))


# --- What helped ----------------------------------------------------------------------------------------------


def list_effects(sessions: Iterable[Session], home: Sequence[tuple[date, date | None]]) -> list[Effect]:
    """
    Return pain before and after by technique, place, and whether a home programme ran at the time.

    A session's pain belongs to all of its treatments; nothing here says which of them did it.

    :param sessions: that are signed and stand, with their parts, newest first
    :param home: first and last day of each home programme; None: still running
    """
    effects: dict[tuple[Any, ...], Effect] = {}
    for session in sessions:
        pair = _pain_pair(session)
        if pair is None:
            continue
        day = timezone.localdate(session.performed_at)
        with_exercise = any(first <= day and (last is None or day <= last) for first, last in home)
        for row in session.interventions.all():
            key = (row.technique, row.muscle_id, row.side, with_exercise)
            if key not in effects:
                place = readable.muscle_name(row.muscle_id, row.side) if row.muscle_id else ""
                name, dose = _(TECHNIQUES[row.technique].label), labels.describe_dose(row.dose, is_brief=True)
                effects[key] = Effect(name, row.technique, place, with_exercise, dose, [])
            effects[key].pairs.insert(0, pair)
    return sorted(effects.values(), key=lambda effect: -effect.count)


def _pain_pair(session: Session) -> tuple[float, float] | None:
    pains = [measure for measure in session.measures.all() if measure.kind == "pain"]
    before = next((float(m.value) for m in pains if m.phase == "before"), None)
    after = next((float(m.value) for m in pains if m.phase == "after" and m.timing == "immediate"), None)
    return (before, after) if before is not None and after is not None else None


# --- Visits ---------------------------------------------------------------------------------------------------


def fold_by_visit(timeline: Sequence[dict[str, Any]]) -> list[Visit]:
    """Return exams and sessions by the day on which they were done, newest first."""
    visits = []
    for day, lines in groupby(timeline, key=lambda line: timezone.localdate(line["document"].performed_at)):
        visit = Visit(day, list(lines))
        for line in visit.lines:
            visit.words += line.get("techniques") or [str(line["pages"].title)]
            pair = _pain_pair(line["document"]) if line["pages"].name == "session" else None
            if pair:
                visit.pain = f"{pair[0]:g} → {pair[1]:g}"
            elif line["pages"].name == "exam" and line["document"].pain_now is not None:
                visit.pain = visit.pain or str(line["document"].pain_now)
        visit.words = list(dict.fromkeys(visit.words))
        visits.append(visit)
    return visits
