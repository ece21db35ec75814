"""Write one patient's complete record as JSON and PDF into a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from accounts.models import Clinic
from audit import actions as audit
from database import tenancy
from errors.exceptions import NotFound
from identity.actor import Actor
from privacy import paper, patient_export


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("clinic", metavar="SLUG")
        parser.add_argument("patient", metavar="ID", type=UUID)
        parser.add_argument("--into", metavar="FOLDER", required=True, type=Path, help="it must exist")

    def handle(self, *args: Any, **options: Any) -> None:
        clinic = Clinic.objects.filter(slug=options["clinic"]).first()
        if clinic is None:
            raise CommandError(f"There is no clinic {options['clinic']!r}.")
        folder: Path = options["into"]
        if not folder.is_dir():
            raise CommandError(f"{folder} is no folder.")
        patient_id, at = options["patient"], timezone.now()
        try:
            with timezone.override(clinic.time_zone), tenancy.scope(clinic.pk):
                export = patient_export.complete_export(clinic=clinic, patient_id=patient_id, at=at)
                pdf = paper.patient_record(clinic=clinic, patient_id=patient_id, language="en", at=at)
                audit.log(
                    "disclosure.patient_export",
                    by=Actor.system(clinic.pk, "export_patient"),
                    target_id=patient_id,
                    patient_ids=export["patient_ids"],
                )
        except NotFound:
            raise CommandError("The clinic has no such patient.") from None
        for ending, content in (("json", patient_export.to_bytes(export)), ("pdf", pdf)):
            path = folder / f"patient-{patient_id}.{ending}"
            path.touch(mode=0o600)
            path.write_bytes(content)
            self.stdout.write(str(path))
