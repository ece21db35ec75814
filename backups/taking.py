"""Base backups and dumps: taken with PostgreSQL's tools, verified, encrypted, and those that nobody needs deleted."""

from __future__ import annotations

import contextlib
import fcntl
import gzip
import json
import logging
import os
import re
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

from django.conf import settings
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from backups import queries
from backups.programs import ProgramFailed, run
from backups.store import BaseBackup, Store, stamp
from database.urls import connection_parts

logger = logging.getLogger(__name__)
FIRST_SEGMENT = re.compile(r"^START WAL LOCATION: \S+ \(file ([0-9A-F]{24})\)", re.MULTILINE)


class CannotBackUp(Exception):
    """A sentence for the person at the terminal."""


def open_store() -> Store:
    """
    Return the folder of the settings.

    :raises CannotBackUp: the settings name no folder or no key
    """
    if not settings.BACKUP_DIR or not settings.BACKUP_KEYS:
        raise CannotBackUp("Set BACKUP_DIR (a folder) and BACKUP_KEYS (a random text of 32 characters or more).")
    return Store(Path(settings.BACKUP_DIR), settings.BACKUP_KEYS)


def server(**changes: str) -> tuple[str, Mapping[str, str]]:
    """
    Return the connection of a role that may replicate, and the environment that holds its password.

    :raises CannotBackUp: there is none
    """
    parts = connection_parts("DATABASE_ADMIN_URL")
    if not parts:
        raise CannotBackUp("Set DATABASE_ADMIN_URL: a role that may replicate reads the whole cluster.")
    password = str(parts.pop("password", "") or "")
    return make_conninfo(**parts | changes), {"PGPASSWORD": password} if password else {}


def spool() -> Path:
    """Return the folder for what is not encrypted yet. It is on this machine, and never part of a backup."""
    folder = Path(settings.BACKUP_SPOOL_DIR or f"{settings.BACKUP_DIR}-spool")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder


@contextlib.contextmanager
def only_one(name: str, refusal: str) -> Iterator[None]:
    """
    Be the only process of this machine that does this.

    :raises CannotBackUp: with the refusal; another does
    """
    with open(spool() / f"{name}.lock", "wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotBackUp(refusal) from None
        yield


@contextlib.contextmanager
def _work_folder() -> Iterator[Path]:
    """A folder for one backup at a time, without what a backup that was killed has left: it is not encrypted."""
    with only_one("taking", "Another backup is being taken."):
        for left in spool().glob("taking-*"):
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(prefix="taking-", dir=spool()) as folder:
            yield Path(folder)


def is_whole_due(store: Store, at: datetime) -> bool:
    """Whether the next base backup has to be a whole one."""
    whole = [base for base in store.bases() if base.parent is None]
    return not whole or at - whole[-1].finished > timedelta(days=settings.BACKUP_WHOLE_EVERY_DAYS)


def take_base(store: Store, *, whole: bool) -> BaseBackup:
    """
    Take a base backup, verify it, and store it encrypted.

    :param whole: everything; otherwise what changed since the one before, if the server can say
    :raises ProgramFailed, CannotBackUp:
    """
    started = timezone.now()
    parent = None if whole else store.bases()[-1]
    with _work_folder() as folder:
        data = folder / "data"
        try:
            _copy_server(store, data, parent)
        except ProgramFailed as refusal:
            if parent is None:
                raise
            logger.warning("a whole backup is taken, because the server cannot say what changed: %s", refusal)
            shutil.rmtree(data, ignore_errors=True)
            parent = None
            _copy_server(store, data, None)
        run("pg_verifybackup", "--quiet", str(data))
        segment = FIRST_SEGMENT.search((data / "backup_label").read_text())
        assert segment is not None, "a backup without a label"
        name = stamp(started)
        _store_folder(store, f"base/{name}/data", data)
        store.copy_in(f"base/{name}/manifest", data / "backup_manifest")
        store.write(f"base/{name}/settings", json.dumps(_environment()).encode())
    size = sum(path.stat().st_size for path in (store.folder / "base" / name).iterdir())
    base = BaseBackup(
        name=name,
        parent=parent.name if parent else None,
        started_at=started.isoformat(),
        finished_at=timezone.now().isoformat(),
        first_segment=segment[1],
        bytes=size,
    )
    store.add_base(base)
    queries.note("base", base.finished)
    return base


def _copy_server(store: Store, data: Path, parent: BaseBackup | None) -> None:
    connection, environment = server()
    options = ["--format=plain", "--wal-method=stream", "--checkpoint=fast", "--manifest-checksums=SHA256"]
    if parent is not None:
        manifest = data.with_name("parent-manifest")
        store.copy_out(f"base/{parent.name}/manifest", manifest)
        options += [f"--incremental={manifest}"]
    run("pg_basebackup", f"--dbname={connection}", f"--pgdata={data}", *options, environment=environment)


def _store_folder(store: Store, name: str, folder: Path) -> None:
    with (
        store.writing(name) as encrypted,
        gzip.GzipFile(fileobj=cast("gzip._WritableFileobj", encrypted), mode="wb", compresslevel=1) as zipped,
        tarfile.open(fileobj=zipped, mode="w|") as archive,
    ):
        archive.add(folder, arcname=".")


def _environment() -> dict[str, str]:
    """The settings, as the environment has them; without the key that this is encrypted with."""
    return {name: value for name, value in os.environ.items() if not name.startswith("BACKUP_KEYS")}


def take_dump(store: Store) -> str:
    """
    Store what pg_dump says of the database in one snapshot: it can be read by later versions of PostgreSQL, too.

    :raises ProgramFailed, CannotBackUp:
    """
    at = timezone.now()
    connection, environment = server(dbname=str(connection_parts("DATABASE_URL")["dbname"]))
    with _work_folder() as folder:
        target = folder / "dump"
        run("pg_dump", "--format=custom", f"--dbname={connection}", f"--file={target}", environment=environment)
        run("pg_restore", "--list", str(target))
        store.copy_in(f"dumps/{stamp(at)}", target)
    queries.note("dump", at)
    return stamp(at)


def prune(store: Store) -> list[str]:
    """Delete what no restore to a moment of the last BACKUP_KEEP_DAYS needs; return the names."""
    return store.prune(keep_after=timezone.now() - timedelta(days=settings.BACKUP_KEEP_DAYS))
