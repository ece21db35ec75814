"""
Cursors that say nothing: URLs end up in logs and histories, and a list's sort values may be names.

Encrypted with AES-SIV, which is deterministic: the same place in a list has the same URL. The list's path is
authenticated with it, so that a cursor fits no other list.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings


def write_cursor(values: Sequence[Any], path: str) -> str:
    """Return the cursor for a row's sort values in the list at that path."""
    plain = orjson.dumps([str(value) for value in values])
    return base64.urlsafe_b64encode(_cipher(settings.SECRET_KEY).encrypt(plain, [path.encode()])).rstrip(b"=").decode()


def read_cursor(text: str, path: str) -> list[Any]:
    """
    Return the sort values that `write_cursor` hid.

    A sequence number alone, as older cursors of the feed have it in the clear, is still taken: programs kept them.

    :raises ValueError: it is no cursor, or another list's
    """
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
    except binascii.Error:
        raise ValueError from None
    try:
        plain = _cipher(settings.SECRET_KEY).decrypt(raw, [path.encode()])
    except (InvalidTag, ValueError):
        values = orjson.loads(raw)
        if isinstance(values, list) and len(values) == 1 and str(values[0]).isdigit() and len(str(values[0])) < 20:
            return values
        raise ValueError from None
    match: list[Any] = orjson.loads(plain)
    return match


@lru_cache(maxsize=4)
def _cipher(secret: str) -> AESSIV:
    return AESSIV(hashlib.sha512(b"palpate cursors" + secret.encode()).digest())
