"""
The audit trail while the database takes no writes: lines of a file that is only added to, imported afterwards.

Each line holds the SHA-256 of the line before, so one that was changed or removed is noticed by the import.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
from django.conf import settings

from database import tenancy
from database.sql import run_prepared

logger = logging.getLogger(__name__)
NAME, LOCK = "trail.jsonl", "trail.lock"
FIRST = "0" * 64
COLUMNS = (
    "clinic_id", "user_id", "client_id", "action", "outcome", "code", "target_id", "patient_ids", "ip", "request_id",
)  # fmt: skip
# SQL, because the moment and the id are those of the line.
IMPORT = """
    INSERT INTO audit_auditevent
        (id, at, clinic_id, user_id, client_id, action, outcome, code, target_id, patient_ids, ip, request_id)
    SELECT %(id)s::uuid, to_timestamp(%(at)s), %(clinic_id)s::uuid, %(user_id)s::uuid, %(client_id)s::text,
        %(action)s::text, %(outcome)s::text, %(code)s::text, %(target_id)s::uuid, %(patient_ids)s::uuid[],
        %(ip)s::inet, %(request_id)s::text
"""
IS_KNOWN = "SELECT EXISTS (SELECT FROM audit_auditevent WHERE id = %s::uuid)"
_is_open: ContextVar[bool] = ContextVar("emergency", default=False)


def is_offered() -> bool:
    """Whether there is a folder for the file: without one, nobody can read in an emergency."""
    return bool(settings.EMERGENCY_TRAIL)


def is_open() -> bool:
    """Whether events of this request go to the file."""
    return _is_open.get()


@contextmanager
def writing_to_file() -> Iterator[None]:
    """Let `audit.actions.log` add to the file instead of the database."""
    token = _is_open.set(True)
    try:
        yield
    finally:
        _is_open.reset(token)


def add(event: Mapping[str, Any]) -> None:
    """
    Add one event to the file, and have it on the disk before anything is shown.

    :raises OSError: it cannot be written; then nothing may be shown
    """
    with _locked() as folder:
        path = folder / NAME
        lines = path.read_bytes().splitlines() if path.exists() else []
        before = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
        line = orjson.dumps({**event, "id": uuid4(), "at": time.time(), "before": before}, default=str)
        descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            os.write(descriptor, line + b"\n")
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def import_trail() -> int:
    """
    Bring the file's events into the database and put the file aside. Returns how many were new.

    Twice is harmless: an event keeps its id. A broken chain of lines is an event of its own, in each clinic.
    """
    if not is_offered() or not (Path(settings.EMERGENCY_TRAIL) / NAME).exists():
        return 0
    with _locked() as folder:
        path = folder / NAME
        lines = path.read_bytes().splitlines() if path.exists() else []
        events = [orjson.loads(line) for line in lines]
        is_whole = all(
            event["before"] == (hashlib.sha256(lines[index - 1]).hexdigest() if index else FIRST)
            for index, event in enumerate(events)
        )
        added = sum(_import(event) for event in events)
        for clinic_id in {event["clinic_id"] for event in events if event["clinic_id"]}:
            code = str(len(events)) if is_whole else "chain_broken"
            note = dict.fromkeys(COLUMNS) | {"client_id": "system:emergency", "patient_ids": []}
            outcome = "ok" if is_whole else "failed"
            note |= {"action": "emergency.import", "outcome": outcome, "code": code, "request_id": ""}
            _import({**note, "id": str(uuid4()), "at": time.time(), "clinic_id": clinic_id})
        if not is_whole:
            logger.critical("lines of the emergency trail were changed or removed")
        if lines:
            path.rename(folder / f"imported-{time.time_ns()}.jsonl")
    return added


def _import(event: Mapping[str, Any]) -> int:
    clinic_id = event["clinic_id"]
    with tenancy.scope(UUID(clinic_id) if clinic_id else None):
        if run_prepared(IS_KNOWN, [event["id"]])[0][0]:
            return 0
        run_prepared(IMPORT, {name: event[name] for name in ("id", "at", *COLUMNS)})
        return 1


@contextmanager
def _locked() -> Iterator[Path]:
    folder = Path(settings.EMERGENCY_TRAIL)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with open(folder / LOCK, "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
