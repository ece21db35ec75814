"""Make the coming months of the audit trail, and let go of those past AUDIT_KEEP_MONTHS. As the tables' owner."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db import connections

from audit import actions as audit

MONTHS_AHEAD = 24


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: Any, **options: Any) -> None:
        owner = connections["owner" if "owner" in settings.DATABASES else "default"]
        with owner.cursor() as cursor:
            cursor.execute("SELECT audit_make_months(%s)", [MONTHS_AHEAD])
            created = cursor.fetchone()[0]
            dropped = 0
            if settings.AUDIT_KEEP_MONTHS:
                cursor.execute("SELECT audit_drop_months(%s)", [settings.AUDIT_KEEP_MONTHS])
                dropped = cursor.fetchone()[0]
        if dropped:
            audit.log("audit.months_dropped", by=None, times=dropped)
        self.stdout.write(f"audit trail: {created} months made, {dropped} tables of old months dropped")
