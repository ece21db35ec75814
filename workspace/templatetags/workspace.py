"""What templates of the workspace need beyond Django's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, ngettext

from errors.exceptions import DomainError, FieldError
from errors.texts import message_of
from patients import labels
from patients.models import Alert

register = template.Library()
# Lucide, as it is published; see NOTICE.md. An icon goes with a word and is hidden from screen readers.
ICONS = Path(__file__).parent.parent / "icons"


@register.simple_tag
@lru_cache(maxsize=128)
def icon(name: str) -> SafeString:
    """An icon of Lucide by its name, inline, so that it takes the colour of its text and costs no request."""
    drawing = (ICONS / f"{name}.svg").read_text()
    shapes = drawing[drawing.index(">") + 1 : drawing.rindex("</svg>")]
    return mark_safe(  # noqa: S308 - a file of our own
        f'<svg class="icon" aria-hidden="true" viewBox="0 0 24 24">{" ".join(shapes.split())}</svg>'
    )


@register.simple_tag
def path(*parts: Any) -> str:
    """A draft's path from its parts."""
    return "/".join(str(part) for part in parts)


@register.filter
def alert_place(alert: Alert) -> str:
    """Part of the body and side of an alert."""
    return labels.alert_place(alert.side, alert.region)


@register.filter
def of(table: Mapping[str, Any], key: str) -> Any:
    return table.get(key, key)


@register.filter
def of_id(table: Mapping[str, Any], key: object) -> Any:
    return table.get(str(key), "")


@register.filter
def moment(text: str) -> datetime | None:
    """A moment that was kept as text, in the page's time zone."""
    try:
        return timezone.localtime(datetime.fromisoformat(text))
    except (TypeError, ValueError):
        return None


@register.filter(expects_localtime=True)
def written(at: date | None, form: str) -> str:
    """A day, or a moment, as a person writes it: the order and the dots are the language's."""
    return "" if at is None else date_format(at, gettext(form))


@register.filter
def percent(share: float | None) -> str:
    """A share as a percentage; a dash where there is nothing to share."""
    return "–" if share is None else f"{share * 100:.0f} %"


@register.filter
def hundredths(share: float | None) -> str:
    """A share as the width of a bar in a drawing that is 100 wide."""
    return f"{min(max(share or 0, 0), 1) * 100:.1f}"


@register.filter
def translated(text: str) -> str:
    """A label from a rule table in the page's language."""
    return gettext(text) if text else ""


@register.filter
def said(error: FieldError | DomainError) -> str:
    """A refusal in the reader's language."""
    return message_of(error)


@register.filter
def unlocalized(value: float) -> str:
    """A number as a program writes it."""
    return f"{value:g}" if value == int(value) else repr(value)


@register.filter
def age(born: date | None) -> str:
    if born is None:
        return ""
    today = timezone.localdate()
    years = today.year - born.year - ((today.month, today.day) < (born.month, born.day))
    return ngettext("{years} year", "{years} years", years).format(years=years)


TECHNIQUE_ICONS = {
    "dry_needling": "syringe",
    "trigger_point_injection": "pill",
    "stretching": "move-horizontal",
    "muscle_energy_technique": "move-horizontal",
    "strengthening": "dumbbell",
    "self_release_teaching": "book-open",
    "advice": "book-open",
}


@register.filter
def technique_icon(code: str) -> str:
    """The icon of a technique: a hand where it has none of its own."""
    return TECHNIQUE_ICONS.get(code, "hand")
