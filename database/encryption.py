"""
Encryption of single secrets in the database, with keys from the environment (`ENCRYPTION_KEYS`).

Fernet of `cryptography`: AES-128-CBC with HMAC-SHA-256. The first key encrypts, each of them decrypts; so a key is
replaced by putting a new one first, running `rotate_encryption`, and then removing the old one.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

VERSION = "v1:"
# What encrypts the secrets of an app again with the first key, and returns how many; each app adds its own when Django
# starts.
ROTATIONS: list[Callable[[], int]] = []


class CannotDecrypt(Exception):
    """The text is not encrypted, or with none of the keys."""


def encrypt(text: str) -> str:
    """Return the text encrypted with the first key."""
    return VERSION + _cipher(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(encrypted: str) -> str:
    """:raises CannotDecrypt:"""
    try:
        return _cipher(tuple(settings.ENCRYPTION_KEYS)).decrypt(_token(encrypted)).decode()
    except InvalidToken:
        raise CannotDecrypt("none of ENCRYPTION_KEYS fits") from None


def rotate(encrypted: str) -> str:
    """
    Return the text encrypted with the first key.

    :raises CannotDecrypt:
    """
    try:
        return VERSION + _cipher(tuple(settings.ENCRYPTION_KEYS)).rotate(_token(encrypted)).decode()
    except InvalidToken:
        raise CannotDecrypt("none of ENCRYPTION_KEYS fits") from None


def _token(encrypted: str) -> bytes:
    if not encrypted.startswith(VERSION):
        raise CannotDecrypt("this is not encrypted")
    return encrypted.removeprefix(VERSION).encode()


@lru_cache(maxsize=4)
def _cipher(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(key)) for key in keys])


def _derive(key: str) -> bytes:
    """Return a key of the length that Fernet needs from a random text of any length."""
    derivation = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"palpate.encryption.v1")
    return base64.urlsafe_b64encode(derivation.derive(key.encode()))
