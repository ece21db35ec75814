"""
What people and programs read when something is refused: one table an app, `<app>/refusals.py`, from reason to text.

An action raises a reason with parameters, and the app's table says it:

    problems.add("/findings/0/place", "duplicate.place")
    problems.add("/dose/hold_s", "out_of_range.unit", low=10, high=90, unit="s")
    raise Invalid.at("/sex", "unknown_code.sex", choices=SEXES)

    class SlotTaken(Conflict):
        reason = "slot_taken"

    # <app>/refusals.py
    register({
        "duplicate.place": _("This place is recorded twice. Give the second finding another place."),
        "slot_taken": _("This time is already booked. Choose another time."),
        "unknown_code.sex": Text(_("Choose one of: %(choices)s."), choices=labels(SEX_LABELS)),
        "too_many.times": ngettext_lazy("Choose at most %(most)s time.", "Choose at most %(most)s times.", "most"),
    })

What stands before the first dot is the API's code. `duplicate.place` is not said by the text of `duplicate`: each
reason has its own entry. A text says what is wrong and what to do, in that order, and names no field or path of the
API: the problem document has the pointer, and the parameters as they are (`params`).

The texts that every app shares are at the end of this module. `tests/test_refusals.py` compares the tables with what
the code can raise.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils import formats, timezone
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from errors.exceptions import DomainError, FieldError

Label = Callable[[Any], str]


@dataclass(frozen=True, init=False)
class Text:
    """
    A text and how its parameters read.

    :ivar message: lazily translated, with `%(name)s` for parameters
    :ivar labels: parameter to what turns its value (a code, often) into words in the reader's language; the others
        read as `written` has them
    """

    message: str | Promise
    labels: Mapping[str, Label]

    def __init__(self, message: str | Promise, /, **labels: Label) -> None:
        object.__setattr__(self, "message", message)
        object.__setattr__(self, "labels", labels)


TEXTS: dict[str, Text] = {}


class UnknownReason(LookupError):
    """A reason is raised that no table has; `tests/test_refusals.py` finds it first."""


def register(table: Mapping[str, Text | str | Promise]) -> None:
    """
    Add an app's texts.

    :raises ValueError: a reason is registered twice
    """
    for reason, text in table.items():
        if reason in TEXTS:
            raise ValueError(f"the reason {reason} is registered twice")
        TEXTS[reason] = text if isinstance(text, Text) else Text(text)


def message_for(reason: str, params: Mapping[str, Any] | None = None) -> str:
    """
    Return the text of a reason in the active language.

    :raises UnknownReason: no table has it
    """
    if reason not in TEXTS:
        raise UnknownReason(reason)
    text = TEXTS[reason]
    words = {name: text.labels.get(name, localize_value)(value) for name, value in (params or {}).items()}
    return str(text.message % words)


def message_of(error: FieldError | DomainError) -> str:
    """Return the text of an error in the active language."""
    return message_for(error.reason, error.params)


# --- How parameters read --------------------------------------------------------------------------------------


def localize_value(value: object) -> Any:
    """A parameter as the reader's language writes it. Whole numbers stay numbers, because plurals count them."""
    if isinstance(value, Decimal | float):
        value = int(value) if value == int(value) else value.normalize() if isinstance(value, Decimal) else value
        return str(formats.localize(value, use_l10n=True))
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, date):
        return formats.date_format(value, "DATE_FORMAT")
    if isinstance(value, str | int):
        return value
    if isinstance(value, Iterable):
        return ", ".join(str(localize_value(item)) for item in value)
    return str(value)


def labels(table: Mapping[Any, Any]) -> Label:
    """
    Return what turns a code, or a list of codes, into its labels.

    :param table: code to label, translated already or a source text; an unknown code reads as itself
    """

    def label(value: str | int | Iterable[str | int]) -> str:
        if isinstance(value, str | int):
            text = table.get(value, value)
            return str(text) if isinstance(text, Promise) else gettext(str(text))
        return ", ".join(label(item) for item in value)

    return label


# --- What every app says --------------------------------------------------------------------------------------

register(
    {
        "refused": _("This is not possible."),
        "invalid": _("Some values are not valid. Correct each one that is listed."),
        "conflict": _("This does not fit the current state of the record. Reload it and try again."),
        "forbidden": _("You do not have permission to do this."),
        "not_found": _("This could not be found in this clinic."),
        "out_of_range": _("Enter a number from %(low)s to %(high)s."),
        "out_of_range.unit": _("Enter a value from %(low)s to %(high)s %(unit)s."),
        "reason_required.unusual": _("The usual range is %(low)s to %(high)s. Correct the value or give a reason."),
        "reason_required.unusual_unit": _(
            "The usual range is %(low)s to %(high)s %(unit)s. Correct the value or give a reason."
        ),
        "invalid.whole_number": _("Enter a whole number."),
        "invalid.choice": _("Choose one of: %(choices)s."),
        "invalid.date": _("Enter a valid date."),
        "invalid.time": _("Enter a time, such as 09:30."),
        "invalid.id": _("This ID is not valid."),
        "too_large.picture_bytes": _("The picture is too large. It may have at most %(most)s MB."),
        "too_large.picture_pixels": _("The picture is too large. It may have at most %(most)s million pixels."),
        "not_a_picture": _("This file is not a JPEG, PNG or WebP picture, or it is damaged. Choose another file."),
    }
)
