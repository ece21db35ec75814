"""Print a checkpoint of one clinic's signed records, to be kept outside the database; or make a key for checkpoints."""

from __future__ import annotations

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.models import Clinic
from database import tenancy
from records import actions, checkpoints, keys


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        mutually_exclusive_group = parser.add_mutually_exclusive_group(required=True)
        mutually_exclusive_group.add_argument("--clinic", metavar="SLUG", help="print a checkpoint of this clinic")
        mutually_exclusive_group.add_argument(
            "--new-key", action="store_true", help="print a new private key and its public key"
        )
        mutually_exclusive_group.add_argument(
            "--public-keys", action="store_true", help="print the public keys that are believed"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["new_key"]:
            key = Ed25519PrivateKey.generate()
            self.stdout.write(f"CHECKPOINT_KEY={base64.b64encode(key.private_bytes_raw()).decode()}")
            self.stdout.write(f"# its public key: {checkpoints.public_text(key.public_key())}")
            return
        if options["public_keys"]:
            for public in keys.known_keys():
                self.stdout.write(checkpoints.public_text(public))
            return
        clinic = Clinic.objects.filter(slug=options["clinic"]).first()
        if clinic is None:
            raise CommandError(f"There is no clinic {options['clinic']!r}.")
        try:
            with tenancy.scope(clinic.pk, read_only=True):
                _checkpoint, note = actions.make_checkpoint(clinic_id=clinic.pk)
        except actions.NoCheckpointKey:
            raise CommandError("CHECKPOINT_KEY is not set; --new-key makes one.") from None
        except actions.ChainBroken:
            raise CommandError("The chain is broken: run verify_chain.") from None
        self.stdout.write(note, ending="")
