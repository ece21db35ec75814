"""A clinic in SQLite: all that a program may follow, verified as it arrives, whole pages or nothing."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self

from palpate_client.clients import MOST_ROWS, Client
from palpate_client.protocol import Change, Problem
from palpate_client.records import GENESIS, NotWhole, canonical_text, check_record

SCHEMA = """
CREATE TABLE IF NOT EXISTS place (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS checkpoints (sequence INTEGER PRIMARY KEY, sha256 TEXT NOT NULL, note TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS records (
    sequence INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, kind TEXT NOT NULL, entry TEXT NOT NULL,
    subject_id TEXT NOT NULL, patient_id TEXT NOT NULL, version INTEGER NOT NULL,
    sha256 TEXT NOT NULL, previous_sha256 TEXT NOT NULL, restricted INTEGER NOT NULL, json TEXT);
CREATE INDEX IF NOT EXISTS records_of_subject ON records (subject_id, version);
CREATE TABLE IF NOT EXISTS erased (record_id TEXT PRIMARY KEY, sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS things (
    kind TEXT NOT NULL, id TEXT NOT NULL, patient_id TEXT NOT NULL, merged_into TEXT, hidden INTEGER NOT NULL,
    json TEXT, PRIMARY KEY (kind, id));
CREATE INDEX IF NOT EXISTS things_of_patient ON things (patient_id);
CREATE TABLE IF NOT EXISTS changes (
    sequence INTEGER PRIMARY KEY, kind TEXT NOT NULL, action TEXT NOT NULL, id TEXT NOT NULL, at TEXT NOT NULL);
-- A mark of error stands above a newer version, and an addendum is as current as its version.
CREATE VIEW IF NOT EXISTS record_statuses AS SELECT r.*, CASE
    WHEN r.id IN (SELECT record_id FROM erased) THEN 'erased'
    WHEN r.restricted THEN 'restricted'
    WHEN r.entry = 'erased' THEN 'current'
    WHEN EXISTS (SELECT 1 FROM records e WHERE e.subject_id = r.subject_id AND e.version = r.version
        AND e.entry = 'entered_in_error') THEN 'entered_in_error'
    WHEN EXISTS (SELECT 1 FROM records n WHERE n.subject_id = r.subject_id AND n.version > r.version
        AND n.entry = 'signed') THEN 'superseded'
    ELSE 'current' END AS status
FROM records r;
-- What may be used now, with the patient who is in use.
CREATE VIEW IF NOT EXISTS current_records AS
    SELECT r.sequence, r.id, r.kind, r.subject_id, coalesce(p.merged_into, r.patient_id) AS patient_id, r.version,
        r.json
    FROM record_statuses r LEFT JOIN things p ON p.kind = 'patient' AND p.id = r.patient_id
    WHERE r.entry = 'signed' AND r.status = 'current' AND NOT coalesce(p.hidden, 0);
CREATE VIEW IF NOT EXISTS current_things AS
    SELECT t.kind, t.id, coalesce(p.merged_into, t.patient_id) AS patient_id, t.json
    FROM things t LEFT JOIN things p ON p.kind = 'patient' AND p.id = t.patient_id
    WHERE NOT t.hidden AND NOT coalesce(p.hidden, 0);
"""
COLUMNS = "sequence id kind entry subject_id patient_id version sha256 previous_sha256".split()
# Kind to where it is read. A check-in has no address of its own; its patient's list has it.
READ_AT = {
    "patient": "/patients/{id}/",
    "appointment": "/appointments/{id}/",
    "series": "/series/{id}/",
    "programme": "/programmes/{id}/",
    "adverse_event": "/patients/{patient_id}/adverse-events/{id}/",
}
DIVERGED = {
    "ahead_of_feed": "ahead_of_feed: the server is behind this mirror: restored from a backup, or another one",
    "other_feed": "other_feed: the server has another past than this mirror: restored from a backup, or another one",
}


class Diverged(Exception):
    """The server is not the one that this mirror follows any more: it was restored from a backup, or is another."""


class Verdict(NamedTuple):
    """How many records hold, and of how many of them there is a hash and no document."""

    records: int
    erased: int
    restricted: int


class Mirror:
    """
    :param path: a SQLite file (`.sqlite`, `.db`), or a folder that gets one
    :raises FileNotFoundError: there is none, and none was to be made
    """

    def __init__(self, path: str | Path, *, create: bool = True) -> None:
        place = Path(path)
        if place.suffix not in (".sqlite", ".db"):
            if create:
                place.mkdir(mode=0o700, parents=True, exist_ok=True)
            place = place / "mirror.sqlite"
        # Before SQLite does it, which would let others read what is in it.
        os.close(os.open(place, os.O_RDWR | (os.O_CREAT if create else 0), 0o600))
        self.path = place
        self.database = sqlite3.connect(place, isolation_level=None)
        self.database.execute("PRAGMA secure_delete = ON")  # what is erased must not stay in free pages
        self.database.executescript(SCHEMA)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All of it or none, also after kill -9."""
        self.database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self.database.in_transaction:  # a full disk has ended it already
                self.database.execute("ROLLBACK")
            raise
        self.database.execute("COMMIT")

    # --- Pull -------------------------------------------------------------------------------------------------

    def pull(self, client: Client) -> int:
        """
        Bring the mirror up to the server; return how many changes were new. Cut anywhere, the next pull goes on.

        :raises Diverged, NotWhole: what is here is still what was verified
        """
        before = self.head()[0]
        try:
            sequence, sha256, note = read_head(client)
            count = self.pull_changes(client)
            self.pull_records(client)
            self.pull_hidden(client)
        except Problem as problem:
            if problem.code in DIVERGED:
                raise Diverged(DIVERGED[problem.code]) from None
            raise
        # What the server named before the pull must be in what it then sent, and not behind what it had sent before.
        if sequence < before or (sequence and self.sha256_at(sequence) != sha256):
            raise Diverged(f"the server's head {sequence} does not continue the chain of this mirror")
        if sequence:
            with self.transaction():
                self.database.execute("INSERT OR IGNORE INTO checkpoints VALUES (?, ?, ?)", (sequence, sha256, note))
        return count

    def pull_changes(self, client: Client) -> int:
        count, after = 0, int(self.get("sequence", "0"))
        for page in client.follow(self.get("changes") or None):
            numbers = [change.sequence for change in page.changes]
            if page.is_complete and numbers != list(range(after + 1, after + 1 + len(numbers))):
                raise NotWhole(f"changes: there is a gap behind {after}")
            things = list(read_things(client, page.changes))
            after = numbers[-1] if numbers else after
            with self.transaction():
                for change in page.changes:
                    self.write_change(change)
                for change, thing in things:
                    self.write_thing(change, thing)
                self.set("changes", page.cursor)
                self.set("sequence", str(after))
            count += len(numbers)
        return count

    def write_change(self, change: Change) -> None:
        row = (change.sequence, change.kind, change.action, change.id, change.at)
        self.database.execute("INSERT OR REPLACE INTO changes VALUES (?, ?, ?, ?, ?)", row)

    def write_thing(self, change: Change, thing: Mapping[str, Any] | None) -> None:
        """
        :param thing: None: it cannot be read now (restricted, or gone)
        """
        if change.action == "deleted":
            self.database.execute("DELETE FROM things WHERE kind = ? AND id = ?", (change.kind, change.id))
            return
        text = None if thing is None else json.dumps(thing, ensure_ascii=False)
        self.database.execute(
            "INSERT INTO things (kind, id, patient_id, hidden, json) VALUES (?, ?, ?, ?, ?) ON CONFLICT (kind, id) DO "
            "UPDATE SET patient_id = excluded.patient_id, hidden = excluded.hidden, "
            "json = coalesce(excluded.json, json)",
            (change.kind, change.id, change.patient_id, thing is None, text),
        )
        if thing is not None and thing.get("merged_into"):
            # A patient who was merged into this one belongs to the survivor too, however many merges ago.
            self.database.execute(
                "UPDATE things SET merged_into = ? WHERE kind = 'patient' AND (id = ? OR merged_into = ?)",
                (thing["merged_into"], change.id, change.id),
            )

    def pull_records(self, client: Client) -> None:
        path = self.get("records") or f"/records/?limit={MOST_ROWS}"
        while True:
            page = client.get(path)
            with self.transaction():
                for record in page["results"]:
                    self.write_record(record)
                self.set("records", page["resume"])
            if page["next"] is None:
                return
            path = page["next"]

    def write_record(self, record: Mapping[str, Any]) -> None:
        """:raises NotWhole: it does not have its hash, or does not continue the chain that is here"""
        if (record["sequence"], record["previous_sha256"]) != next_place(self.head()):
            raise NotWhole(f"record {record['sequence']}: link_broken")
        text = None
        if record["document"] is not None:  # erased or restricted
            text = canonical_text(record)
            check_record(record, text)
        marks = ", ".join("?" * (len(COLUMNS) + 2))
        self.database.execute(
            f"INSERT INTO records ({', '.join(COLUMNS)}, restricted, json) VALUES ({marks})",  # noqa: S608 - ours
            [*(record[name] for name in COLUMNS), record["status"] == "restricted", text],
        )
        if record["entry"] == "erased":
            self.erase(record["document"])

    def erase(self, document: Mapping[str, Any]) -> None:
        """Delete the documents that an erasure names, and all else that is here of the person."""
        for gone in document["erased"]:
            row = (gone["record_id"], gone["sha256"])
            self.database.execute("INSERT OR IGNORE INTO erased VALUES (?, ?)", row)
            self.database.execute("UPDATE records SET json = NULL, restricted = 0 WHERE id = ? AND sha256 = ?", row)
        for patient_id in document["patient_ids"]:
            self.database.execute("DELETE FROM things WHERE patient_id = ?", (patient_id,))

    def pull_hidden(self, client: Client) -> None:
        """Ask again for what the clinic had restricted: no change says that it can be read again."""
        hidden = self.database.execute("SELECT kind, id, patient_id FROM things WHERE hidden").fetchall()
        for kind, thing_id, patient_id in hidden:
            change = Change(0, kind, "changed", thing_id, patient_id, None, (), None, "")
            for _change, thing in read_things(client, [change]):
                with self.transaction():
                    self.write_thing(change, thing)
        restricted = self.database.execute("SELECT id FROM records WHERE restricted").fetchall()
        for (record_id,) in restricted:
            record = client.get(f"/records/{record_id}/")
            if record["document"] is not None:
                text = canonical_text(record)
                check_record(record, text)
                with self.transaction():
                    row = (text, record_id, record["sha256"])
                    self.database.execute(
                        "UPDATE records SET json = ?, restricted = 0 WHERE id = ? AND sha256 = ?", row
                    )

    # --- Verify -----------------------------------------------------------------------------------------------

    def verify(self) -> Verdict:
        """
        Check all records again, without the server: hashes, links, gaps, erasures, and the checkpoints that were kept.

        :raises NotWhole:
        """
        try:
            if self.database.execute("PRAGMA integrity_check(1)").fetchone() != ("ok",):
                raise NotWhole("the file is damaged")
            verdict = self.verify_chain()
            for sequence, sha256 in self.database.execute("SELECT sequence, sha256 FROM checkpoints").fetchall():
                if self.sha256_at(sequence) != sha256:
                    raise NotWhole(f"record {sequence}: not what the checkpoint says")
        except sqlite3.DatabaseError:
            raise NotWhole("the file is damaged") from None  # the cause may quote a row
        return verdict

    def verify_chain(self) -> Verdict:
        head: tuple[int, str] = (0, GENESIS)
        named: dict[str, str] = {}  # what records of erasures say, which are signed too
        without: dict[str, tuple[int, str]] = {}
        restricted = 0
        rows = self.database.execute(f"SELECT {', '.join(COLUMNS)}, restricted, json FROM records ORDER BY sequence")  # noqa: S608 - ours
        for row in rows:
            record = dict(zip([*COLUMNS, "restricted", "json"], row, strict=True))
            if (record["sequence"], record["previous_sha256"]) != next_place(head):
                raise NotWhole(f"record {record['sequence']}: link_broken")
            head = (record["sequence"], record["sha256"])
            if record["json"] is not None:
                document = check_record(record, record["json"])
                if record["entry"] == "erased":
                    named |= {gone["record_id"]: gone["sha256"] for gone in document["erased"]}
            elif record["restricted"]:
                restricted += 1
            else:
                without[record["id"]] = head
        for record_id, (sequence, sha256) in without.items():
            if named.get(record_id) != sha256:
                raise NotWhole(f"record {sequence}: erased_without_record")
        if dict(self.database.execute("SELECT record_id, sha256 FROM erased").fetchall()) != named:
            raise NotWhole("what is marked as erased is not what the records of erasures name")
        return Verdict(head[0], len(without), restricted)

    # --- What is here -----------------------------------------------------------------------------------------

    def head(self) -> tuple[int, str]:
        row = self.database.execute("SELECT sequence, sha256 FROM records ORDER BY sequence DESC LIMIT 1").fetchone()
        return row or (0, GENESIS)

    def sha256_at(self, sequence: int) -> str | None:
        row = self.database.execute("SELECT sha256 FROM records WHERE sequence = ?", (sequence,)).fetchone()
        return str(row[0]) if row else None

    def thing(self, kind: str, thing_id: str) -> dict[str, Any] | None:
        """What may be used of a patient, an appointment, …; None: nothing, or not now."""
        row = self.database.execute(
            "SELECT json FROM current_things WHERE kind = ? AND id = ?", (kind, thing_id)
        ).fetchone()
        return json.loads(row[0]) if row else None

    def get(self, name: str, fallback: str = "") -> str:
        row = self.database.execute("SELECT value FROM place WHERE name = ?", (name,)).fetchone()
        return str(row[0]) if row else fallback

    def set(self, name: str, value: str) -> None:
        self.database.execute("INSERT OR REPLACE INTO place VALUES (?, ?)", (name, value))


def next_place(head: tuple[int, str]) -> tuple[int, str]:
    """Sequence and previous hash of the record behind a head."""
    return head[0] + 1, head[1]


def read_head(client: Client) -> tuple[int, str, str]:
    """Sequence, hash, and the signed checkpoint that says so; empty where the server has no key to sign one with."""
    try:
        answer = client.get("/records/checkpoint/")
    except Problem as problem:
        if problem.code != "no_checkpoint_key":
            raise
        answer = {"head": client.get("/records/head/"), "checkpoint": ""}
    return answer["head"]["sequence"], answer["head"]["sha256"], answer["checkpoint"]


def read_things(client: Client, changes: Iterable[Change]) -> Iterator[tuple[Change, dict[str, Any] | None]]:
    """What each thing is now, read once however often it changed; None where it cannot be read."""
    # Records come by their own feed; a kind that a newer server has is left to a newer client.
    newest = {(change.kind, change.id): change for change in changes if change.kind in {*READ_AT, "check_in"}}
    check_ins: dict[str, dict[str, dict[str, Any]]] = {}
    for change in newest.values():
        thing = None
        if change.kind == "check_in" and change.action != "deleted":
            if change.patient_id not in check_ins:
                check_ins[change.patient_id] = read_check_ins(client, change.patient_id)
            thing = check_ins[change.patient_id].get(change.id)
        elif change.action != "deleted":
            thing = read_if_there(client, READ_AT[change.kind].format(id=change.id, patient_id=change.patient_id))
        yield change, thing


def read_check_ins(client: Client, patient_id: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    path: str | None = f"/patients/{patient_id}/check-ins/?limit={MOST_ROWS}"
    while path and (page := read_if_there(client, path)):
        found |= {check_in["id"]: check_in for check_in in page["results"]}
        path = page["next"]
    return found


def read_if_there(client: Client, path: str) -> dict[str, Any] | None:
    try:
        return client.get(path)
    except Problem as problem:
        if problem.status != 404:
            raise
        return None
