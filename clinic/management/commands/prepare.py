"""
Everything between an empty database and a service that can start: roles, tables, catalogue. Safe to run again.

Without a clinic it ends with the one-time link at which the first one is set up.
"""

from __future__ import annotations

import os
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--demo", metavar="PATH", help="load the demo clinics too; their logins go to this file")
        parser.add_argument("--url", default="http://127.0.0.1:8000", help="where the demo is served")

    def handle(self, *args: Any, **options: Any) -> None:
        if os.environ.get("DATABASE_ADMIN_URL"):
            call_command("prepare_database", stdout=self.stdout)
        call_command("migrate", verbosity=0, stdout=self.stdout)
        call_command("audit_months", stdout=self.stdout)
        call_command("load_catalogue", stdout=self.stdout)
        call_command("index_patients", stdout=self.stdout)
        if options["demo"]:
            call_command("demo", "--facts", options["demo"], "--url", options["url"], stdout=self.stdout)
            call_command("demo_homecare", stdout=self.stdout)
            call_command("demo_scheduling", stdout=self.stdout)
        else:
            call_command("setup_link", "--if-new", stdout=self.stdout)
