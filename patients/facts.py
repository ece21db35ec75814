"""
What is recorded of a patient: one table of facts, and one check of each.

The page, the API, the admin site and the imports all save through `actions.register_patient` and `change_patient`,
which run `check` over what they are given. An importer that would rather leave a bad value out than refuse its patient
asks first, value by value; nothing here reads the database:

    for name, value in incoming.items():
        if errors := facts.problems_of({name: value}, today=today, country=clinic.country).errors:
            left_out.append(f"{name}: {message_of(errors[0])}")

A new fact is a line in FACTS, a column with a migration, a field of the API's shapes and a label in `labels.FACTS`; a
test compares the four.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import available_timezones

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from errors.exceptions import Problems
from patients import rules

TIME_ZONES = available_timezones()
LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


@dataclass(frozen=True)
class Fact:
    """
    One column of a patient's row.

    :ivar path: where it stands in the API's body: `("contact", "email")`
    :ivar kind: `line`, `lines` (several), `date`, `choice`, `email`, `phone`, `language` or `zone`
    :ivar most: characters, at most
    :ivar choices: codes, for a choice
    :ivar empty: what is stored when nothing is known
    """

    path: tuple[str, ...]
    kind: str = "line"
    most: int = 200
    choices: tuple[str, ...] = ()
    empty: str | None = ""

    @property
    def pointer(self) -> str:
        """JSON Pointer into the API's body; refusals name it on every way in."""
        return "/" + "/".join(self.path)


FACTS: dict[str, Fact] = {
    "family_name": Fact(("family_name",)),
    "given_names": Fact(("given_names",)),
    "birth_date": Fact(("birth_date",), "date", empty=None),
    "sex": Fact(("sex",), "choice", choices=tuple(rules.SEXES), empty="unknown"),
    "pronouns": Fact(("pronouns",), most=50),
    "language": Fact(("language",), "language", most=35),
    "time_zone": Fact(("time_zone",), "zone", most=64),
    "status": Fact(("status",), "choice", choices=tuple(rules.STATUSES), empty="in_care"),
    "email": Fact(("contact", "email"), "email", most=254, empty=None),
    "phone": Fact(("contact", "phone"), "phone", most=50, empty=None),
    "consent_email": Fact(
        ("contact", "consent", "email"), "choice", choices=tuple(rules.CONSENT_ANSWERS), empty="not_asked"
    ),
    "consent_sms": Fact(
        ("contact", "consent", "sms"), "choice", choices=tuple(rules.CONSENT_ANSWERS), empty="not_asked"
    ),
    "consent_phone": Fact(
        ("contact", "consent", "phone"), "choice", choices=tuple(rules.CONSENT_ANSWERS), empty="not_asked"
    ),
    "address_line": Fact(("address", "line"), most=500),
    "city": Fact(("address", "city")),
    "state": Fact(("address", "state")),
    "postal_code": Fact(("address", "postal_code"), most=20),
    "country": Fact(("address", "country"), most=100),
    "emergency_name": Fact(("emergency_contact", "name")),
    "emergency_relationship": Fact(("emergency_contact", "relationship"), most=100),
    "emergency_phone": Fact(("emergency_contact", "phone"), "phone", most=50),
    "referrer_name": Fact(("referrer", "name")),
    "referrer_practice": Fact(("referrer", "practice"), most=500),
    "referrer_phone": Fact(("referrer", "phone"), "phone", most=50),
    "insurer": Fact(("insurance", "insurer")),
    "insurance_number": Fact(("insurance", "number"), most=100),
    "referral_reason": Fact(("referral_reason",), "lines", most=2000),
    "occupation": Fact(("occupation",)),
    "sport": Fact(("sport",)),
    "desk_notes": Fact(("desk_notes",), "lines", most=4000),
}
BY_POINTER = {fact.pointer: name for name, fact in FACTS.items()}


def e164(phone: str, country: str) -> str:
    """
    A phone number as typed, in E.164 (+442071838750).

    :param country: ISO 3166-1 of the clinic, for numbers without a country code
    :raises ValueError: it cannot be a number
    """
    try:
        number = phonenumbers.parse(phone, country)
    except phonenumbers.NumberParseException as refusal:
        raise ValueError(str(refusal)) from None
    if not phonenumbers.is_possible_number(number):
        raise ValueError("not a possible number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def tidy(name: str, value: Any) -> Any:
    """A value as it is stored: no blanks around it, lines end alike, and nothing is the fact's own empty value."""
    text = value.strip().replace("\r\n", "\n") if isinstance(value, str) else value
    return FACTS[name].empty if text in ("", None) else text


def problems_of(details: Mapping[str, Any], *, today: date, country: str) -> Problems:
    """
    Everything that cannot be right about some facts, each at its pointer; facts that are left out are not asked for.

    :param today: of the clinic; nobody is born later
    :param country: ISO 3166-1 of the clinic, for phone numbers without a country code
    """
    problems = Problems()
    for name, value in details.items():
        fact = FACTS.get(name)
        if fact is None:
            problems.add(f"/{name}", "unknown_field.patient", field=name)
        elif tidy(name, value) == fact.empty and fact.kind != "choice":
            if name == "family_name":
                problems.add(fact.pointer, "required.family_name")
        elif fact.kind == "date":
            _check_birth_date(problems, fact, value, today=today)
        elif fact.kind == "choice":
            _check_choice(problems, name, fact, value)
        elif len(value) > fact.most:
            problems.add(fact.pointer, "too_long.fact", most=fact.most)
        else:
            _check_text(problems, fact, value.strip(), country=country)
    return problems


def check(details: Mapping[str, Any], *, today: date, country: str) -> None:
    """:raises Invalid: naming every fact that cannot be; see `problems_of`"""
    problems_of(details, today=today, country=country).raise_if_any()


def _check_birth_date(problems: Problems, fact: Fact, value: date, *, today: date) -> None:
    why_not = rules.judge_birth_date(value, today=today)
    if why_not == "in_future":
        problems.add(fact.pointer, "in_future.birth_date")
    elif why_not == "too_early":
        problems.add(fact.pointer, "too_early.birth_date")


def _check_choice(problems: Problems, name: str, fact: Fact, value: object) -> None:
    if value in fact.choices:
        return
    if name == "sex":
        problems.add(fact.pointer, "unknown_code.sex", choices=list(fact.choices))
    elif name == "status":
        problems.add(fact.pointer, "unknown_code.patient_status", choices=list(fact.choices))
    else:
        problems.add(fact.pointer, "unknown_code.consent_answer", choices=list(fact.choices))


def _check_text(problems: Problems, fact: Fact, text: str, *, country: str) -> None:
    if fact.kind == "email":
        try:
            validate_email(text)
        except ValidationError:
            problems.add(fact.pointer, "invalid.email")
    elif fact.kind == "phone":
        try:
            e164(text, country)
        except ValueError:
            problems.add(fact.pointer, "invalid.phone")
    elif fact.kind == "language" and not LANGUAGE.fullmatch(text):
        problems.add(fact.pointer, "invalid.language")
    elif fact.kind == "zone" and text not in TIME_ZONES:
        problems.add(fact.pointer, "unknown_time_zone")


def fill(mine: Mapping[str, Any], theirs: Mapping[str, Any]) -> dict[str, Any]:
    """
    What a record gets from another of the same person: each fact that it has not.

    Texts of several lines are put one under the other, if both fit. Who has refused messages or calls in either record
    has refused; an agreement comes only with the address that it was given for.
    """
    changes = {}
    for name, fact in FACTS.items():
        if fact.kind == "choice" and name != "sex":
            continue
        have, get = mine[name], theirs[name]
        if have in (fact.empty, "", None) and get not in (fact.empty, "", None):
            changes[name] = get
        elif fact.kind == "lines" and get and get not in have and len(have) + len(get) + 1 <= fact.most:
            changes[name] = f"{have}\n{get}"
    for channel in rules.CONSENT_CHANNELS:
        name, address = f"consent_{channel}", "email" if channel == "email" else "phone"
        if theirs[name] == "refused" != mine[name] or (
            address in changes and mine[name] == "not_asked" != theirs[name]
        ):
            changes[name] = theirs[name]
    return changes


# --- Two people at once ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Merged:
    """
    :ivar changes: what to save
    :ivar clashes: names of facts that somebody else has set to another value meanwhile
    """

    changes: dict[str, Any]
    clashes: list[str]


def merge_changes(*, seen: Mapping[str, Any], sent: Mapping[str, Any], current: Mapping[str, Any]) -> Merged:
    """
    What one person changed, on top of what others saved since it was read: field by field.

    :param seen: the values that the person's form was drawn from
    :param sent: the values that they send back
    :param current: the values of now, of each fact in `sent`
    """
    changes, clashes = {}, []
    for name, value in sent.items():
        if name in seen and value == seen[name]:
            continue  # left as it was: whatever it is now stays
        if value == current[name]:
            continue
        if name in seen and current[name] != seen[name]:
            clashes.append(name)
        else:
            changes[name] = value
    return Merged(changes, clashes)
