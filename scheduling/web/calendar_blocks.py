"""
The calendar's blocks. A week of twenty therapists has a thousand of them, so they are written here and not by the
template engine; everything that came from a person is escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext

from scheduling import labels, rules
from scheduling.queries import Column, Visit


@lru_cache
def _status(code: str, language: str) -> tuple[str, str]:
    return rules.STATUSES[code].mark, escape(str(labels.STATUSES[code]))


@lru_cache
def _page() -> str:
    return reverse("appointment", args=["00000000-0000-0000-0000-000000000000"])


def minute(at: datetime, zone: ZoneInfo) -> int:
    local = at.astimezone(zone)
    return local.hour * 60 + local.minute


@dataclass(frozen=True)
class TypeLook:
    """How an appointment type looks in the calendar: one of the style sheet's colours, and two letters."""

    colour: int
    mark: str


Looks = Mapping[str, TypeLook]
NO_LOOK = TypeLook(0, "")


def looks_of(names: Sequence[str]) -> dict[str, TypeLook]:
    """
    :param names: of the clinic's types, in the order in which they were made: a new one changes no other's colour
    """
    marks = rules.type_marks(names)
    return {name: TypeLook(number % rules.TYPE_COLOURS, marks[name]) for number, name in enumerate(names)}


def gap(starts_at: datetime, ends_at: datetime, zone: ZoneInfo, address: str) -> str:
    """Free time as a list item; it leads to the booking, if there is an address."""
    text = f"{starts_at.astimezone(zone):%H:%M}–{ends_at.astimezone(zone):%H:%M}"
    words = escape(gettext("free"))
    if not address:
        return f'<li class="free"><span>{text} {words}</span></li>'
    return f'<li class="free"><a href="{escape(address)}">{text} {words}</a></li>'


def visit(one: Visit, zone: ZoneInfo, looks: Looks) -> str:
    """One appointment as a list item; its place in the day stands in `data-` attributes, for script to lay out."""
    look = looks.get(one.kind, NO_LOOK)
    mark, state = _status(one.status, get_language() or "en")
    local = one.starts_at.astimezone(zone)
    start = local.hour * 60 + local.minute
    length = int((one.ends_at - one.starts_at).total_seconds() // 60)
    name = escape(f"{one.given_names[:1]}. {one.family_name}" if one.given_names else one.family_name)
    detail = escape(" · ".join(part for part in (one.kind, one.room) if part))
    movable = ' draggable="true"' if one.status in rules.UPCOMING else ""
    letters = f'<i class="mark" aria-hidden="true">{escape(look.mark)}</i>'
    link = _page().replace("00000000-0000-0000-0000-000000000000", str(one.id))
    return (
        f'<li class="visit {one.status}" data-id="{one.id}" data-kind="{look.colour}" data-start="{start}" '
        f'data-length="{length}" data-revision="{one.revision}" data-room="{one.room_id or ""}"{movable}>'
        f'<a href="{link}"><time>{local:%H:%M}</time> <span aria-hidden="true">{mark}</span>'
        f'<span class="sr">{state}</span> {letters} <b>{name}</b> <small>{detail}</small></a></li>'
    )


def day_of(column: Column, day: date, zone: ZoneInfo, looks: Looks) -> SafeString:
    """The items of one column and day, in order."""
    return mark_safe("".join(visit(row, zone, looks) for row in column.visits.get(day, ())))  # noqa: S308 - escaped above


def day_with_gaps(column: Column, day: date, zone: ZoneInfo, looks: Looks, gaps: Gaps) -> SafeString:
    """The appointments of one column and day, and the free time between them, in order."""
    visits = column.visits.get(day, ())
    items = [(row.starts_at, visit(row, zone, looks)) for row in visits]
    busy = [(row.starts_at, row.ends_at) for row in visits]
    for starts_at, ends_at in rules.free_stretches(column.hours.get(day, ()), busy, after=gaps.after, least=gaps.least):
        address = gaps.address(column, starts_at.astimezone(zone))
        items.append((starts_at, gap(starts_at, ends_at, zone, address)))
    return mark_safe("".join(html for _at, html in sorted(items, key=lambda item: item[0])))  # noqa: S308 - escaped above


@dataclass(frozen=True)
class Gaps:
    """
    Which free time is shown.

    :ivar address: where a tap on it leads: takes the column and the local time; empty: nowhere
    """

    after: datetime
    least: timedelta
    address: Callable[[Column, datetime], str]


def hours_of(column: Column, day: date, zone: ZoneInfo) -> SafeString:
    """The hours in which somebody works, to be laid out behind the appointments."""
    return mark_safe(  # noqa: S308 - numbers only
        "".join(
            f'<i class="open" data-start="{minute(start, zone)}" '
            f'data-length="{int((end - start).total_seconds() // 60)}"></i>'
            for start, end in column.hours.get(day, ())
        )
    )
