"""Print the one-time link with which the first clinic is set up; it exists only until then."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from accounts import founding


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-new", action="store_true", help="print nothing where there is a clinic")

    def handle(self, *args: Any, **options: Any) -> None:
        link = founding.setup_link()
        if link is None:
            if not options["if_new"]:
                self.stdout.write("There is a clinic already. `manage.py create_clinic` makes another.")
            return
        self.stdout.write(
            f"There is no clinic yet. Set up the first one here (once, within 24 hours):\n\n  {link}\n\n"
            "A new link: manage.py setup_link"
        )
