"""
The write-ahead log, as it is written: pg_receivewal gets it, here it is encrypted.

What is stored is at most EVERY_S old, also of a file that is not full yet. A replication slot keeps on the server what
has not been received.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import Error as DatabaseError
from django.db import connection
from django.utils import timezone

from accounts.models import Clinic
from backups import queries, taking
from backups.programs import ProgramFailed, dying_with_parent, program, run
from backups.store import PARTIAL, Store, stamp
from database import tenancy
from records import actions, keys
from records import queries as records

logger = logging.getLogger(__name__)
SLOT = "palpate_backup"
EVERY_S = 20.0
RECEIVED_S = 10.0
RECEIVED = "SELECT 1 FROM pg_replication_slots WHERE slot_name = %s AND active AND restart_lsn >= %s::pg_lsn"
WHOLE_FILE = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")


def store_segments(store: Store, folder: Path, sizes: dict[str, float]) -> None:
    """
    Store what pg_receivewal has written: whole files once, the one that is being written whenever it has changed.

    :param sizes: when the unfinished ones were last changed; kept between calls
    """
    for path in sorted(folder.iterdir()):
        if WHOLE_FILE.fullmatch(path.name):
            store.copy_in(f"wal/{path.name}", path)
            path.unlink()
            (store.folder / "wal" / f"{path.name}{PARTIAL}.enc").unlink(missing_ok=True)
        elif path.name.endswith(PARTIAL):
            changed = path.stat().st_mtime
            if sizes.get(path.name) != changed:
                store.copy_in(f"wal/{path.name}", path)
                sizes[path.name] = changed


def read_heads() -> list[dict[str, str | int]]:
    """Return each clinic's head, with a signed checkpoint if there is a key."""
    heads: list[dict[str, str | int]] = []
    for clinic in Clinic.objects.order_by("slug"):
        with tenancy.scope(clinic.pk, read_only=True):
            sequence, sha256 = records.head(clinic.pk)
            note = ""
            if keys.signing_key() is not None and sequence:
                try:
                    note = actions.make_checkpoint(clinic_id=clinic.pk)[1]
                except actions.ChainBroken:
                    logger.critical("the chain of clinic %s does not hold; its head is kept unsigned", clinic.slug)
        heads.append(
            {"clinic": str(clinic.pk), "slug": clinic.slug, "sequence": sequence, "sha256": sha256, "checkpoint": note}
        )
    return heads


def store_heads(store: Store, at: datetime, before: list[dict[str, str | int]]) -> list[dict[str, str | int]]:
    """Store each clinic's head, by which a restore says what was lost; nothing, if none has changed."""
    heads = read_heads()
    if heads != before:
        store.write(f"heads/{stamp(at)}", json.dumps(heads).encode())
    return heads


def _ask(statement: str, values: Sequence[str] = ()) -> tuple[Any, ...] | None:
    with connection.cursor() as cursor:
        # SQL: what the server itself knows about its WAL.
        cursor.execute(statement, values)
        row: tuple[Any, ...] | None = cursor.fetchone()
        return row


def recover_spool(store: Store) -> None:
    """
    Store what a stream that was killed had received, and not yet encrypted. The database is not asked.

    :raises taking.CannotBackUp: a stream is running
    """
    with _alone():
        store_segments(store, _received(), {})


def _alone() -> contextlib.AbstractContextManager[None]:
    return taking.only_one("stream", "The WAL is being stored by another process.")


def _received() -> Path:
    folder = taking.spool() / "wal"
    folder.mkdir(exist_ok=True, mode=0o700)
    return folder


class Receiver:
    """
    pg_receivewal, while the `with` lasts; killed with the process that started it.

    :ivar is_new: the slot was made anew, so WAL is missing from before; only a base backup closes the gap
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __enter__(self) -> Receiver:
        address, environment = taking.server()
        place = [f"--dbname={address}", f"--slot={SLOT}"]
        status = _ask("SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s", [SLOT])
        self.is_new = status is None or status[0] == "lost"
        if self.is_new:
            if status is not None:
                logger.critical("the server did not keep the WAL for the backup any longer; a base backup is taken")
                run("pg_receivewal", *place, "--drop-slot", environment=environment)
            for path in self.folder.glob(f"*{PARTIAL}"):
                path.unlink()  # it is stored; with it, pg_receivewal would ask for what the server has no more
            run("pg_receivewal", *place, "--create-slot", "--if-not-exists", environment=environment)
        # Flushed at once, so that the slot says at any time what has been received.
        options = [f"--directory={self.folder}", "--synchronous"]
        self.process = subprocess.Popen(
            dying_with_parent([program("pg_receivewal"), *place, *options]),
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def has_all(self, stop: threading.Event) -> bool:
        """
        Wait a while until all that is committed now has been received.

        :raises ProgramFailed: it has ended
        """
        (flushed,) = _ask("SELECT pg_current_wal_flush_lsn()::text") or ("",)
        end = time.monotonic() + RECEIVED_S
        while time.monotonic() < end and not stop.is_set():
            if self.process.poll() is not None:
                raise ProgramFailed(f"pg_receivewal ended with {self.process.returncode}")
            if _ask(RECEIVED, [SLOT, flushed]):
                return True
            stop.wait(0.1)
        return False


def stream(store: Store, stop: threading.Event, *, every_s: float = EVERY_S) -> None:
    """
    Store the WAL until `stop` is set, and take base backups when they are due.

    What a stream that was killed has left in the spool is stored first.

    :raises ProgramFailed: pg_receivewal ended; start this again
    :raises taking.CannotBackUp: another process does this
    """
    heads: list[dict[str, str | int]] = []
    sizes: dict[str, float] = {}
    base: subprocess.Popen[bytes] | None = None
    folder = _received()
    with _alone():
        store_segments(store, folder, sizes)
        try:
            with Receiver(folder) as receiver:
                is_due = receiver.is_new
                while not stop.is_set():
                    at = timezone.now()
                    try:
                        # The heads first: whatever they name is in the WAL that is stored after them.
                        heads = store_heads(store, at, heads)
                        has_all = receiver.has_all(stop)
                        store_segments(store, folder, sizes)
                        if has_all:
                            queries.note("wal", at)
                        elif not stop.is_set():
                            logger.error("the server does not send its WAL; the backup of the WAL grows old")
                    except DatabaseError as error:
                        logger.error("the database does not answer (%s)", type(error).__name__)
                        connection.close()
                        store_segments(store, folder, sizes)
                    if base is None or base.poll() is not None:
                        newest = store.bases()[-1:]
                        hours = settings.BACKUP_EVERY_HOURS
                        if is_due or not newest or (at - newest[0].finished).total_seconds() > hours * 3600:
                            # A process of its own: the WAL is stored while it works.
                            command = dying_with_parent([sys.executable, "manage.py", "backup"])
                            base = subprocess.Popen(command, cwd=settings.BASE_DIR)
                            is_due = False
                    (folder.parent / "alive").touch()  # for the health check
                    stop.wait(every_s)
        finally:
            if base is not None and base.poll() is None:
                base.terminate()
                base.wait()
            store_segments(store, folder, sizes)
