"""
Whether a record of another system is a person whom the clinic knows. Pure: no clock, no database.

| the two records                                | birth date, sex, order of birth | names     | decision |
|------------------------------------------------|---------------------------------|-----------|----------|
| share a number that identifies alone           | contradict                      | any       | refused  |
| share one                                      | agree, or are not known         | alike     | same     |
| share one                                      | agree, or are not known         | different | review   |
| share one with two or more people              | any                             | any       | refused  |
| share a number that only supports              | birth date known and equal      | the same  | same     |
| share none, or only ones that identify nobody  | birth date known and equal      | the same  | review   |
| the same, but one system numbered them as two  | any                             | any       | new      |
| anything else                                  | any                             | any       | new      |

A number supports, and does not identify alone, if nobody says who gave it, if it is only the id of a resource of a
server that is not named, if families share its kind (insurance cards), or if it looks like a filler such as 000000. It
identifies nobody if its use is `temp` or `old`, if its period has ended, or if it is a word for none. See ADR 35.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import Enum
from functools import cached_property

from patients import rules

UNNAMED_SERVER = "urn:palpate:unnamed-server"  # the system of an id whose server no file names


class Strength(Enum):
    """What a number proves by itself."""

    IDENTIFIES = "identifies"
    SUPPORTS = "supports"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Number:
    """
    A number of a person, as a source tells it.

    :ivar system: who gave it; empty: not said
    :ivar kinds: codes and words of its type, in lower case
    :ivar use: FHIR's `use`
    :ivar ended: its period has ended
    """

    system: str
    value: str
    kinds: tuple[str, ...] = ()
    use: str = ""
    ended: bool = False

    @property
    def pair(self) -> tuple[str, str]:
        return (self.system, self.value)

    @cached_property
    def is_shared(self) -> bool:
        """Whether families share numbers of its kind."""
        return bool({*self.kinds, *re.findall(r"[a-z]+", self.system.casefold())} & SHARED_BY_FAMILIES)

    @cached_property
    def strength(self) -> Strength:
        if self.use in {"temp", "old"} or self.ended or says_nothing(self.value):
            return Strength.NOTHING
        if not self.system or self.system == UNNAMED_SERVER or self.is_shared or is_filler(self.value):
            return Strength.SUPPORTS
        return Strength.IDENTIFIES


# Kinds of HL7 table 0203 (subscriber, member, health card) and of Germany's insurers, and the words that others use.
SHARED_BY_FAMILIES = frozenset(
    "sn mb hc gkv pkv insurance insurer subscriber member membership policy payer payor coverage versicherung "
    "versichertennummer krankenkasse krankenversicherung kasse assurance mutuelle seguro assicurazione family "
    "household".split()
)
WORDS_FOR_NOTHING = frozenset(
    "unknown none null nil na nn tbd test pending placeholder unbekannt keine keiner ohne inconnu aucun desconocido "
    "ninguno notassigned notavailable notknown declined refused temp temporary dummy".split()
)
RUNS = ("0123456789" * 2, "9876543210" * 2)


def says_nothing(value: str) -> bool:
    """Whether a number is empty, or a word for none."""
    squeezed = rules.squeeze(value)
    return not squeezed or squeezed in WORDS_FOR_NOTHING


def is_filler(value: str) -> bool:
    """Whether a number looks like a filler: one character again and again, or digits in a row."""
    squeezed = rules.squeeze(value)
    if len(squeezed) >= 3 and len(set(squeezed)) == 1:
        return True
    return len(squeezed) >= 4 and any(squeezed in run for run in RUNS)


@dataclass(frozen=True)
class Person:
    """
    What is compared of a record.

    :ivar key: how the record is called in a decision: its id, or its place in a file
    :ivar names: family and given names, the present ones first, then earlier ones
    :ivar birth_date: `1980`, `1980-02` or `1980-02-03`; empty: not known
    :ivar sex: one of SEXES
    :ivar birth_order: the number of a twin or triplet
    """

    key: str
    numbers: frozenset[Number] = frozenset()
    names: tuple[tuple[str, str], ...] = ()
    birth_date: str = ""
    sex: str = "unknown"
    birth_order: int | None = None

    def pairs(self, *strengths: Strength) -> set[tuple[str, str]]:
        return {number.pair for number in self.numbers if number.strength in strengths}


class Outcome(Enum):
    NEW = "new"
    SAME = "same"
    REVIEW = "review"
    REFUSED = "refused"


@dataclass(frozen=True)
class Decision:
    """
    :ivar reason: why; see REASONS
    :ivar others: keys of the people whom it is about; of SAME and REVIEW exactly one
    """

    outcome: Outcome
    reason: str
    others: tuple[str, ...] = field(default=())


REASONS = [
    "unknown_person", "same_number", "same_support", "numbers_of_two", "birth_date_contradicts", "sex_contradicts",
    "birth_order_contradicts", "name_differs", "same_name_and_birth_date",
]  # fmt: skip


def decide(incoming: Person, known: Iterable[Person]) -> Decision:
    """
    Return who a record is, by the table above. The order of `known` does not matter.

    :param known: at least everybody who shares a number, or birth date and a name, with the record
    """
    people = sorted(known, key=lambda person: person.key)
    by_number = [person for person in people if _share(incoming, person, Strength.IDENTIFIES)]
    if by_number:
        return _decide_by_number(incoming, by_number)
    alike = [person for person in people if _is_named_alike_and_born_the_same(incoming, person)]
    supported = [person for person in alike if _share(incoming, person, Strength.SUPPORTS)]
    if len(supported) == 1:
        return Decision(Outcome.SAME, "same_support", (supported[0].key,))
    if alike:
        return Decision(Outcome.REVIEW, "same_name_and_birth_date", (alike[0].key,))
    return Decision(Outcome.NEW, "unknown_person")


def _decide_by_number(incoming: Person, people: Sequence[Person]) -> Decision:
    keys = tuple(person.key for person in people)
    contradictions = [reason for person in people if (reason := contradiction(incoming, person))]
    if contradictions:
        return Decision(Outcome.REFUSED, contradictions[0], keys)
    if len(people) > 1:
        return Decision(Outcome.REFUSED, "numbers_of_two", keys)
    if not are_names_alike(incoming.names, people[0].names):
        return Decision(Outcome.REVIEW, "name_differs", keys)
    return Decision(Outcome.SAME, "same_number", keys)


def contradiction(one: Person, other: Person) -> str | None:
    """Why two records cannot be one person; None: nothing contradicts. Symmetric."""
    if one.birth_date and other.birth_date:
        shorter, longer = sorted((one.birth_date, other.birth_date), key=len)
        if not longer.startswith(shorter):
            return "birth_date_contradicts"
    if one.sex != other.sex and "unknown" not in {one.sex, other.sex}:
        return "sex_contradicts"
    if None not in (one.birth_order, other.birth_order) and one.birth_order != other.birth_order:
        return "birth_order_contradicts"
    return None


def are_names_alike(names: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]]) -> bool:
    """
    Whether one name of each may be the same: a part of the family name, and a given name or its beginning. Symmetric.

    Names in the wrong order, double names, initials, accents and ae for ä are alike; two given names are not.
    """
    return any(_is_alike(one, other) for one in names for other in others)


def _is_alike(one: tuple[str, str], other: tuple[str, str]) -> bool:
    family, given = _parts(one[0]), _parts(one[1])
    other_family, other_given = _parts(other[0]), _parts(other[1])
    if family & other_family:
        return not given or not other_given or _begin_alike(given, other_given)
    return bool(family & other_given) and bool(given & other_family)


def _begin_alike(given: set[str], other_given: set[str]) -> bool:
    return any(a.startswith(b) or b.startswith(a) for a in given for b in other_given)


UMLAUTS = str.maketrans(
    {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa", "æ": "ae", "œ": "oe", "ł": "l", "đ": "d"}
)
JOINED = str.maketrans({"’": "", "'": "", "`": ""})


def _parts(name: str) -> set[str]:
    """The words of a name, without accents, each also with ä written as ae."""
    lower = name.casefold().translate(JOINED)
    words = [*re.split(r"[^\w]+", rules.plain(lower)), *re.split(r"[^\w]+", rules.plain(lower.translate(UMLAUTS)))]
    return {word for word in words if word}


def fold_name(name: tuple[str, str]) -> str:
    """A whole name as it is compared for being the same."""
    return " ".join(
        sorted(re.split(r"[^\w]+", rules.plain(" ".join(name).casefold().translate(JOINED).translate(UMLAUTS))))
    )


def _share(one: Person, other: Person, strength: Strength) -> bool:
    """A number counts only as much as its weaker side says: a mother's own number identifies no child of hers."""
    if strength is Strength.IDENTIFIES:
        return bool(one.pairs(strength) & other.pairs(strength))
    either = (Strength.IDENTIFIES, Strength.SUPPORTS)
    return bool(one.pairs(*either) & other.pairs(*either))


def _is_named_alike_and_born_the_same(one: Person, other: Person) -> bool:
    if len(one.birth_date) != len("1980-02-03") or one.birth_date != other.birth_date:
        return False
    if contradiction(one, other) or _differ_in_a_system(one, other):
        return False
    return bool({fold_name(name) for name in one.names} & {fold_name(name) for name in other.names})


def _differ_in_a_system(one: Person, other: Person) -> bool:
    """One system that gave the two records different numbers, and none the same, holds them to be two people."""
    numbers, other_numbers = one.pairs(Strength.IDENTIFIES), other.pairs(Strength.IDENTIFIES)
    both = {system for system, _ in numbers} & {system for system, _ in other_numbers}
    return bool(both) and not numbers & other_numbers


def date_text(birth_date: date | None, partial: str = "") -> str:
    """A birth date as `Person` has it."""
    return birth_date.isoformat() if birth_date else partial
