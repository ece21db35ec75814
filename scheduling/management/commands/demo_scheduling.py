"""The calendar for the demo clinics; safe to run again."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from accounts.models import Clinic
from database import tenancy
from scheduling import demo


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []

    def handle(self, *args: Any, **options: Any) -> None:
        for clinic in Clinic.objects.filter(slug__in=["harbour", "linden"]).order_by("slug"):
            with tenancy.scope(clinic.pk):
                demo.load(clinic, timezone.now())
