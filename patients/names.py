"""
Names: how they are folded, and whether two people are alike. Plain Python over typed values.

An importer asks for a whole file before it writes anything, without the database:

    one = names.Person(family_name="Müller", given_names="Eva", birth_date=date(1980, 2, 3), phone="+4930123")
    found = names.likeness(one, other)      # None, or a Likeness with the reason and what is alike
    if found: …

Against the clinic's patients, `patients.duplicates.possible_duplicates(details, clinic_id=…)` asks the same. A phone
number is compared in E.164 (`facts.e164`), a mail address as typed. `identity_keys` are for an index of one's own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from patients.rules import plain

# Letters that Unicode does not take apart.
LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "æ": "ae", "œ": "oe", "ħ": "h", "ŧ": "t", "ŋ": "n"}
)
# ü, ue and u are written for each other, as are ä, ae, a and ö, oe, o: all are read as the bare vowel. What is left of
# the beginning of a name is the beginning of what is left of it, so that a name is found while it is typed.
UMLAUT = re.compile(r"([aou])e")
LONG_ENOUGH = 4  # letters; below, one typo makes another name


def fold(text: str) -> str:
    """Letters and digits only, in lower case: Müller, Mueller and Muller are one; so are O'Brien and O Brien."""
    letters = "".join(c for c in plain(text).translate(LETTERS) if c.isalnum())
    return UMLAUT.sub(r"\1", letters)


def words(text: str) -> list[str]:
    """The folded words of a name."""
    return [word for part in re.split(r"[\s\-]+", text) if (word := fold(part))]


def within_one_edit(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two that changed places, make one text the other."""
    short, long = sorted((one, other), key=len)
    if len(long) - len(short) > 1:
        return False
    same = next((n for n in range(len(short)) if short[n] != long[n]), len(short))
    short, long = short[same:], long[same:]
    if len(short) < len(long):
        return short == long[1:]
    return short[1:] == long[1:] or (short[:2] == long[1::-1] and short[2:] == long[2:])


@dataclass(frozen=True)
class Person:
    """
    What two records are compared by.

    :ivar email: as typed
    :ivar phone: in E.164; empty: none, or none that is one
    """

    family_name: str
    given_names: str = ""
    birth_date: date | None = None
    email: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Likeness:
    """
    Why two records may be of one person.

    :ivar reason: one of REASONS
    :ivar alike: the facts that are the same, or for names nearly
    """

    reason: str
    alike: tuple[str, ...]


# The strongest first.
REASONS = (
    "same_name_and_birth_date",
    "similar_name_and_birth_date",
    "same_name_and_contact",
    "same_birth_date_and_part_of_name",
    "same_given_name_and_contact",
    "same_name",
)


def likeness(one: Person, other: Person) -> Likeness | None:
    """
    Why two records may be of one person, or None.

    A name alone is no reason where both birth dates are known: namesakes are common. A phone or an address alone is
    none: families share them.
    """
    family = _alike(fold(one.family_name), fold(other.family_name))
    given = _alike_given(one.given_names, other.given_names)
    if not (family and given) and _swapped(one, other):
        family = given = "same"
    contact = [
        name
        for name, mine, theirs in (("email", one.email, other.email), ("phone", one.phone, other.phone))
        if mine and mine.casefold() == theirs.casefold()
    ]
    born = one.birth_date is not None and one.birth_date == other.birth_date
    unknown = one.birth_date is None or other.birth_date is None
    alike = [name for name, how in (("family_name", family), ("given_names", given)) if how]
    alike += ["birth_date"] if born else []
    reason = _reason(family, given, born=born, unknown=unknown, contact=bool(contact))
    return Likeness(reason, (*alike, *contact)) if reason else None


def identity_keys(person: Person) -> set[str]:
    """
    What somebody who may be the same person shares at least one of, unless it is the birth date.

    Each begins with a sign that no typed word has, so that a search does not meet them.
    """
    given = words(person.given_names)
    keys = {"=" + " ".join(sorted([fold(person.family_name), given[0] if given else ""]))}
    if person.email:
        keys.add("@" + person.email.casefold())
    if person.phone:
        keys.add(person.phone)  # with its plus
    return keys


def _reason(family: str, given: str, *, born: bool, unknown: bool, contact: bool) -> str | None:
    same_name = family == given == "same"
    if born and same_name:
        return "same_name_and_birth_date"
    if born and family and given:
        return "similar_name_and_birth_date"
    if contact and family and given:
        return "same_name_and_contact"
    if born and "same" in (family, given):
        return "same_birth_date_and_part_of_name"
    if contact and given == "same" and (born or unknown):
        return "same_given_name_and_contact"
    return "same_name" if same_name and unknown else None


def _alike(mine: str, theirs: str) -> str:
    """`same`, `similar` or empty; two names that are not known are not alike."""
    if not mine or not theirs:
        return ""
    if mine == theirs:
        return "same"
    return "similar" if min(len(mine), len(theirs)) >= LONG_ENOUGH and within_one_edit(mine, theirs) else ""


def _alike_given(mine: str, theirs: str) -> str:
    """As `_alike`; Anna Maria is Anna, and Annamaria is Anna Maria."""
    first, second = words(mine), words(theirs)
    if first and second and first[0] == second[0]:
        return "same"
    return _alike(fold(mine), fold(theirs))


def _swapped(one: Person, other: Person) -> bool:
    """The family name was entered where the given name belongs."""
    mine, theirs = (fold(one.family_name), fold(one.given_names)), (fold(other.given_names), fold(other.family_name))
    return mine == theirs and all(mine)
