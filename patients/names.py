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
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import phonenumbers

from patients.rules import plain, search_prefixes, squeeze

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


# --- Finding a patient ----------------------------------------------------------------------------------------
#
# Row-level security lets only leakproof conditions into an index: equality and "begins with" (ADR 33). So what a search
# asks for is stored: words and their beginnings beside the patient, parts and misspellings beside the words.

EDGE = 4  # letters; what is typed up to here is looked up as a whole, in the order of the patients' names
LONGEST = 60  # letters of a key
PART = 3  # letters that a part of a name has at least
# Scripts that write names without spaces: Chinese, Japanese, Korean.
UNSPACED = re.compile("[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\u3400-\u9fff\uac00-\ud7af\U00020000-\U0003ffff]")
NUMBER = re.compile(r"[+(]?\d[\d\s()./-]{4,}")


def name_words(*, family_name: str, given_names: str) -> set[str]:
    """The words of a name, each name as a whole, and where there are no spaces every part up to the end."""
    found: set[str] = set()
    for name in (family_name, given_names):
        found.update(words(name), words(re.sub(r"['’ʼ`´.]", " ", name)), [fold(name)])
    if UNSPACED.search(family_name + given_names):
        for whole in (fold(family_name + given_names), fold(given_names + family_name)):
            found.update(whole[start:] for start in range(min(len(whole), LONGEST)))
    return {word[:LONGEST] for word in found if word}


def search_keys(
    *, family_name: str, given_names: str, birth_date: date | None, identifiers: Iterable[str], email: str, phone: str
) -> set[str]:
    """
    What a patient is found by: words of the name and numbers, with their beginnings up to EDGE.

    :param phone: in E.164; empty: none
    """
    begun = name_words(family_name=family_name, given_names=given_names)
    begun.update(squeeze(value)[:LONGEST] for value in identifiers)
    keys = {word[:length] for word in begun for length in (*range(1, EDGE + 1), LONGEST)}
    if birth_date is not None:
        keys |= {birth_date.isoformat(), f"{birth_date.year:04d}"}
    keys |= {squeeze(email)[:LONGEST], *_digits_of(phone)}
    return keys - {""}


def _digits_of(phone: str) -> set[str]:
    """A number with its country code, and without."""
    if not phone:
        return set()
    number = phonenumbers.parse(phone)
    return {phone.removeprefix("+"), phonenumbers.national_significant_number(number)}


def forms_of(word: str) -> set[str]:
    """
    What a word is looked up by beside itself: each of its ends (so that a part of it finds it), and, after a tilde,
    itself and itself without one letter (so that a typo finds it: both spellings lack the same letter).
    """
    if len(word) < LONG_ENOUGH:
        return set()
    return {word[start:] for start in range(len(word) - PART + 1)} | misspellings(word)


def misspellings(word: str) -> set[str]:
    """The word and the word without one letter, as `forms_of` stores them; nothing for short words."""
    if len(word) < LONG_ENOUGH:
        return set()
    return {"~" + word, *("~" + word[:place] + word[place + 1 :] for place in range(len(word)))}


@dataclass(frozen=True)
class Term:
    """
    One typed word.

    :ivar beginnings: what a key may begin with; any of them will do
    :ivar is_word: letters only, so it may be a part of a name or misspelt
    """

    beginnings: frozenset[str]
    is_word: bool


def terms_of(text: str, *, most: int = 8) -> list[Term]:
    """What was typed, word by word; a phone number with blanks in it is one. A word of signs is one that nobody has."""
    text = text.strip()
    whole = re.sub(r"\(0\)", "", text)
    if NUMBER.fullmatch(whole):
        digits = squeeze(whole)
        forms = search_prefixes(text) if " " not in text else set()
        forms |= {digits, digits.removeprefix("00"), digits.removeprefix("0")}
        return [Term(frozenset(form[:LONGEST] for form in forms if form), is_word=False)]
    terms = []
    for word in text.split()[:most]:
        is_word = "@" not in word and not any(c.isdigit() for c in word)
        forms = {fold(word)} if is_word else {fold(word), *search_prefixes(word)}
        terms.append(Term(frozenset(form[:LONGEST] for form in forms if form) or frozenset({"\u0001"}), is_word))
    return terms


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
