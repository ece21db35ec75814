from typing import Any

from django.core.management.base import BaseCommand

from audit import emergency


class Command(BaseCommand):
    help = "Bring what was read in an emergency into the audit trail. Beat does the same every minute."

    def handle(self, *arguments: Any, **options: Any) -> None:
        self.stdout.write(f"{emergency.import_trail()} events imported")
