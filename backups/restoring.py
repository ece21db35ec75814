"""A cluster's folder made again from base backups and WAL, and what is true in it."""

from __future__ import annotations

import contextlib
import gzip
import json
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import psycopg
from django.db import connections

from accounts.models import Clinic
from backups.encryption import decrypt
from backups.programs import NOBODY, ProgramFailed, dying_with_parent, program, run, unprivileged
from backups.store import PARTIAL, SEGMENT_DIGITS, BaseBackup, Store
from database import tenancy
from database.urls import connection_parts
from records import actions
from records import queries as records

READY_S = 6 * 3600  # a recovery reads all WAL since the base backup


class CannotRestore(Exception):
    """A sentence for the person at the terminal."""


@dataclass
class Report:
    """
    What a restore brought back.

    :ivar restored_to: the last transaction's moment; None: there was none after the base backup
    :ivar clinics: a line each: slug, sequence, whether the chain holds, and the sequences that are known to be lost
    """

    base: str
    restored_to: datetime | None
    seconds: float
    clinics: list[dict[str, Any]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return all(line["ok"] for line in self.clinics)


def choose_base(store: Store, until: datetime | None) -> BaseBackup:
    """:raises CannotRestore: no base backup was whole by then"""
    bases = [base for base in store.bases() if until is None or base.finished <= until]
    if not bases:
        raise CannotRestore("There is no base backup from before that moment.")
    return bases[-1]


def restore(store: Store, into: Path, *, until: datetime | None = None) -> Report:
    """
    Make a cluster's folder, recover it to the newest state or to a moment, and verify every chain in it.

    :param into: a folder that does not exist or is empty
    :raises CannotRestore, CannotDecrypt, ProgramFailed:
    """
    started = time.monotonic()
    if into.exists() and any(into.iterdir()):
        raise CannotRestore(f"{into} is not empty. Move it away first.")
    base = choose_base(store, until)
    into.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="restore-", dir=into.parent) as work_folder:
        work = Path(work_folder)
        folders = [_unpack(store, one, work) for one in store.chain(base)]
        with contextlib.suppress(FileNotFoundError):
            into.rmdir()
        if len(folders) > 1:
            run("pg_combinebackup", f"--output={into}", *map(str, folders))
        else:
            folders[0].rename(into)
        into.chmod(0o700)
        wal = work / "wal"
        _fetch_wal(store, base, wal)
        (into / "recovery.signal").touch()
        with recovering(into, work, wal, until) as connection:
            moment = connection.execute("SELECT pg_last_xact_replay_timestamp()").fetchone()
            report = Report(base.name, moment[0] if moment else None, 0)
            report.clinics = verify_clinics(store, work / "sockets", until)
    report.seconds = time.monotonic() - started
    return report


def _unpack(store: Store, base: BaseBackup, work: Path) -> Path:
    """Decrypt and unpack one base backup, and verify it against its manifest."""
    folder, packed = work / base.name, work / f"{base.name}.tar.gz"
    store.copy_out(f"base/{base.name}/data", packed)
    with gzip.open(packed) as zipped, tarfile.open(fileobj=zipped, mode="r|") as archive:
        archive.extractall(folder, filter="data")
    packed.unlink()
    folder.chmod(0o700)
    run("pg_verifybackup", "--quiet", "--no-parse-wal", str(folder))
    return folder


def _fetch_wal(store: Store, base: BaseBackup, folder: Path) -> None:
    """Decrypt the WAL from the base backup on; one that was not full has the name of the full one."""
    folder.mkdir()
    names = store.names("wal")
    for name in names:
        whole = name.removesuffix(PARTIAL)
        if len(whole) >= SEGMENT_DIGITS and whole[8:SEGMENT_DIGITS] < base.first_segment[8:]:
            continue
        if name.endswith(PARTIAL) and whole in names:
            continue
        store.copy_out(f"wal/{name}", folder / whole)


@contextlib.contextmanager
def recovering(
    data: Path, work: Path, wal: Path, until: datetime | None
) -> Iterator[psycopg.Connection[tuple[Any, ...]]]:
    """
    A server on the folder, reached by a private socket only, once it has recovered; stopped again afterwards.

    Its configuration is empty: the one in the folder, if it is there, is for the machine that it came from.
    """
    sockets = Path(tempfile.mkdtemp(prefix="palpate-"))  # a socket's path must be short
    (work / "sockets").symlink_to(sockets)
    (work / "hba.conf").write_text("local all all trust\n")
    (work / "postgresql.conf").write_text("")
    options = {
        "config_file": work / "postgresql.conf",
        "hba_file": work / "hba.conf",
        "listen_addresses": "",
        "unix_socket_directories": sockets,
        "hot_standby": "off",
        "archive_mode": "off",
        "restore_command": f'cp "{wal}/%f" "%p"',
        "recovery_target_action": "promote",
        "max_connections": "20",
        "log_min_error_statement": "panic",
    }
    if until is not None:
        options["recovery_target_time"] = until.astimezone(UTC).isoformat(sep=" ")
    if os.geteuid() == 0:
        for path in (data, work, sockets):
            subprocess.run(["chown", "-R", f"{NOBODY}:{NOBODY}", str(path)], check=True)
    flags = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    log = work / "server.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            [*unprivileged(), *dying_with_parent([program("postgres"), "-D", str(data), *flags], "INT")],
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            cwd="/",
        )
    try:
        yield _connect(process, sockets, log)
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(60)
        process.kill()
        process.wait()
        shutil.rmtree(sockets, ignore_errors=True)


def _connect(process: subprocess.Popen[bytes], sockets: Path, log: Path) -> psycopg.Connection[tuple[Any, ...]]:
    user = connection_parts("DATABASE_ADMIN_URL").get("user") or "postgres"
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            text = log.read_text(errors="replace")
            if "before configured recovery target was reached" in text:
                raise CannotRestore("The WAL ends before that moment. Restore to the newest state instead.")
            raise ProgramFailed(f"postgres: {text.strip()[-1500:]}")
        try:
            return psycopg.connect(host=str(sockets), user=user, dbname="postgres", autocommit=True)
        except psycopg.OperationalError:
            time.sleep(0.2)
    raise ProgramFailed(f"postgres did not recover within {READY_S} s")


# --- What is true in it ---------------------------------------------------------------------------------------


def verify_clinics(store: Store, sockets: Path, until: datetime | None) -> list[dict[str, Any]]:
    """Verify each clinic's whole chain against the newest kept head that it can hold; name what was lost."""
    database = connections.databases["default"]
    connections["default"].close()
    del connections["default"]
    before = dict(database)
    database |= {"HOST": str(sockets.resolve()), "PORT": "", "USER": "palpate_app", "PASSWORD": "", "OPTIONS": {}}
    try:
        heads = list(_heads(store, until))
        return [_verify(clinic, heads) for clinic in Clinic.objects.order_by("slug")]
    finally:
        connections["default"].close()
        del connections["default"]
        database |= before


def _heads(store: Store, until: datetime | None) -> Iterator[dict[str, dict[str, Any]]]:
    """The kept heads by clinic, the newest first."""
    latest = f"{until.astimezone(UTC):%Y%m%dT%H%M%S.%f}Z" if until else "~"
    for name in reversed(store.names("heads")):
        if name <= latest:
            yield {head["clinic"]: head | {"at": name} for head in json.loads(store.read(f"heads/{name}"))}


def _verify(clinic: Clinic, heads: list[dict[str, dict[str, Any]]]) -> dict[str, Any]:
    known = [by_clinic[str(clinic.pk)] for by_clinic in heads if str(clinic.pk) in by_clinic]
    with tenancy.scope(clinic.pk, read_only=True):
        sequence, _sha256 = records.head(clinic.pk)
        anchor = next((head for head in known if head["sequence"] <= sequence), None)
        anchored: tuple[int, str] | None = None
        if anchor is not None and anchor["checkpoint"]:
            anchored = actions.read_checkpoint(anchor["checkpoint"], clinic_id=UUID(anchor["clinic"]))
        elif anchor is not None:
            anchored = (anchor["sequence"], anchor["sha256"])
        verification = actions.verify_chain(clinic_id=clinic.pk, anchor=anchored, complete=True)
    newest = known[0] if known else None
    lost = [sequence + 1, newest["sequence"]] if newest and newest["sequence"] > sequence else None
    return {
        "clinic": clinic.slug,
        "sequence": sequence,
        "ok": verification["ok"],
        "first_broken": verification["first_broken"],
        "checkpoint": anchor["sequence"] if anchor else None,
        "lost": lost,
        "newest_known_at": newest["at"] if newest else None,
    }


def read_settings(store: Store, base: BaseBackup) -> dict[str, str]:
    """Return the environment that the base backup was taken in."""
    values: dict[str, str] = json.loads(store.read(f"base/{base.name}/settings"))
    return values


def copy_dump(store: Store, name: str, target: Path) -> None:
    """Decrypt a dump. :raises CannotDecrypt:"""
    with open(target, "wb") as file, open(store.folder / "dumps" / f"{name}.enc", "rb") as source:
        for chunk in decrypt(source, name=f"dumps/{name}", secrets=store.secrets):
            file.write(chunk)
