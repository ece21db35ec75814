"""Rewrite the words that patients are found by, of those whose words an older version wrote. Safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from accounts.models import Clinic
from database import tenancy
from patients.indexing import KEYS_VERSION, index_patients
from patients.models import Patient

BATCH = 500  # patients a transaction, so that nobody who edits one of them waits


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        done = sum(index_clinic(clinic) for clinic in Clinic.objects.order_by("pk"))
        if done:
            self.stdout.write(f"{done} patients indexed.")


def index_clinic(clinic: Clinic) -> int:
    """Return how many patients of the clinic were indexed; those who were merged into another have no words."""
    done = 0
    while True:
        with tenancy.scope(clinic.pk):
            waiting = Patient.objects.living_record().filter(keys_version__lt=KEYS_VERSION)
            batch = list(waiting.select_for_update(of=("self",), no_key=True, skip_locked=True)[:BATCH])
            index_patients(batch)
        done += len(batch)
        if not batch:
            return done
