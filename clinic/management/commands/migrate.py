"""Django's migrate, as the owner of the tables unless told otherwise."""

from __future__ import annotations

import gc
import time
from typing import Any

import psycopg
from django.conf import settings
from django.core.management.base import CommandParser
from django.core.management.commands.migrate import Command as DjangoMigrate
from django.db import OperationalError

TRIES = 30
PAUSE_S = 2

# Each step renders the models again, and collecting the old ones so often is a quarter of the work. It takes 300 MB at
# most instead of 170.
COLLECT_AFTER = (50_000, 20, 20)


class Command(DjangoMigrate):
    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        if "owner" in settings.DATABASES:
            parser.set_defaults(database="owner")

    def handle(self, *args: Any, **options: Any) -> None:
        """
        Migrate; where a table is in use, let the others go first and try again.

        A statement that waits for a lock makes everyone wait who comes after it, so it waits two seconds only. What is
        done stays done: each migration is a transaction of its own.
        """
        for attempt in range(1, TRIES + 1):
            try:
                self.migrate_once(*args, **options)
                return
            except OperationalError as error:
                if not isinstance(error.__cause__, psycopg.errors.LockNotAvailable) or attempt == TRIES:
                    raise
                self.stderr.write(f"a table is in use; trying again ({attempt} of {TRIES - 1})")
                time.sleep(PAUSE_S)

    def migrate_once(self, *args: Any, **options: Any) -> None:
        usual = gc.get_threshold()
        gc.set_threshold(*COLLECT_AFTER)
        try:
            super().handle(*args, **options)
        finally:
            gc.set_threshold(*usual)
