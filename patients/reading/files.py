"""Files of other systems into a spool."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import ijson

from patients.reading.csv_files import read_csv
from patients.reading.elements import json_of
from patients.reading.encodings import as_utf8
from patients.reading.incoming import Incoming, Remark, Unreadable
from patients.reading.spool import Spool

SMALL = 4 << 20  # up to this many bytes, a bundle is parsed as one
NDJSON_SCOPE = "ndjson"  # the files of a bulk export point at each other


@dataclass(frozen=True)
class Source:
    """
    One file.

    :ivar name: what places in the report begin with
    :ivar open: gives its bytes, from the start, in a stream that can seek
    :ivar columns, system: of CSV; see `read_csv`
    """

    name: str
    file_format: str
    open: Callable[[], BinaryIO]
    columns: Mapping[str, str] = field(default_factory=dict)
    system: str = "import"


def guess_format(name: str) -> str:
    suffix = name.rsplit(".", 1)[-1].lower()
    return {"ndjson": "fhir_ndjson", "jsonl": "fhir_ndjson", "csv": "csv", "tsv": "csv"}.get(suffix, "fhir_json")


def read_source(source: Source, spool: Spool, *, scope: str, progress: Callable[[int], None]) -> None:
    """
    Read one file into the spool. A file that cannot be understood stops only itself.

    :param progress: told how many bytes were read since the last time
    """
    with source.open() as stream:
        try:
            READERS[source.file_format](source, _Counted(stream, progress), spool, scope)
        except Unreadable as refusal:
            if scope != NDJSON_SCOPE:  # other files have added to it; this one was refused before it did
                spool.discard(scope)
            spool.add_person(Incoming(place=source.name, errors=[refusal.remark]), scope)


class _Counted:
    """A stream that says how far it was read."""

    def __init__(self, stream: BinaryIO, progress: Callable[[int], None]) -> None:
        self.stream, self.progress = stream, progress

    def read(self, size: int = -1) -> bytes:
        chunk = self.stream.read(size)
        self.progress(len(chunk))
        return chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def _read_json(source: Source, stream: Any, spool: Spool, scope: str) -> None:
    plain = as_utf8(stream)
    place = plain.tell()
    start = plain.read(SMALL)
    if len(start) < SMALL:
        _read_whole(source, start, spool, scope)
        return
    plain.seek(place)
    count = 0
    try:
        for entry in ijson.items(plain, "entry.item", use_float=True):
            count += _add_entry(entry, source.name, spool, scope)
    except (ijson.JSONError, UnicodeError, RecursionError):
        raise Unreadable("not_json") from None
    if not count:
        raise Unreadable("not_fhir")


def _read_whole(source: Source, text: bytes, spool: Spool, scope: str) -> None:
    try:
        root = json_of(text)
    except (ValueError, RecursionError):
        raise Unreadable("not_json") from None
    if not isinstance(root, dict) or root.get("resourceType") not in {"Bundle", "Patient"}:
        raise Unreadable("not_fhir")
    if root["resourceType"] == "Patient":
        spool.add_resource(root, scope, url="", place=f"{source.name} Patient[0]")
        return
    entries = root.get("entry")
    if entries is not None and not isinstance(entries, list):
        raise Unreadable("not_fhir")
    for entry in entries or []:
        _add_entry(entry, source.name, spool, scope)


def _add_entry(entry: Any, name: str, spool: Spool, scope: str) -> bool:
    resource = entry.get("resource") if isinstance(entry, dict) else None
    if not isinstance(resource, dict):
        spool.count("not_a_resource", "entry", scope)
        return False
    url = entry.get("fullUrl")
    _add(resource, url if isinstance(url, str) else "", name, spool, scope)
    return True


def _add(resource: dict[str, Any], url: str, name: str, spool: Spool, scope: str) -> None:
    is_patient = resource.get("resourceType") == "Patient"
    place = f"{name} Patient[{spool.next_number(name)}]" if is_patient else name
    spool.add_resource(resource, scope, url=url, place=place)


def _read_ndjson(source: Source, stream: Any, spool: Spool, scope: str) -> None:
    """One resource a line; a line ends with a line feed and with nothing else, so U+2028 stays text."""
    plain = as_utf8(stream)
    number = 0
    for line in iter(plain.readline, b""):
        number += 1
        stream.progress(len(line))
        if not line.strip():
            continue
        try:
            resource = json_of(line)
            if not isinstance(resource, dict):
                raise ValueError
        except (ValueError, RecursionError):
            broken = Incoming(place=f"{source.name} line {number}", errors=[Remark("not_json_line", str(number))])
            spool.add_person(broken, scope)
            continue
        _add(resource, "", source.name, spool, scope)


def _read_csv(source: Source, stream: Any, spool: Spool, scope: str) -> None:
    columns, system = source.columns, source.system
    for incoming in read_csv(stream, place=source.name, columns=columns, system=system, today=spool.today):
        spool.add_person(incoming, scope)


READERS: dict[str, Callable[[Source, Any, Spool, str], None]] = {
    "fhir_json": _read_json,
    "fhir_ndjson": _read_ndjson,
    "csv": _read_csv,
}


def scope_of(source: Source, position: int) -> str:
    """What a file's references are resolved within."""
    return NDJSON_SCOPE if source.file_format == "fhir_ndjson" else f"{position}"


def natural_order(source: Source) -> list[str]:
    return re.split(r"(\d+)", source.name)
