"""
Take a base backup: the changes since the last one, or everything once a week. --stream stores the WAL until stopped.

Where to, how often and for how long: BACKUP_DIR, BACKUP_KEYS and the settings beside them in README.md.
"""

from __future__ import annotations

import logging
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error as DatabaseError
from django.utils import timezone

from backups import taking, wal
from backups.encryption import CannotDecrypt
from backups.programs import ProgramFailed, leave

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--whole", action="store_true", help="everything, and not only what changed")
        parser.add_argument("--dump", action="store_true", help="what pg_dump says in one snapshot, instead")
        parser.add_argument("--stream", action="store_true", help="store the WAL until stopped; base backups when due")

    def handle(self, *args: Any, **options: Any) -> None:
        """:raises CommandError: with the end of what PostgreSQL's program said"""
        stop = threading.Event()
        try:
            store = taking.open_store()
            if options["stream"]:
                signal.signal(signal.SIGTERM, lambda *_: stop.set())
                wal.stream(store, stop)
                return
            signal.signal(signal.SIGTERM, leave)
            if options["dump"]:
                self.stdout.write(f"dump {taking.take_dump(store)}")
            else:
                whole = options["whole"] or taking.is_whole_due(store, timezone.now())
                base = taking.take_base(store, whole=whole)
                kind = "whole" if base.parent is None else f"changes since {base.parent}"
                self.stdout.write(f"base {base.name}: {kind}, {base.bytes / 2**20:.1f} MB, verified")
                for name in taking.prune(store):
                    self.stdout.write(f"deleted {name}")
        except (taking.CannotBackUp, ProgramFailed, CannotDecrypt, DatabaseError) as refusal:
            logger.error("no backup was taken: %s", type(refusal).__name__)
            raise CommandError(str(refusal)) from None
