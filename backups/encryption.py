"""
Encrypted files: AES-256-GCM in chunks, so that a file of any size is written and read as a stream.

A file is a mark, a salt of 32 bytes, and chunks of 1 MiB, each with its tag. Its key is derived from the secret and
the salt (HKDF-SHA256); a nonce is the number of the chunk and whether it is the last, so that none can be left out,
doubled, moved or cut off. The name of the file is authenticated with each, so that no file passes for another.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from io import RawIOBase
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK = b"PALPATE-BACKUP-1\n"
SALT_BYTES = 32
CHUNK_BYTES = 2**20
TAG_BYTES = 16


class CannotDecrypt(Exception):
    """The file is damaged, cut off or another's, or none of the keys is its key."""


def _cipher(secret: str, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(algorithm=SHA256(), length=32, salt=salt, info=b"palpate backup").derive(secret.encode()))


def _nonce(number: int, *, is_last: bool) -> bytes:
    return number.to_bytes(11, "big") + (b"\1" if is_last else b"\0")


class Encrypted(RawIOBase):
    """
    A file to write to; `close` writes the last chunk.

    :param name: what `decrypt` must name, too
    """

    def __init__(self, target: BinaryIO, *, name: str, secret: str) -> None:
        self.target, self.name = target, name.encode()
        salt = os.urandom(SALT_BYTES)
        self.cipher = _cipher(secret, salt)
        self.waiting = bytearray()
        self.number = 0
        target.write(MARK + salt)

    def writable(self) -> bool:
        return True

    def write(self, data: bytes) -> int:  # type: ignore[override] # bytes are all that is written
        """Encrypt what fills a chunk; a full one waits, because it might be the last."""
        self.waiting += data
        while len(self.waiting) > CHUNK_BYTES:
            self._chunk(bytes(self.waiting[:CHUNK_BYTES]), is_last=False)
            del self.waiting[:CHUNK_BYTES]
        return len(data)

    def _chunk(self, plain: bytes, *, is_last: bool) -> None:
        self.target.write(self.cipher.encrypt(_nonce(self.number, is_last=is_last), plain, self.name))
        self.number += 1

    def close(self) -> None:
        """Write the last chunk; the target stays open."""
        if not self.closed:
            self._chunk(bytes(self.waiting), is_last=True)
        super().close()


def decrypt(source: BinaryIO, *, name: str, secrets: Sequence[str]) -> Iterator[bytes]:
    """
    Yield the plain chunks. Nothing that was yielded may be used before the end is reached.

    :param secrets: the keys that may have encrypted it
    :raises CannotDecrypt:
    """
    if source.read(len(MARK)) != MARK:
        raise CannotDecrypt(name)
    salt = source.read(SALT_BYTES)
    ciphers = [_cipher(secret, salt) for secret in secrets]
    number, chunk = 0, source.read(CHUNK_BYTES + TAG_BYTES)
    while True:
        following = source.read(CHUNK_BYTES + TAG_BYTES)
        plain = None
        for cipher in ciphers:
            try:
                plain = cipher.decrypt(_nonce(number, is_last=not following), chunk, name.encode())
            except (InvalidTag, ValueError):
                continue
            ciphers = [cipher]
            break
        if plain is None:
            raise CannotDecrypt(name)
        yield plain
        if not following:
            return
        number, chunk = number + 1, following
