"""Encrypted files: whole, or refused."""

import io

import pytest

from backups.encryption import CHUNK_BYTES, MARK, SALT_BYTES, TAG_BYTES, CannotDecrypt, Encrypted, decrypt

KEY, OLD_KEY = "k" * 40, "o" * 40
FIRST = len(MARK) + SALT_BYTES
CHUNK = CHUNK_BYTES + TAG_BYTES


def encrypted(plain, *, name="wal/one", secret=KEY):
    target = io.BytesIO()
    file = Encrypted(target, name=name, secret=secret)
    for start in range(0, len(plain), 300_000):
        file.write(plain[start : start + 300_000])
    file.close()
    return target.getvalue()


def decrypted(sent, *, name="wal/one", secrets=(KEY,)):
    return b"".join(decrypt(io.BytesIO(sent), name=name, secrets=secrets))


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 2_500_000])
def test_what_goes_in_comes_out(size):
    plain = (b"palpate" * (size // 7 + 1))[:size]
    sent = encrypted(plain)

    assert decrypted(sent) == plain
    assert decrypted(sent, secrets=[OLD_KEY, KEY]) == plain
    assert plain[:64] not in sent or size < 8
    assert encrypted(plain) != sent  # another salt each time


THREE = encrypted(b"x" * (2 * CHUNK_BYTES + 9))


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        THREE[: FIRST - 1],
        THREE[:FIRST],
        THREE[:-1],
        THREE[: FIRST + CHUNK],
        THREE[: FIRST + 2 * CHUNK],
        THREE + b"\0",
        THREE[:FIRST] + THREE[FIRST + CHUNK :],
        THREE[:FIRST]
        + THREE[FIRST + CHUNK : FIRST + 2 * CHUNK]
        + THREE[FIRST : FIRST + CHUNK]
        + THREE[FIRST + 2 * CHUNK :],
        THREE[: FIRST + 5] + bytes([THREE[FIRST + 5] ^ 1]) + THREE[FIRST + 6 :],
        THREE[: len(MARK)] + bytes(SALT_BYTES) + THREE[FIRST:],
    ],
    ids=map(str, range(11)),  # the bytes differ with each run
)
def test_what_was_changed_is_refused(damaged):
    with pytest.raises(CannotDecrypt):
        decrypted(damaged)


def test_another_name_or_key_is_refused():
    with pytest.raises(CannotDecrypt):
        decrypted(THREE, name="wal/two")
    with pytest.raises(CannotDecrypt):
        decrypted(THREE, secrets=[OLD_KEY])
    with pytest.raises(CannotDecrypt):
        decrypted(THREE, secrets=[])
