"""Encrypt every stored secret with the first of ENCRYPTION_KEYS; afterwards the other keys can be removed."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand
from django.db import transaction

from accounts.authenticators import change_secrets
from database import encryption


class Command(BaseCommand):
    help = __doc__

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        count = 0
        types = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
        for authenticator in Authenticator.objects.filter(type__in=types).order_by("pk").select_for_update():
            authenticator.data = change_secrets(authenticator.data, encryption.rotate)
            authenticator.save(update_fields=["data"])
            count += 1
        self.stdout.write(f"{count} second factors are encrypted with the first key")
        others = sum(rotate() for rotate in encryption.ROTATIONS)
        self.stdout.write(f"{others} other secrets are encrypted with the first key")
