"""Load the demo clinics. Safe to run again: what is there stays."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone
from tqdm import tqdm

from treatments.demo import courses, load


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--facts", type=Path, default=Path("demo.json"), help="where logins and clients are kept")
        parser.add_argument("--url", default="http://127.0.0.1:8000")

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now().replace(minute=0, second=0, microsecond=0)
        steps = sum(1 for case in courses.cases() for _ in courses.course(case, now))
        with tqdm(total=steps, unit="step", disable=not sys.stderr.isatty()) as bar:
            load.load(now=now, progress=lambda: bar.update() and None)
        path: Path = options["facts"]
        known = json.loads(path.read_text()) if path.exists() else {}
        facts = load.facts(known=known, url=options["url"])
        path.touch(mode=0o600)
        path.chmod(0o600)
        path.write_text(json.dumps(facts, indent=2) + "\n")
        self.stdout.write(f"the demo is ready; its logins and clients are in {path}")
