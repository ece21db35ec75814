"""Verify the signed records of one clinic, or of all; name the first broken link."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Clinic
from database import tenancy
from errors.exceptions import Invalid
from records import actions, queries


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clinic", metavar="SLUG", help="one clinic; all of them if absent")
        parser.add_argument(
            "--anchor",
            metavar="FILE",
            help="a checkpoint that was kept elsewhere (a file, or - for standard input), or SEQUENCE:SHA256",
        )
        parser.add_argument("--head", action="store_true", help="print only the head, to keep elsewhere as an anchor")
        parser.add_argument(
            "--quick", action="store_true", help="read only what was signed since the last verified head"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        clinics = Clinic.objects.order_by("slug")
        if options["clinic"]:
            clinics = clinics.filter(slug=options["clinic"])
            if not clinics:
                raise CommandError(f"There is no clinic {options['clinic']!r}.")
        anchor = self._anchor(options["anchor"], list(clinics))
        broken = 0
        for clinic in clinics:
            with tenancy.scope(clinic.pk, read_only=True):
                if options["head"]:
                    sequence, sha256 = queries.head(clinic.pk)
                    self.stdout.write(f"{clinic.slug} {sequence}:{sha256}")
                    continue
                verification = actions.verify_chain(clinic_id=clinic.pk, anchor=anchor, complete=not options["quick"])
            head = f"{verification['head']['sequence']}:{verification['head']['sha256']}"
            if verification["ok"]:
                self.stdout.write(f"{clinic.slug}: {verification['records']} records, the chain holds; head {head}")
                self.stdout.write(f"  {verification['cannot_see']}")
            else:
                broken += 1
                first = verification["first_broken"]
                where = f"sequence {first['sequence']}" + (
                    f", record {first['record_id']}" if first["record_id"] else ""
                )
                self.stdout.write(f"{clinic.slug}: BROKEN at {where}: {first['reason']}")
        if broken:
            raise CommandError(f"{broken} of {len(clinics)} chains are broken.")

    def _anchor(self, text: str | None, clinics: list[Clinic]) -> tuple[int, str] | None:
        if text is None:
            return None
        if len(clinics) != 1:
            raise CommandError("--anchor goes with --clinic.")
        head = re.fullmatch(r"(\d{1,18}):([0-9a-fA-F]{64})", text)
        if head:
            return int(head[1]), head[2]
        try:
            checkpoint = sys.stdin.read() if text == "-" else Path(text).read_text()
        except (OSError, UnicodeDecodeError) as refusal:
            raise CommandError(f"--anchor is a checkpoint's file or SEQUENCE:SHA256; {text!r}: {refusal}") from None
        try:
            return actions.read_checkpoint(checkpoint, clinic_id=clinics[0].pk)
        except Invalid:
            raise CommandError(f"{text!r} holds no checkpoint.") from None
        except actions.WrongCheckpoint:
            raise CommandError("The checkpoint is another clinic's, or no known key signed it.") from None
