"""
The form of a patient's facts: for the page that edits them, the new patient and the admin site.

It is built from `facts.FACTS`, carries what each field was drawn from (`was_…`) and merges with what others have saved
meanwhile, field by field; where both have changed the same one, it shows both values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django import forms
from django.conf.locale import LANG_INFO
from django.utils import formats
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from errors import form_fields
from errors.exceptions import DomainError
from errors.texts import message_of
from identity.actor import Actor
from patients import actions, labels
from patients.facts import BY_POINTER, FACTS, TIME_ZONES, Fact, tidy
from patients.models import Patient

CHOICES: dict[str, Mapping[str, Any]] = {
    "sex": labels.SEXES,
    "status": labels.STATUSES,
    **{name: labels.CONSENT_ANSWERS for name in FACTS if name.startswith("consent_")},
}
NEW = ("family_name", "given_names", "birth_date", "sex", "email", "phone")
WIDE = ("lines", "email")


@lru_cache
def languages(of_reader: str | None) -> list[tuple[str, str]]:
    """Codes and names of languages, by name in the reader's language."""
    known = [(code, gettext(info["name"])) for code, info in LANG_INFO.items() if "name" in info]
    return sorted(known, key=lambda choice: choice[1].casefold())


def _field(name: str, fact: Fact, value: Any) -> forms.Field:
    """The field of one fact; what may stand in it is checked by the action, from the same table."""
    options: dict[str, Any] = {"label": labels.FACTS[name], "required": name == "family_name"}
    if fact.kind == "choice":
        return form_fields.ChoiceField(choices=list(CHOICES[name].items()), **options)
    if fact.kind == "date":
        return forms.DateField(widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **options)
    if fact.kind == "language":
        choices = [("", _("the clinic's")), *languages(get_language())]
        return form_fields.ChoiceField(choices=_with(choices, value), **options)
    if fact.kind == "zone":
        zones = [(zone, zone) for zone in sorted(TIME_ZONES) if "/" in zone and not zone.startswith("Etc/")]
        return form_fields.ChoiceField(choices=_with([("", _("the clinic's")), *zones], value), **options)
    # Nobody's own address and number: the browser is not asked to fill them in.
    attrs = {"autocomplete": "off"}
    widgets: dict[str, forms.Widget] = {
        "lines": forms.Textarea(attrs=attrs | {"rows": 3}),
        "email": forms.EmailInput(attrs=attrs),
        "phone": forms.TextInput(attrs=attrs | {"type": "tel"}),
    }
    return forms.CharField(widget=widgets.get(fact.kind, forms.TextInput(attrs=attrs)), **options)


def _with(choices: list[tuple[str, Any]], value: Any) -> list[tuple[str, Any]]:
    """The choices, and the value that is on record, if it is another."""
    return choices if not value or value in dict(choices) else [*choices, (value, value)]


@dataclass(frozen=True)
class Line:
    """
    One field as the page shows it.

    :ivar was: the value that the form was drawn from
    :ivar theirs: what somebody else has set it to meanwhile, in words; None: nobody has
    """

    name: str
    field: Any
    was: str
    theirs: str | None
    wide: bool


class DetailsForm(forms.Form):
    """Facts of a patient who exists, or of a new one."""

    def __init__(self, data: Any = None, *, patient: Patient | None = None, names: Iterable[str] = FACTS) -> None:
        self.patient = patient
        self.clashes: list[str] = []
        initial = {name: _value_of(patient, name) for name in names}
        super().__init__(data, initial=initial)
        for name in initial:
            self.fields[name] = _field(name, FACTS[name], initial[name])

    def sent(self) -> dict[str, Any]:
        """The facts as they came, tidied; after `is_valid`."""
        return {name: tidy(name, value) for name, value in self.cleaned_data.items()}

    def show(self, refusal: DomainError) -> None:
        """Put each refusal at its field."""
        for error in refusal.errors:
            name = BY_POINTER.get(error.pointer)
            self.add_error(name if name in self.fields else None, message_of(error))
        if not refusal.errors:
            self.add_error(None, message_of(refusal))

    def save(self, *, by: Actor, at: datetime) -> bool:
        """
        Save what was changed; False: the form says what is in the way.

        The patient is locked by the caller. A fact that somebody else has changed meanwhile is shown with both values;
        saving again enters one's own, unless the box beside it keeps the other.
        """
        assert self.patient is not None
        if not self.is_valid():
            return False
        kept = {name for name in self.fields if self.data.get(f"theirs_{name}")}
        sent = {name: value for name, value in self.sent().items() if name not in kept}
        seen = {name: self._seen(name) for name in sent if f"was_{name}" in self.data}
        try:
            actions.change_patient(patient=self.patient, changes=sent, seen=seen, by=by, at=at)
        except actions.DetailsChanged as refusal:
            self.clashes = list(refusal.extra["current"])
            self.show(refusal)
            return False
        except DomainError as refusal:
            self.show(refusal)
            return False
        return True

    def _seen(self, name: str) -> Any:
        text = str(self.data[f"was_{name}"])
        if FACTS[name].kind != "date" or not text:
            return tidy(name, text)
        try:
            return date.fromisoformat(text)
        except ValueError:
            return None

    def sections(self) -> list[tuple[Any, list[Line]]]:
        """The fields under their headings."""
        return [
            (title, [self._line(name) for name in names if name in self.fields])
            for title, names in labels.SECTIONS.values()
        ]

    def _line(self, name: str) -> Line:
        current = _value_of(self.patient, name)
        clash = name in self.clashes
        # What was seen stays what was seen, until the form has shown another value of the record.
        was = self.data.get(f"was_{name}") if self.is_bound and not clash else None
        return Line(
            name=name,
            field=self[name],
            was=str(was if was is not None else "" if current is None else current),
            theirs=(in_words(name, current) or gettext("empty")) if clash else None,
            wide=FACTS[name].kind in WIDE,
        )


def _value_of(patient: Patient | None, name: str) -> Any:
    return FACTS[name].empty if patient is None else getattr(patient, name)


def in_words(name: str, value: Any) -> str:
    """A fact as a person reads it."""
    if value in ("", None):
        return ""
    if name in CHOICES:
        return str(CHOICES[name].get(value, value))
    if isinstance(value, date):
        return str(formats.date_format(value, "SHORT_DATE_FORMAT"))
    if name == "language":
        return gettext(LANG_INFO[value]["name"]) if "name" in LANG_INFO.get(value, {}) else str(value)
    return str(value)


def known_facts(patient: Patient) -> list[tuple[Any, list[tuple[Any, str]]]]:
    """What is recorded of a patient beside the head of the page, under its headings; what is empty is left out."""
    shown = []
    for title, names in labels.SECTIONS.values():
        lines = [
            (labels.FACTS[name], text)
            for name in names
            if name not in HEAD and (text := in_words(name, getattr(patient, name)))
        ]
        if lines:
            shown.append((title, lines))
    return shown


HEAD = {"family_name", "given_names", "birth_date", "pronouns", "desk_notes"}
