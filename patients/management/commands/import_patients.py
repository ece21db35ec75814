"""Import patients from FHIR R4 bundles, NDJSON or CSV."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from accounts.models import Clinic
from database import tenancy
from identity.actor import Actor
from patients import importing

SUFFIXES = {".json", ".ndjson", ".jsonl", ".csv", ".tsv"}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("paths", nargs="+", metavar="PATH", help="files, or folders of them")
        parser.add_argument("--clinic", required=True, metavar="SLUG")
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="FIELD=COLUMN",
            help="CSV: which column holds a field",
        )
        parser.add_argument("--system", default="import", help="CSV: who gave the numbers in external_id")
        parser.add_argument("--details", action="store_true", help="list for each patient what was left out")

    def handle(self, *args: Any, **options: Any) -> None:
        clinic = Clinic.objects.filter(slug=options["clinic"]).first()
        if clinic is None:
            slugs = ", ".join(Clinic.objects.order_by("slug").values_list("slug", flat=True)) or "none yet"
            raise CommandError(f"There is no clinic {options['clinic']!r}; there is: {slugs}.")
        columns = dict(pair.split("=", 1) for pair in options["map"] if "=" in pair)
        if len(columns) != len(options["map"]):
            raise CommandError("--map is FIELD=COLUMN, as in --map family_name=Nachname.")
        files = list(self._files(options["paths"]))
        by = Actor.system(clinic.pk, "import_patients")
        report = importing.Report(dry_run=options["dry_run"])
        for path in tqdm(files, unit="file", disable=not sys.stderr.isatty()):
            self._one(path, columns, options["system"], by, report)
        with tenancy.scope(clinic.pk):
            importing.log_import(report, by=by)
        self._print(report, details=options["details"])
        if report.lines and report.count("refused") == len(report.lines):
            raise CommandError("Nothing could be imported; each line above says why.")

    def _files(self, paths: list[str]) -> list[Path]:
        matches: list[Path] = []
        for text in paths:
            path = Path(text)
            if path.is_dir():
                matches += sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            elif path.is_file():
                matches.append(path)
            else:
                raise CommandError(f"There is no file or folder {text}.")
        return matches

    def _one(self, path: Path, columns: dict[str, str], system: str, by: Actor, report: importing.Report) -> None:
        """Each file is a transaction of its own, so that a killed import keeps the files that it finished."""
        try:
            text = path.read_text(encoding="utf-8")
        except (UnicodeDecodeError, OSError) as refusal:
            why = "not UTF-8 text" if isinstance(refusal, UnicodeDecodeError) else "the file cannot be read"
            report.lines.append(importing.Line(place=path.name, outcome="refused", why=why))
            return
        with tenancy.scope(by.clinic_id):
            importing.import_file(
                text,
                file_format=importing.guess_format(path.name),
                place=path.name,
                columns=columns,
                system=system,
                dry_run=report.dry_run,
                by=by,
                at=timezone.now(),
                report=report,
            )

    def _print(self, report: importing.Report, *, details: bool) -> None:
        for line in report.lines:
            self.stdout.write(f"{line.outcome:<10} {line.place}" + (f": {line.why}" if line.why else ""))
            for text in line.taken:
                self.stdout.write(f"           + {text}")
            for other in line.possible_duplicates:
                alike = ", ".join(other["alike"])
                self.stdout.write(f"           ? may be the same person as {other['id']}: {alike}")
            for text in line.left_out if details else []:
                self.stdout.write(f"           - {text}")
            if line.left_out and not details:
                self.stdout.write(f"           - {len(line.left_out)} things left out (--details lists them)")
        verb = "would be " if report.dry_run else ""
        self.stdout.write(
            f"{report.count('created')} {verb}created, {report.count('completed')} {verb}completed, "
            f"{report.count('unchanged')} unchanged, {report.count('refused')} refused."
        )
