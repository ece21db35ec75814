"""The folder that backups lie in. Every file in it is encrypted, but for the facts of each base backup."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from backports import zstd

from backups.encryption import CannotDecrypt, Encrypted, decrypt

SEGMENT_DIGITS = 24
PARTIAL = ".partial"
ZSTD_MARK = b"\x28\xb5\x2f\xfd"  # no WAL file, no history of timelines and no JSON begins like this
ZSTD_LEVEL = 1


@dataclass(frozen=True)
class BaseBackup:
    """
    One base backup.

    :ivar parent: the backup that this one holds the changes to; None: it is whole
    :ivar first_segment: the WAL file that a recovery begins with
    """

    name: str
    parent: str | None
    started_at: str
    finished_at: str
    first_segment: str
    bytes: int

    @property
    def finished(self) -> datetime:
        return datetime.fromisoformat(self.finished_at)


class Store:
    """
    A folder with `base/`, `wal/`, `dumps/` and `heads/`.

    :ivar secrets: keys; the first encrypts, each decrypts
    """

    def __init__(self, folder: Path, secrets: Sequence[str]) -> None:
        self.folder, self.secrets = folder, secrets
        for name in ("base", "wal", "dumps", "heads"):
            (folder / name).mkdir(parents=True, exist_ok=True, mode=0o700)

    # --- Files ---

    @contextlib.contextmanager
    def writing(self, name: str) -> Iterator[Encrypted]:
        """A file that is there when it is whole."""
        target = self.folder / f"{name}.enc"
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = target.with_name(target.name + ".tmp")
        with open(unfinished, "wb", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
            encrypted = Encrypted(file, name=name, secret=self.secrets[0])
            yield encrypted
            encrypted.close()
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(target)

    def write(self, name: str, content: bytes) -> None:
        with self.writing(name) as file:
            file.write(content)

    def copy_in(self, name: str, source: Path) -> None:
        """Store a file compressed: a WAL file that is stored before it is full is mostly zeros."""
        with (
            open(source, "rb") as file,
            self.writing(name) as encrypted,
            zstd.open(encrypted, "wb", level=ZSTD_LEVEL) as packed,
        ):
            shutil.copyfileobj(file, packed, 2**20)

    def read(self, name: str) -> bytes:
        """:raises CannotDecrypt:"""
        return b"".join(self._plain(name))

    def copy_out(self, name: str, target: Path) -> None:
        """:raises CannotDecrypt:"""
        with open(target, "wb") as file:
            for chunk in self._plain(name):
                file.write(chunk)

    def _plain(self, name: str) -> Iterator[bytes]:
        """
        Yield a file's content; of one that was stored uncompressed, too.

        :raises CannotDecrypt: at its end at the latest; what was yielded before may not be used then
        """
        with self._open(name) as source:
            chunks = decrypt(source, name=name, secrets=self.secrets)
            first = next(chunks)
            unpack = zstd.ZstdDecompressor().decompress if first.startswith(ZSTD_MARK) else bytes
            yield unpack(first)
            for chunk in chunks:
                yield unpack(chunk)

    def _open(self, name: str) -> BinaryIO:
        try:
            return open(self.folder / f"{name}.enc", "rb")
        except FileNotFoundError:
            raise CannotDecrypt(f"{name} is missing") from None

    # --- What is there ---

    def names(self, kind: str) -> list[str]:
        """Return the names in one of the folders, in order."""
        return sorted(path.name.removesuffix(".enc") for path in (self.folder / kind).glob("*.enc"))

    def bases(self) -> list[BaseBackup]:
        """Return the base backups that are whole, the oldest first."""
        facts = sorted((self.folder / "base").glob("*/facts.json"))
        return [BaseBackup(**json.loads(path.read_text())) for path in facts]

    def add_base(self, base: BaseBackup) -> None:
        """Say that a base backup is whole; before, nobody restores from it."""
        path = self.folder / "base" / base.name / "facts.json"
        unfinished = path.with_suffix(".tmp")
        unfinished.write_text(json.dumps(asdict(base)))
        unfinished.replace(path)

    def chain(self, base: BaseBackup) -> list[BaseBackup]:
        """
        Return the backups that this one needs, the whole one first.

        :raises CannotDecrypt: one of them is missing
        """
        by_name = {one.name: one for one in self.bases()}
        chain = [base]
        while chain[0].parent is not None:
            parent = by_name.get(chain[0].parent)
            if parent is None:
                raise CannotDecrypt(f"base/{chain[0].parent} is missing")
            chain.insert(0, parent)
        return chain

    # --- Retention ---

    def prune(self, *, keep_after: datetime) -> list[str]:
        """
        Delete what no restore to a moment after `keep_after` needs; return the names.

        The newest whole backup before that moment stays, with all that builds on it, and the WAL from there on. What
        was begun and never finished is deleted when a later one is whole.
        """
        bases = self.bases()
        whole = [base for base in bases if base.parent is None and base.finished <= keep_after]
        if not whole:
            return []
        first = whole[-1]
        gone = [base.name for base in bases if base.name < first.name]
        kept = {base.name for base in bases} - set(gone)
        for path in (self.folder / "base").iterdir():
            if path.name not in kept and path.name < bases[-1].name:
                shutil.rmtree(path)
                gone = [*gone, path.name] if path.name not in gone else gone
        for name in self.names("wal"):
            if len(name) >= SEGMENT_DIGITS and name[8:SEGMENT_DIGITS] < first.first_segment[8:]:
                (self.folder / "wal" / f"{name}.enc").unlink()
                gone.append(name)
        for kind in ("dumps", "heads"):
            for name in self.names(kind)[:-1]:  # the newest stays, however old it is
                if name < first.name:
                    (self.folder / kind / f"{name}.enc").unlink()
                    gone.append(name)
        return gone


def stamp(at: datetime) -> str:
    """Return a moment as a name that sorts."""
    return f"{at:%Y%m%dT%H%M%S.%f}Z"
