"""
The calendar's blocks. A week of twenty therapists has a thousand of them, so they are written here and not by the
template engine; everything that came from a person is escaped.
"""

from __future__ import annotations

from datetime import date, datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

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


def visit(one: Visit, zone: ZoneInfo) -> str:
    """One appointment as a list item; its place in the day stands in `data-` attributes, for script to lay out."""
    mark, state = _status(one.status, get_language() or "en")
    local = one.starts_at.astimezone(zone)
    start = local.hour * 60 + local.minute
    length = int((one.ends_at - one.starts_at).total_seconds() // 60)
    name = escape(f"{one.given_names[:1]}. {one.family_name}" if one.given_names else one.family_name)
    detail = escape(" · ".join(part for part in (one.kind, one.room) if part))
    movable = ' draggable="true"' if one.status in rules.UPCOMING else ""
    link = _page().replace("00000000-0000-0000-0000-000000000000", str(one.id))
    return (
        f'<li class="visit {one.status}" data-id="{one.id}" data-start="{start}" data-length="{length}" '
        f'data-revision="{one.revision}" data-room="{one.room_id or ""}"{movable}>'
        f'<a href="{link}"><time>{local:%H:%M}</time> <span aria-hidden="true">{mark}</span>'
        f'<span class="sr">{state}</span> <b>{name}</b> <small>{detail}</small></a></li>'
    )


def day_of(column: Column, day: date, zone: ZoneInfo) -> SafeString:
    """The items of one column and day, in order."""
    return mark_safe("".join(visit(visit_row, zone) for visit_row in column.visits.get(day, ())))  # noqa: S308 - escaped above


def hours_of(column: Column, day: date, zone: ZoneInfo) -> SafeString:
    """The hours in which somebody works, to be laid out behind the appointments."""
    return mark_safe(  # noqa: S308 - numbers only
        "".join(
            f'<i class="open" data-start="{minute(start, zone)}" '
            f'data-length="{int((end - start).total_seconds() // 60)}"></i>'
            for start, end in column.hours.get(day, ())
        )
    )
