"""Everything between an empty database and a service that can start: roles, tables, catalogue. Safe to run again."""

from __future__ import annotations

import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("DATABASE_ADMIN_URL"):
            call_command("prepare_database", stdout=self.stdout)
        call_command("migrate", verbosity=0, stdout=self.stdout)
        call_command("load_catalogue", stdout=self.stdout)
