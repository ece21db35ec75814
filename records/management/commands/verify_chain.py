"""Verify the signed records of one clinic, or of all; name the first broken link."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Clinic
from database import tenancy
from records import actions


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--clinic", metavar="SLUG", help="one clinic; all of them if absent")
        parser.add_argument("--anchor", metavar="SEQUENCE:SHA256", help="a head that was kept elsewhere")
        parser.add_argument("--head", action="store_true", help="print only the head, to keep elsewhere as an anchor")

    def handle(self, *args: Any, **options: Any) -> None:
        clinics = Clinic.objects.order_by("slug")
        if options["clinic"]:
            clinics = clinics.filter(slug=options["clinic"])
            if not clinics:
                raise CommandError(f"There is no clinic {options['clinic']!r}.")
        anchor = self._anchor(options["anchor"], several=len(clinics) != 1)
        broken = 0
        for clinic in clinics:
            with tenancy.scope(clinic.pk, read_only=True):
                found = actions.verify_chain(clinic_id=clinic.pk, anchor=anchor)
            head = f"{found['head']['sequence']}:{found['head']['sha256']}"
            if options["head"]:
                self.stdout.write(f"{clinic.slug} {head}")
                continue
            if found["ok"]:
                self.stdout.write(f"{clinic.slug}: {found['records']} records, the chain holds; head {head}")
                if found["cannot_see"]:
                    self.stdout.write(f"  {found['cannot_see']}")
            else:
                broken += 1
                first = found["first_broken"]
                where = f"sequence {first['sequence']}" + (
                    f", record {first['record_id']}" if first["record_id"] else ""
                )
                self.stdout.write(f"{clinic.slug}: BROKEN at {where}: {first['reason']}")
        if broken:
            raise CommandError(f"{broken} of {len(clinics)} chains are broken.")

    def _anchor(self, text: str | None, *, several: bool) -> tuple[int, str] | None:
        if text is None:
            return None
        sequence, _, sha256 = text.partition(":")
        if several or not sequence.isdigit() or len(sha256) != 64:
            raise CommandError("--anchor is SEQUENCE:SHA256 (64 hex digits), and goes with --clinic.")
        return int(sequence), sha256
