"""The keys that checkpoints are signed with: from the environment, never from the database."""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

from records import checkpoints


def signing_key() -> Ed25519PrivateKey | None:
    """Return the key that this process signs with; None where none is set up."""
    return checkpoints.private_key(settings.CHECKPOINT_KEY) if settings.CHECKPOINT_KEY else None


def known_keys() -> list[Ed25519PublicKey]:
    """Return the public keys whose checkpoints are believed: of the signing key, and those of earlier ones."""
    own = signing_key()
    earlier = [checkpoints.public_key(text) for text in settings.CHECKPOINT_PUBLIC_KEYS]
    return [*([own.public_key()] if own else []), *earlier]
