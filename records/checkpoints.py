"""
A checkpoint: the head of a clinic's chain, signed, to be kept by somebody else. Plain Python.

Three lines (origin, sequence, SHA-256 of that record in hex), an empty line, and the signature: a signed note as
https://c2sp.org/signed-note describes it, with Ed25519. The chain is a list and no Merkle tree, so it is not the
checkpoint of a transparency log.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

NAME = "palpate"
ED25519 = b"\x01"  # the algorithm's number in signed notes
NOTE = re.compile(r"(palpate/([0-9a-f-]{36})\n(\d{1,18})\n([0-9a-f]{64})\n)\n— palpate ([A-Za-z0-9+/=]{92})\n")


class NotACheckpoint(ValueError):
    """The text has not the form of a checkpoint."""


class WrongSignature(ValueError):
    """No known key made this signature."""


class WrongKey(ValueError):
    """The text is no key."""


@dataclass(frozen=True)
class Checkpoint:
    clinic_id: UUID
    sequence: int
    sha256: str


def body(checkpoint: Checkpoint) -> str:
    """Return the three lines that are signed."""
    return f"{NAME}/{checkpoint.clinic_id}\n{checkpoint.sequence}\n{checkpoint.sha256}\n"


def private_key(text: str) -> Ed25519PrivateKey:
    """
    Read a private key: 32 bytes in base64.

    :raises WrongKey:
    """
    try:
        return Ed25519PrivateKey.from_private_bytes(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError):
        raise WrongKey("a private key is 32 bytes in base64") from None


def public_text(key: Ed25519PublicKey) -> str:
    """Write a public key as signed notes do: name, key id, and key in base64."""
    raw = key.public_bytes_raw()
    return f"{NAME}+{_key_id(raw).hex()}+{base64.b64encode(ED25519 + raw).decode()}"


def public_key(text: str) -> Ed25519PublicKey:
    """
    Read what `public_text` wrote.

    :raises WrongKey:
    """
    name, _, rest = text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    try:
        raw = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raw = b""
    if name != NAME or len(raw) != 33 or raw[:1] != ED25519 or _key_id(raw[1:]).hex() != key_id:
        raise WrongKey(f"a public key is {NAME}+<key id>+<base64>")
    return Ed25519PublicKey.from_public_bytes(raw[1:])


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """Return the signature of a checkpoint, as its last line holds it."""
    raw = key.public_key().public_bytes_raw()
    return base64.b64encode(_key_id(raw) + key.sign(body(checkpoint).encode())).decode()


def note(checkpoint: Checkpoint, signature: str) -> str:
    """Write a whole checkpoint."""
    return f"{body(checkpoint)}\n— {NAME} {signature}\n"


def check_signature(checkpoint: Checkpoint, signature: str, keys: Iterable[Ed25519PublicKey]) -> None:
    """:raises WrongSignature: none of these keys made it"""
    try:
        raw = base64.b64decode(signature, validate=True)
    except binascii.Error:
        raise WrongSignature from None
    for key in keys:
        if _key_id(key.public_bytes_raw()) == raw[:4]:
            try:
                key.verify(raw[4:], body(checkpoint).encode())
            except InvalidSignature:
                continue
            return
    raise WrongSignature


def read(text: str, keys: Iterable[Ed25519PublicKey]) -> Checkpoint:
    """
    Read a checkpoint; line ends and blanks around it, as mail programs add them, do not matter.

    :raises NotACheckpoint, WrongSignature:
    """
    lines = text.replace("\r\n", "\n").strip().split("\n")
    match = NOTE.fullmatch("\n".join(line.strip() for line in lines) + "\n")
    if match is None:
        raise NotACheckpoint
    try:
        checkpoint = Checkpoint(UUID(match[2]), int(match[3]), match[4])
    except ValueError:
        raise NotACheckpoint from None
    if body(checkpoint) != match[1]:
        raise NotACheckpoint
    check_signature(checkpoint, match[5], keys)
    return checkpoint


def _key_id(raw: bytes) -> bytes:
    return sha256(NAME.encode() + b"\n" + ED25519 + raw).digest()[:4]
