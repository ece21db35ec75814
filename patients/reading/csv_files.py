"""Patients of a CSV file. A row that cannot be read costs only itself, and says which lines it is."""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import BinaryIO

from patients.facts import FACTS
from patients.matching import Number
from patients.reading.contacts import usable_phone
from patients.reading.dates import BadDate, read_written
from patients.reading.encodings import find_encoding
from patients.reading.fhir_patient import LANGUAGE, take_contact
from patients.reading.incoming import Incoming, Remark, Unreadable

# Every fact but the consents: who agreed to what is asked here, and not taken from elsewhere.
CSV_FIELDS = [
    "external_id",
    *(name for name in FACTS if not name.startswith("consent_") and name != "status"),
    "name_prefix",
]
NEEDED = ["family_name", "external_id"]
NOTES = {"name_prefix"}
SEX_WORDS = {
    "f": "female", "female": "female", "w": "female", "weiblich": "female", "frau": "female", "m": "male",
    "male": "male", "männlich": "male", "mann": "male", "herr": "male", "other": "other", "o": "other", "d": "other",
    "divers": "other", "x": "other", "": "unknown", "u": "unknown", "unknown": "unknown", "unbekannt": "unknown",
}  # fmt: skip
DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Table:
    """
    The head of a file.

    :ivar headers: as written, without spaces around them
    :ivar rows: the first rows
    """

    headers: list[str]
    rows: list[list[str]]


class Lines:
    """Rows of a file with the lines they stand on."""

    def __init__(self, stream: BinaryIO) -> None:
        self.text = io.TextIOWrapper(stream, encoding=find_encoding(stream, also_windows=True), newline="")
        first = self.text.readline()
        self.skipped = 0
        delimiter = ""
        if first.lstrip("\ufeff").casefold().startswith("sep="):
            delimiter, self.skipped = first.strip()[4:5], 1
        else:
            self.text.seek(0)
        sample = first if not self.skipped else ""
        # Only the delimiter is guessed: quotes are as in RFC 4180, and each kind of line end will do.
        # The wrapper ends lines at any of the three line ends, and at nothing else.
        self.reader = csv.reader(
            iter(self.text), delimiter=delimiter or _guess_delimiter(sample), doublequote=True, strict=True
        )

    @property
    def line(self) -> int:
        return self.reader.line_num + self.skipped

    def detach(self) -> None:
        self.text.detach()


def _guess_delimiter(header: str) -> str:
    return max(DELIMITERS, key=header.count) if any(d in header for d in DELIMITERS) else ","


def read_table(stream: BinaryIO, *, rows: int = 5) -> Table:
    """
    The head of a file, for somebody who says which column is what.

    :raises Unreadable: it is no CSV file
    """
    lines = Lines(stream)
    try:
        headers = _headers(lines)
        return Table(headers, list(itertools.islice(_quiet(lines), rows)))
    finally:
        lines.detach()


def _quiet(lines: Lines) -> Iterator[list[str]]:
    try:
        yield from lines.reader
    except csv.Error:
        return


def _headers(lines: Lines) -> list[str]:
    try:
        headers = [cell.strip().lstrip("\ufeff") for cell in next(lines.reader, [])]
    except csv.Error:
        raise Unreadable("not_csv") from None
    if not headers:
        raise Unreadable("not_csv")
    return headers


def normalize_header(header: str) -> str:
    """Headers are the same in capitals or not, with spaces or underscores."""
    return "_".join(header.casefold().replace("_", " ").split())


def choose_columns(headers: Sequence[str], columns: Mapping[str, str]) -> dict[str, int]:
    """
    Return which column holds which field.

    :param columns: our field to the file's header; fields not named are looked for under their own names
    :raises Unreadable: a header stands twice, a mapped or needed column is missing, or there is no such field
    """
    normal = [normalize_header(header) for header in headers]
    doubled = sorted({header for header in normal if header and normal.count(header) > 1})
    if doubled:
        raise Unreadable("header_twice", ", ".join(doubled))
    unknown = sorted(set(columns) - set(CSV_FIELDS))
    if unknown:
        raise Unreadable("no_such_field", ", ".join(unknown))
    found = {}
    for name in CSV_FIELDS:
        wanted = normalize_header(columns.get(name, name))
        if wanted in normal:
            found[name] = normal.index(wanted)
        elif name in NEEDED or name in columns:
            raise Unreadable("no_column", f"{name} ({columns.get(name, name)})")
    return found


def read_csv(
    stream: BinaryIO, *, place: str, columns: Mapping[str, str], system: str, today: date
) -> Iterator[Incoming]:
    """
    The patients of a CSV file with a header row.

    :param columns: as in `choose_columns`
    :param system: who gave the numbers in the `external_id` column
    :raises Unreadable: the file as a whole cannot be understood
    """
    lines = Lines(stream)
    try:
        headers = _headers(lines)
        chosen = choose_columns(headers, columns)
        unused = [name or str(i + 1) for i, name in enumerate(headers) if i not in chosen.values()]
        number = 1
        while True:
            start = lines.line + 1
            try:
                cells = next(lines.reader, None)
            except csv.Error:
                yield _unread(place, start, lines.line)
                continue
            if cells is None:
                return
            number += 1
            if not any(cell.strip() for cell in cells):
                continue
            incoming = Incoming(place=f"{place} row {number}")
            if len(cells) != len(headers):
                incoming.errors.append(Remark("ragged", f"{len(cells)} / {len(headers)}, line {start}"))
            else:
                _read_row(incoming, {name: cells[i].strip() for name, i in chosen.items()}, system, today)
            if number == 2:
                incoming.left_out += [Remark("column_not_mapped", name) for name in unused]
            yield incoming
    finally:
        lines.detach()


def _unread(place: str, start: int, end: int) -> Incoming:
    lines = f"{start}" if start == end else f"{start}-{end}"
    return Incoming(place=f"{place} line {start}", errors=[Remark("unclosed_quote", lines)])


def _read_row(one: Incoming, values: dict[str, str], system: str, today: date) -> None:
    if any("\0" in value for value in values.values()):
        one.errors.append(Remark("wrong_type", "NUL"))
        return
    number = values.pop("external_id", "")
    if not number:
        one.errors.append(Remark("no_number", "external_id"))
    one.numbers.append(Number(system, number))
    family, given = values.pop("family_name", ""), values.pop("given_names", "")
    if not family and not given:
        one.errors.append(Remark("no_name", "family_name"))
    family, given = (family, given) if family else (given, "")  # a person with one name has it as family name
    one.names = [(family, given)]
    one.details |= {"family_name": family, "given_names": given}
    born = values.pop("birth_date", "")
    if born:
        try:
            one.birth_date = read_written(born, today=today)
        except BadDate as bad:
            one.errors.append(Remark(bad.code, "birth_date"))
        if len(one.birth_date) == len("1980-02-03"):
            one.details["birth_date"] = date.fromisoformat(one.birth_date)
        elif one.birth_date:
            one.notes.append(("birth_date", one.birth_date))
    sex = values.pop("sex", "").casefold()
    if sex not in SEX_WORDS:
        one.leave_out("unknown_code", "sex")
    one.details["sex"] = SEX_WORDS.get(sex, "unknown")
    _take_rest(one, values)


def _take_rest(one: Incoming, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if not value:
            continue
        if name in {"phone", "email"}:
            take_contact(one, name, value)
        elif name in NOTES:
            one.notes.append((name, value))
        elif name == "emergency_phone" and not usable_phone(value):
            one.notes.append(("contact_person", value))
            one.leave_out("unusable", name)
        elif name == "language" and not LANGUAGE.fullmatch(value):
            one.leave_out("unknown_code", name)
        else:
            one.details[name] = value
