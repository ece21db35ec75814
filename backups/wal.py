"""
The write-ahead log, as it is written: pg_receivewal gets it, here it is encrypted.

What is stored is at most EVERY_S old, also of a file that is not full yet. A replication slot keeps on the server what
has not been received.
"""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import Error as DatabaseError
from django.utils import timezone

from accounts.models import Clinic
from backups import queries, taking
from backups.programs import ProgramFailed, program, run
from backups.store import PARTIAL, Store, stamp
from database import tenancy
from records import actions, keys
from records import queries as records

logger = logging.getLogger(__name__)
SLOT = "palpate_backup"
EVERY_S = 20.0
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


class Receiver:
    """pg_receivewal, while the `with` lasts."""

    def __init__(self) -> None:
        self.folder = taking.spool() / "wal"
        self.folder.mkdir(exist_ok=True, mode=0o700)

    def __enter__(self) -> Receiver:
        connection, environment = taking.server()
        place = [f"--dbname={connection}", f"--slot={SLOT}"]
        run("pg_receivewal", *place, "--create-slot", "--if-not-exists", environment=environment)
        self.process = subprocess.Popen(
            [program("pg_receivewal"), *place, f"--directory={self.folder}", "--status-interval=5"],
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        return self

    def __exit__(self, *error: object) -> None:
        self.process.terminate()
        self.process.wait(20)

    def check(self) -> None:
        """:raises ProgramFailed: it has ended"""
        if self.process.poll() is not None:
            raise ProgramFailed(f"pg_receivewal ended with {self.process.returncode}")


def stream(store: Store, *, every_s: float = EVERY_S, goes_on: Callable[[], bool] = lambda: True) -> None:
    """
    Store the WAL until stopped, and take base backups when they are due.

    :raises ProgramFailed: pg_receivewal ended; start this again
    """
    heads: list[dict[str, str | int]] = []
    sizes: dict[str, float] = {}
    base: subprocess.Popen[bytes] | None = None
    with Receiver() as receiver:
        while goes_on():
            at = timezone.now()
            try:
                # The heads first: whatever they name is in the WAL that is stored after them.
                heads = store_heads(store, at, heads)
                time.sleep(1)
                store_segments(store, receiver.folder, sizes)
                queries.note("wal", at)
            except DatabaseError as error:
                logger.error("the database does not answer (%s); the backup goes on with what it has", error.__class__)
            if base is None or base.poll() is not None:
                newest = store.bases()[-1:]
                hours = settings.BACKUP_EVERY_HOURS
                if not newest or (at - newest[0].finished).total_seconds() > hours * 3600:
                    # A process of its own: the WAL is stored while it works.
                    base = subprocess.Popen([sys.executable, "manage.py", "backup"], cwd=settings.BASE_DIR)
            (receiver.folder.parent / "alive").touch()  # for the health check
            receiver.check()
            time.sleep(every_s)
        store_segments(store, receiver.folder, sizes)
