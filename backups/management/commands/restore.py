"""
Make a PostgreSQL folder again from the backups, as it was last or at a moment, and verify every chain in it.

The folder must be empty. Nothing else is touched: move it to where the server expects it when you have read the report.
"""

from __future__ import annotations

import signal
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.dateparse import parse_datetime

from backups import restoring, taking, wal
from backups.encryption import CannotDecrypt
from backups.programs import ProgramFailed, leave


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--into", type=Path, help="the folder to make")
        parser.add_argument(
            "--until", help="a moment with time zone, as 2026-11-29T10:15:00Z; the newest state without"
        )
        parser.add_argument("--list", action="store_true", help="say which backups there are")
        parser.add_argument(
            "--settings-file", type=Path, help="write the settings of that backup to this file, instead"
        )
        parser.add_argument(
            "--dump-file", type=Path, help="write the newest dump to this file, instead, for pg_restore"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """:raises CommandError: there is no such backup, it is damaged, or a chain in it does not hold"""
        try:
            store = taking.open_store()
            until = _moment(options["until"])
            if options["list"]:
                for base in store.bases():
                    self.stdout.write(f"{base.finished_at} {'whole' if base.parent is None else 'changes'} {base.name}")
            elif options["settings_file"]:
                values = restoring.read_settings(store, restoring.choose_base(store, until))
                options["settings_file"].touch(mode=0o600)
                lines = [f"{name}={value}" for name, value in sorted(values.items())]
                options["settings_file"].write_text("\n".join(lines) + "\n")
            elif options["dump_file"]:
                dumps = store.names("dumps")
                if not dumps:
                    raise restoring.CannotRestore("There is no dump.")
                options["dump_file"].touch(mode=0o600)
                restoring.copy_dump(store, dumps[-1], options["dump_file"])
                self.stdout.write(f"dump {dumps[-1]}")
            elif options["into"]:
                signal.signal(signal.SIGTERM, leave)
                wal.recover_spool(store)
                self._report(restoring.restore(store, options["into"].resolve(), until=until))
            else:
                raise CommandError("Say where to: --into FOLDER.")
        except (taking.CannotBackUp, restoring.CannotRestore, ProgramFailed, CannotDecrypt) as refusal:
            raise CommandError(str(refusal) or type(refusal).__name__) from None

    def _report(self, report: restoring.Report) -> None:
        self.stdout.write(f"restored from {report.base} in {report.seconds:.1f} s")
        self.stdout.write(f"last transaction: {report.restored_to or 'none after the base backup'}")
        for line in report.clinics:
            holds = "the chain holds" if line["ok"] else f"THE CHAIN DOES NOT HOLD: {line['first_broken']}"
            checkpoint = "no kept head" if line["checkpoint"] is None else f"compared with head {line['checkpoint']}"
            self.stdout.write(f"{line['clinic']}: {line['sequence']} records, {holds}, {checkpoint}")
            if line["lost"]:
                first, last = line["lost"]
                self.stdout.write(
                    f"{line['clinic']}: LOST records {first} to {last}, known at {line['newest_known_at']}"
                )
        if not report.ok:
            raise CommandError("A chain does not hold. Do not use this copy before you know why.")


def _moment(text: str | None) -> datetime | None:
    """:raises CannotRestore: it is no moment with a time zone"""
    if text is None:
        return None
    try:
        moment = parse_datetime(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise restoring.CannotRestore("Write the moment with its time zone, as 2026-11-29T10:15:00Z.")
    return moment
