"""Make a clinic and print the link with which its owner takes it over. The link works once, for 7 days."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import reverse
from django.utils import timezone

from accounts import founding
from accounts.invitations import clinic_of
from accounts.models import Clinic
from errors.exceptions import Invalid
from errors.texts import message_of


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--name", required=True)
        parser.add_argument("--country", required=True, help="ISO 3166-1, two letters, as in DE")
        parser.add_argument("--owner", required=True, metavar="EMAIL")
        parser.add_argument("--time-zone", default="", help="as in Europe/Berlin; else the country's most populous one")
        parser.add_argument("--language", default="", help="en or de; else the country's")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            token = founding.create_clinic(
                name=options["name"],
                country=options["country"],
                owner_email=options["owner"],
                time_zone=options["time_zone"],
                language=options["language"],
                at=timezone.now(),
            )
        except Invalid as refusal:
            raise CommandError("\n".join(f"{e.pointer[1:]}: {message_of(e)}" for e in refusal.errors)) from None
        clinic = Clinic.objects.get(pk=str(clinic_of(token)))
        link = settings.PUBLIC_URL + reverse("accept_invitation", kwargs={"token": token})
        self.stdout.write(
            f"clinic {clinic.slug}: {clinic.name}, {clinic.country}, {clinic.time_zone}, {clinic.locale}\n"
            f"Give this link to {options['owner']}. It works once, for 7 days:\n{link}"
        )
