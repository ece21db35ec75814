"""
What was read of all files of an import, on disk: patients, and what points at them, until each is complete.

It is a private SQLite file that the operating system removes, so that a bundle of a gigabyte needs no gigabyte of
memory.
A scope is what may point at each other: one bundle, or all NDJSON files of an import. See ADR 35.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from patients import rules
from patients.matching import UNNAMED_SERVER, Number, Strength
from patients.reading import fhir_facts
from patients.reading.elements import Element, WrongType
from patients.reading.fhir_patient import read_patient
from patients.reading.incoming import Fact, Incoming, Remark, from_json, to_json
from patients.reading.references import Reference, contained, names_of, reference_of, server_of

TABLES = """
CREATE TABLE patient (seq INTEGER PRIMARY KEY, scope TEXT, url TEXT, id TEXT, version TEXT, plain TEXT, sort TEXT,
    place TEXT, replaced_by TEXT DEFAULT '', kept INTEGER DEFAULT 1);
CREATE TABLE name (scope TEXT, name TEXT, seq INTEGER);
CREATE TABLE number (scope TEXT, system TEXT, value TEXT, seq INTEGER);
CREATE TABLE linked (scope TEXT, name TEXT, row INTEGER, plain TEXT);
CREATE TABLE resource (row INTEGER PRIMARY KEY, scope TEXT, url TEXT, kind TEXT, plain TEXT);
CREATE TABLE fact (seq INTEGER, plain TEXT, remark TEXT, element TEXT);
CREATE TABLE left_out (scope TEXT, code TEXT, element TEXT, n INTEGER, UNIQUE (scope, code, element));
CREATE INDEX name_by_name ON name (scope, name);
CREATE INDEX number_by_value ON number (scope, system, value);
CREATE INDEX linked_by_name ON linked (scope, name);
CREATE INDEX fact_by_patient ON fact (seq);
CREATE INDEX patient_by_id ON patient (scope, id);
"""
SUBJECTS = ("subject", "patient")
LINKS = {"device": {"DeviceUseStatement", "DeviceUsage"}, "medicationReference": fhir_facts.MEDICINE_KINDS}


class Spool:
    """Add what files hold, `resolve` once, then take the patients."""

    def __init__(self, *, today: date) -> None:
        self.today = today
        self.numbers: dict[str, int] = {}
        self.db = sqlite3.connect("", isolation_level=None)  # an empty name: a file of its own, removed at the end
        self.db.executescript(
            "PRAGMA journal_mode = OFF; PRAGMA cache_size = -20000; PRAGMA temp_store = FILE;" + TABLES
        )

    def close(self) -> None:
        self.db.close()

    def next_number(self, name: str) -> int:
        """The number of the next patient of a file, from 0."""
        self.numbers[name] = self.numbers.get(name, -1) + 1
        return self.numbers[name]

    # --- Adding -----------------------------------------------------------------------------------------------

    def add_person(
        self, incoming: Incoming, scope: str, *, url: str = "", resource_id: str = "", version: str = ""
    ) -> int:
        plain = to_json(incoming)
        place = plain.pop("place")
        row = (scope, url, resource_id, version, json.dumps(plain, sort_keys=True), sort_key(incoming), place)
        added = self.db.execute(
            "INSERT INTO patient (scope, url, id, version, plain, sort, place) VALUES (?, ?, ?, ?, ?, ?, ?)", row
        )
        return added.lastrowid or 0

    def add_resource(self, resource: Mapping[str, Any], scope: str, *, url: str, place: str) -> None:
        """Keep a resource if it is about a patient; count it otherwise."""
        kind = resource.get("resourceType")
        if not isinstance(kind, str):
            self.count("not_a_resource", "", scope)
        elif kind == "Patient":
            self._add_patient(resource, scope, url, place)
        elif kind in fhir_facts.FACT_RESOURCES | fhir_facts.LINKED:
            plain = json.dumps(resource, default=float)
            if kind in fhir_facts.LINKED:
                row = self._next_linked()
                names = [(scope, name, row, plain) for name in names_of(resource, url)]
                self.db.executemany("INSERT INTO linked VALUES (?, ?, ?, ?)", names)
            if kind in fhir_facts.FACT_RESOURCES:
                insert = "INSERT INTO resource (scope, url, kind, plain) VALUES (?, ?, ?, ?)"
                self.db.execute(insert, (scope, url, kind, plain))
        else:
            self.count("other_kind", kind, scope)

    def _next_linked(self) -> int:
        return int(self.db.execute("SELECT coalesce(max(row), 0) + 1 FROM linked").fetchone()[0])

    def count(self, code: str, element: str, scope: str) -> None:
        self.db.execute(
            "INSERT INTO left_out VALUES (?, ?, ?, 1) ON CONFLICT (scope, code, element) DO UPDATE SET n = n + 1",
            (scope, code, element),
        )

    def _add_patient(self, resource: Mapping[str, Any], scope: str, url: str, place: str) -> None:
        incoming = read_patient(resource, place, today=self.today)
        resource_id, meta = resource.get("id"), resource.get("meta")
        version = meta.get("versionId") if isinstance(meta, dict) else ""
        seq = self.add_person(
            incoming,
            scope,
            url=url,
            resource_id=resource_id if isinstance(resource_id, str) else "",
            version=version if isinstance(version, str) else "",
        )
        self.db.executemany(
            "INSERT INTO name VALUES (?, ?, ?)", [(scope, name, seq) for name in names_of(resource, url)]
        )
        numbers = [(scope, *number.pair, seq) for number in incoming.numbers if number.strength is Strength.IDENTIFIES]
        self.db.executemany("INSERT INTO number VALUES (?, ?, ?, ?)", numbers)
        self._note_replacement(resource, seq)

    def _note_replacement(self, resource: Mapping[str, Any], seq: int) -> None:
        if resource.get("active") is not False and not resource.get("link"):
            return
        links = resource.get("link")
        for link in links if isinstance(links, list) else []:
            if isinstance(link, dict) and link.get("type") == "replaced-by":
                target = json.dumps(link.get("other"))
                self.db.execute("UPDATE patient SET replaced_by = ? WHERE seq = ?", (target, seq))
                return
        if resource.get("active") is False:
            self.db.execute("UPDATE patient SET replaced_by = 'inactive' WHERE seq = ?", (seq,))

    def discard(self, scope: str) -> None:
        """Forget a file that turned out to be broken: half a record may lack what matters most."""
        for table in ("patient", "name", "number", "linked", "resource", "left_out"):
            self.db.execute(f"DELETE FROM {table} WHERE scope = ?", (scope,))  # noqa: S608 - our own names

    # --- Putting together -------------------------------------------------------------------------------------

    def resolve(self) -> None:
        """Keep the newest version of each patient, follow replacements, and give each fact to its patient."""
        self._drop_old_versions()
        self._name_by_server()
        self._follow_replacements()
        for _, scope, url, kind, plain in self.db.cursor().execute("SELECT * FROM resource ORDER BY row"):
            self._give(scope, url, kind, json.loads(plain))

    def _drop_old_versions(self) -> None:
        """Two patients under one address are versions of one if each says which; otherwise they are two people."""
        doubled = self.db.execute(
            "SELECT scope, url FROM patient WHERE url <> '' AND version <> '' GROUP BY scope, url "
            "HAVING count(DISTINCT version) = count(*) AND count(*) > 1"
        ).fetchall()
        for scope, url in doubled:
            rows = self.db.execute(
                "SELECT seq, version FROM patient WHERE scope = ? AND url = ?", (scope, url)
            ).fetchall()
            newest = max(rows, key=lambda row: (int(row[1]) if row[1].isdigit() else -1, row[0]))[0]
            for seq, _ in rows:
                if seq != newest:
                    self.db.execute("UPDATE patient SET kept = 0 WHERE seq = ?", (seq,))
                    self.db.execute("UPDATE name SET seq = ? WHERE seq = ?", (newest, seq))
                    self.db.execute("DELETE FROM number WHERE seq = ?", (seq,))
                    self.count("older_version", "Patient", scope)

    def _name_by_server(self) -> None:
        """A patient without a number that identifies is known by the server's id, unless the file uses it twice."""
        rows = self.db.execute(
            "SELECT seq, scope, url, id, plain, place FROM patient WHERE kept = 1 AND id || url <> ''"
        )
        for seq, scope, url, resource_id, plain, place in rows.fetchall():
            incoming = from_json(json.loads(plain) | {"place": place})
            if any(number.strength is Strength.IDENTIFIES for number in incoming.numbers):
                continue
            if self._is_used_twice(scope, resource_id, url):
                incoming.leave_out("id_used_twice", "Patient.id")
            else:
                server = server_of(url)
                value = resource_id or url.rsplit(":", 1)[-1]
                incoming.numbers.append(Number(f"{server}/Patient" if server else UNNAMED_SERVER, value))
            self._rewrite(seq, incoming)

    def _is_used_twice(self, scope: str, resource_id: str, url: str) -> bool:
        rows = self.db.execute(
            "SELECT count(*) FROM patient "
            "WHERE scope = ? AND kept = 1 AND ((id <> '' AND id = ?) OR (url <> '' AND url = ?))",
            (scope, resource_id, url),
        )
        return bool(rows.fetchone()[0] > 1)

    def _rewrite(self, seq: int, incoming: Incoming) -> None:
        plain = {k: v for k, v in to_json(incoming).items() if k != "place"}
        values = (json.dumps(plain, sort_keys=True), sort_key(incoming), seq)
        self.db.execute("UPDATE patient SET plain = ?, sort = ? WHERE seq = ?", values)

    def _follow_replacements(self) -> None:
        rows = self.db.execute("SELECT seq, scope, url, replaced_by FROM patient WHERE replaced_by <> '' AND kept = 1")
        for seq, scope, url, target in rows.fetchall():
            found: set[int] = set()
            if target != "inactive":
                reference = reference_of(json.loads(target))
                found = self._find(scope, url, reference) - {seq} if reference else set()
            if len(found) == 1:
                self.db.execute("UPDATE name SET seq = ? WHERE seq = ?", (found.pop(), seq))
            self._refuse(seq, "inactive" if target == "inactive" else "replaced")

    def _refuse(self, seq: int, code: str) -> None:
        plain, place = self.db.execute("SELECT plain, place FROM patient WHERE seq = ?", (seq,)).fetchone()
        incoming = from_json(json.loads(plain) | {"place": place})
        incoming.errors.append(Remark(code, "Patient.link" if code == "replaced" else "Patient.active"))
        self._rewrite(seq, incoming)

    def _give(self, scope: str, url: str, kind: str, resource: dict[str, Any]) -> None:
        raw = next((resource[name] for name in SUBJECTS if resource.get(name)), None)
        try:
            reference = reference_of(raw)
            targets = self._find(scope, url, reference, resource) if reference else set()
        except ValueError:
            targets = set()
        if len(targets) > 1:
            self.count("ambiguous", kind, scope)
            for seq in targets:
                self._note(seq, "", "ambiguous", kind)
            return
        if not targets:
            if raw is not None or kind not in fhir_facts.LINKED:
                self.count("orphan", kind, scope)
            return
        self._read(targets.pop(), kind, resource, self._linked(scope, url, kind, resource))

    def _read(self, seq: int, kind: str, resource: dict[str, Any], linked: dict[str, Any] | None) -> None:
        try:
            element = Element(linked, str(linked.get("resourceType"))) if linked else None
            reading = fhir_facts.read_fact(kind, Element(resource, kind), linked=element, today=self.today)
        except WrongType as wrong:
            self._note(seq, "", "wrong_type_check", wrong.element)
            return
        if reading.fact is None:
            self._note(seq, "", reading.remark, kind)
            return
        carrier = Incoming(place="", facts=[reading.fact])
        self._note(seq, json.dumps(to_json(carrier)), reading.remark, f"{kind}: {reading.fact.text}")

    def _note(self, seq: int, plain: str, remark: str, element: str) -> None:
        self.db.execute("INSERT INTO fact VALUES (?, ?, ?, ?)", (seq, plain, remark, element))

    def _linked(self, scope: str, url: str, kind: str, resource: dict[str, Any]) -> dict[str, Any] | None:
        """The Medication or Device that a resource points at; None if it is missing, or could be two."""
        for name, kinds in LINKS.items():
            reference = reference_of(resource.get(name)) if kind in kinds else None
            if reference is None:
                continue
            inside = contained(resource, reference)
            if inside is not None:
                return inside
            rows: dict[int, str] = {}
            for wanted in reference.names(url):
                found = self.db.execute("SELECT row, plain FROM linked WHERE scope = ? AND name = ?", (scope, wanted))
                rows = dict(found.fetchall())
                if rows:
                    break
            if len(rows) == 1:
                plain: dict[str, Any] = json.loads(next(iter(rows.values())))
                return plain
        return None

    def _find(self, scope: str, url: str, reference: Reference, resource: Mapping[str, Any] | None = None) -> set[int]:
        """Every patient that a reference could mean; the one place that decides it."""
        by_name: set[int] = set()
        for name in reference.names(url):
            rows = self.db.execute("SELECT DISTINCT seq FROM name WHERE scope = ? AND name = ?", (scope, name))
            by_name = {row[0] for row in rows.fetchall()}
            if by_name:
                break
        numbers = reference.numbers(resource)
        by_number: set[int] = set()
        for system, value in numbers:
            rows = self.db.execute(
                "SELECT DISTINCT seq FROM number WHERE scope = ? AND system = ? AND value = ?", (scope, system, value)
            )
            by_number |= {row[0] for row in rows.fetchall()}
        # Both are said, and they mean different people: then it could be either.
        return by_name | by_number if by_name and by_number else by_name or by_number

    # --- Taking -----------------------------------------------------------------------------------------------

    def people(self) -> Iterator[tuple[int, Incoming]]:
        """
        Each patient with its position in the files.

        The order depends on what the records say and on nothing else, so that what becomes of each does not depend on
        the order of rows and files.
        """
        first_of_scope = dict(
            self.db.execute("SELECT scope, min(seq) FROM patient WHERE kept = 1 GROUP BY scope").fetchall()
        )
        order = self.db.execute("SELECT seq, scope, plain, place FROM patient WHERE kept = 1 ORDER BY sort, place")
        for seq, scope, plain, place in order:
            incoming = from_json(json.loads(plain) | {"place": place})
            self._add_facts(seq, incoming)
            if first_of_scope[scope] == seq:
                self._add_counts(scope, incoming)
            yield seq, incoming

    def count_people(self) -> int:
        return int(self.db.execute("SELECT count(*) FROM patient WHERE kept = 1").fetchone()[0])

    def _add_facts(self, seq: int, incoming: Incoming) -> None:
        facts: dict[tuple[str, str, str, str], Fact] = {}
        for plain, remark, element in self.db.execute("SELECT plain, remark, element FROM fact WHERE seq = ?", (seq,)):
            if plain:
                [fact] = from_json(json.loads(plain)).facts
                known = facts.get(fact.key)
                # One order that runs keeps a medicine, whatever other orders of it have ended.
                if known is None or (known.ended and not fact.ended):
                    facts[fact.key] = fact
            if remark:
                incoming.leave_out(remark, element)
        incoming.facts = sorted(facts.values(), key=lambda fact: fact.key)

    def _add_counts(self, scope: str, incoming: Incoming) -> None:
        counts = self.db.execute(
            "SELECT code, element, n FROM left_out WHERE scope = ? ORDER BY code, element", (scope,)
        )
        for code, element, n in counts.fetchall():
            incoming.leave_out(code, f"{n} {element}".strip())

    def scopes_without_patients(self) -> list[tuple[str, int]]:
        """Files that have only what points at patients, and how many of those."""
        return self.db.execute(
            "SELECT scope, sum(n) FROM left_out WHERE code = 'orphan' AND scope NOT IN (SELECT scope FROM patient) "
            "GROUP BY scope ORDER BY scope"
        ).fetchall()


def sort_key(incoming: Incoming) -> str:
    """What a record says, without where it stands."""
    numbers = sorted("|".join(number.pair) for number in incoming.numbers)
    said = [rules.plain(str(incoming.details.get(name, ""))) for name in ("family_name", "given_names")]
    plain = {k: v for k, v in to_json(incoming).items() if k not in {"place", "left_out", "errors"}}
    return re.sub(r"\s+", " ", "\x1f".join([*said, incoming.birth_date, *numbers, json.dumps(plain, sort_keys=True)]))
