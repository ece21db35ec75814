"""One patient as another system tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, TypeAlias

from patients.matching import Number, Person

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


class Unreadable(Exception):
    """
    A file as a whole cannot be understood.

    :ivar remark: why; it quotes no data
    """

    def __init__(self, code: str, element: str = "") -> None:
        super().__init__(code)
        self.remark = Remark(code, element)


@dataclass(frozen=True)
class Remark:
    """
    What was not taken, or not understood, and why.

    :ivar code: a key of `patients.labels.REMARKS`
    :ivar element: which element of a resource, column or line it is about
    """

    code: str
    element: str = ""


@dataclass(frozen=True)
class Coding:
    system: str = ""
    code: str = ""
    display: str = ""


@dataclass(frozen=True)
class Fact:
    """
    A condition, medicine, allergy or device of a patient.

    :ivar kind: one of FACT_KINDS
    :ivar text: what a person reads
    :ivar ended: the source says that it holds no longer, or never did
    :ivar unsure: the source does not say whether it holds; it is kept, and warned of
    """

    kind: str
    text: str
    codings: tuple[Coding, ...] = ()
    since_date: date | None = None
    ended: bool = False
    unsure: bool = False

    @property
    def system(self) -> str:
        return self.codings[0].system if self.codings else ""

    @property
    def code(self) -> str:
        return self.codings[0].code if self.codings else ""

    @property
    def key(self) -> tuple[str, str, str, str]:
        return (self.kind, self.system, self.code, self.text)


FACT_KINDS = ["condition", "medicine", "allergy", "device"]
# What the record has no field for, and is kept beside it as it was written.
NOTE_KINDS = [
    "birth_date", "name_prefix", "name_suffix", "other_name", "other_contact", "other_address", "contact_person",
    "general_practitioner", "multiple_birth", "other_number", "allergy", "device",
]  # fmt: skip


@dataclass
class Incoming:
    """
    One patient of a file.

    :ivar place: where in which file
    :ivar details: fields of `Patient`
    :ivar birth_date: as `matching.Person` has it, so also `1980` or `1980-02`
    :ivar notes: kind (one of NOTE_KINDS) and text
    :ivar updated: when the source last changed it (ISO 8601); empty: not said
    :ivar errors: why it cannot be taken
    """

    place: str
    details: dict[str, str | date] = field(default_factory=dict)
    birth_date: str = ""
    names: list[tuple[str, str]] = field(default_factory=list)
    numbers: list[Number] = field(default_factory=list)
    birth_order: int | None = None
    facts: list[Fact] = field(default_factory=list)
    notes: list[tuple[str, str]] = field(default_factory=list)
    updated: str = ""
    left_out: list[Remark] = field(default_factory=list)
    errors: list[Remark] = field(default_factory=list)

    @property
    def person(self) -> Person:
        return Person(
            key=self.place,
            numbers=frozenset(self.numbers),
            names=tuple(self.names),
            birth_date=self.birth_date,
            sex=str(self.details.get("sex", "unknown")),
            birth_order=self.birth_order,
        )

    def leave_out(self, code: str, element: str = "") -> None:
        remark = Remark(code, element)
        if remark not in self.left_out:
            self.left_out.append(remark)


def to_json(incoming: Incoming) -> dict[str, Json]:
    """As plain JSON, for a spool or a row that waits; `from_json` reads it."""
    plain = asdict(incoming)
    plain["details"] = {k: v.isoformat() if isinstance(v, date) else v for k, v in incoming.details.items()}
    for fact in plain["facts"]:
        fact["since_date"] = fact["since_date"].isoformat() if fact["since_date"] else None
    return plain


def from_json(plain: Mapping[str, object]) -> Incoming:
    """
    Return what `to_json` wrote.

    :raises KeyError, TypeError: it is not of that form
    """
    values: dict[str, Any] = dict(plain)  # our own JSON, in the form of `to_json`
    details = dict(values["details"])
    if details.get("birth_date"):
        details["birth_date"] = date.fromisoformat(details["birth_date"])
    values["details"] = details
    values["names"] = [tuple(name) for name in values["names"]]
    values["notes"] = [tuple(note) for note in values["notes"]]
    values["numbers"] = [Number(**n | {"kinds": tuple(n["kinds"])}) for n in values["numbers"]]
    values["facts"] = [_fact(fact) for fact in values["facts"]]
    for name in ("left_out", "errors"):
        values[name] = [Remark(**remark) for remark in values[name]]
    return Incoming(**values)


def _fact(plain: Mapping[str, object]) -> Fact:
    values: dict[str, Any] = dict(plain)  # our own JSON, in the form of `to_json`
    values["codings"] = tuple(Coding(**coding) for coding in values["codings"])
    if values["since_date"]:
        values["since_date"] = date.fromisoformat(str(values["since_date"]))
    return Fact(**values)
