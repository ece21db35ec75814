"""Load the demo clinics. Safe to run again: what is there stays."""

from __future__ import annotations

import json
import multiprocessing
import multiprocessing.connection
import os
import threading
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import connections
from django.utils import timezone

from treatments.demo import load, people


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--facts", type=Path, default=Path("demo.json"), help="where logins and clients are kept")
        parser.add_argument("--url", default="http://127.0.0.1:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now().replace(minute=0, second=0, microsecond=0)
        load.load_people()
        close_connections()  # none may be shared with the processes that are forked now
        fork = multiprocessing.get_context("fork")
        with ProcessPoolExecutor(2, mp_context=fork, initializer=end_with_parent) as pool:
            list(pool.map(load_clinic, [spec["slug"] for spec in people.CLINICS], [now] * len(people.CLINICS)))
        path: Path = options["facts"]
        facts_list = json.loads(path.read_text()) if path.exists() else {}
        facts = load.facts(known=facts_list, url=options["url"])
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(json.dumps(facts, indent=2) + "\n")
        self.stdout.write(f"the demo is ready; its logins and clients are in {path}")


def end_with_parent() -> None:
    """Let this process end when the command that forked it is killed; it would wait for work forever."""
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def load_clinic(slug: str, now: datetime) -> None:
    load.load_clinic(slug, now=now)
    close_connections()


def close_connections() -> None:
    """Close connections and pools."""
    for connection in connections.all():
        connection.close()
        if hasattr(connection, "close_pool"):
            connection.close_pool()
