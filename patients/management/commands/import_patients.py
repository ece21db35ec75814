"""Import patients from FHIR R4 bundles, NDJSON or CSV."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.models import Clinic
from database import tenancy
from errors.exceptions import DomainError
from errors.texts import message_of
from identity.actor import Actor
from patients.importing.reports import OUTCOMES, Report
from patients.importing.runs import import_files
from patients.importing.undoing import undo_import
from patients.labels import remark_text
from patients.reading.files import Source, guess_format

SUFFIXES = {".json", ".ndjson", ".jsonl", ".csv", ".tsv"}


def _open(path: Path) -> BinaryIO:
    return path.open("rb")


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="*", metavar="PATH", help="files, or folders of them")
        parser.add_argument("--clinic", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="do everything and roll it back")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="CSV: which column holds a field",
        )
        parser.add_argument("--system", default="import", help="CSV: who gave the numbers in external_id")
        parser.add_argument("--details", action="store_true", help="list for each patient what was left out")
        parser.add_argument("--undo", metavar="ID", help="undo this import, for 30 days")

    def handle(self, *args: Any, **options: Any) -> None:
        clinic = Clinic.objects.filter(slug=options["clinic"]).first()
        if clinic is None:
            slugs = ", ".join(Clinic.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no clinic {options['clinic']!r}; there is: {slugs}.")
        by = Actor.system(clinic.pk, "import_patients")
        if options["undo"]:
            self._undo(options["undo"], by)
            return
        columns = dict(pair.split("=", 1) for pair in options["map"] if "=" in pair)
        if len(columns) != len(options["map"]):
            raise CommandError("--map is FIELD=COLUMN, as in --map family_name=Nachname.")
        files = list(self._files(options["paths"]))
        if not files:
            raise CommandError("Name at least one file or folder.")
        sources = [
            Source(path.name, guess_format(path.name), partial(_open, path), columns, options["system"])
            for path in files
        ]
        report = self._import(sources, sum(path.stat().st_size for path in files), options["dry_run"], by)
        self._print(report, details=options["details"])
        if report.lines and report.count("refused") == len(report.lines):
            raise CommandError("Nothing could be imported; each line above says why.")

    def _import(self, sources: list[Source], size: int, dry_run: bool, by: Actor) -> Report:
        """All files are one transaction, so that an import that is stopped leaves nothing."""
        is_quiet = not sys.stderr.isatty()
        try:
            with (
                tqdm(total=size, unit="B", unit_scale=True, desc="read", disable=is_quiet) as read,
                tqdm(unit="patient", desc="take", disable=is_quiet) as take,
                tenancy.scope(by.clinic_id),
            ):
                now = timezone.now()
                return import_files(sources, dry_run=dry_run, by=by, at=now, read=read.update, taken=take.update)
        except KeyboardInterrupt:
            raise CommandError("Stopped; nothing was imported.") from None

    def _undo(self, run_id: str, by: Actor) -> None:
        try:
            with tenancy.scope(by.clinic_id):
                outcome = undo_import(run_id=UUID(run_id), revision=None, by=by, at=timezone.now())
        except ValueError:
            raise CommandError("--undo takes the ID that the import printed.") from None
        except DomainError as refusal:
            raise CommandError(message_of(refusal)) from None
        self.stdout.write(
            f"{outcome.removed} patients removed, {outcome.restored} restored, "
            f"{outcome.kept} kept because of changes since."
        )

    def _files(self, paths: list[str]) -> Iterator[Path]:
        for text in paths:
            path = Path(text)
            if path.is_dir():
                yield from sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            elif path.is_file():
                yield path
            else:
                raise CommandError(f"There is no file or folder {text}.")

    def _print(self, report: Report, *, details: bool) -> None:
        for line in report.in_file_order():
            why = "; ".join(remark_text(remark) for remark in line.why)
            self.stdout.write(f"{line.outcome:<10} {line.place}" + (f": {why}" if why else ""))
            for remark in line.taken:
                self.stdout.write(f"           + {remark_text(remark)}")
            for other in line.possible_duplicates:
                alike = ", ".join(other["alike"])
                self.stdout.write(f"           ? may be the same person as {other['id']}: {alike}")
            for remark in line.left_out if details else []:
                self.stdout.write(f"           - {remark_text(remark)}")
            if line.left_out and not details:
                self.stdout.write(f"           - {len(line.left_out)} things left out (--details lists them)")
        verb = "would be " if report.dry_run else ""
        done = {"unchanged": "unchanged", "review": "on the review list"}
        counts = [f"{report.count(name)} {done.get(name, verb + name)}" for name in OUTCOMES]
        self.stdout.write(", ".join(counts) + ".")
        if report.run_id:
            self.stdout.write(f"To undo it within 30 days: --undo {report.run_id}")
