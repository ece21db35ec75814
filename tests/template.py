"""
The tests' migrated database with its catalogue, kept as a dump between runs.

To migrate an empty database costs about 20 seconds of a processor, and all workers wait for it; a restore costs two.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from dev.servers import postgres_programs

ROOT = Path(__file__).parents[1]
NAME = "palpate_template"
FOLDER = ROOT / ".data-test"
# Everything that decides how a migrated database looks. `tests/dev/test_template.py` compares it with what the
# migrations import. Models are here for Django's tables of models and permissions.
SOURCES = (
    "*/migrations/*.py",
    "*/models.py",
    "*/models/*.py",
    "*/*/models.py",
    "database/*.py",
    "catalogue/*",
    "treatments/agents.py",
    "catalogue/management/commands/*.py",
    "clinic/management/commands/*.py",
    "clinic/settings.py",
    "requirements*.txt",
    "dev/servers.py",
    "tests/template.py",
)
END = b"-- PostgreSQL database dump complete"


def sources() -> list[Path]:
    return sorted({path for pattern in SOURCES for path in ROOT.glob(pattern) if path.is_file()})


def cache() -> Path:
    """Return where the dump of this state of the sources lies, or would lie."""
    # The audit's tables are made by month, and the dump is one of PostgreSQL's release.
    version = subprocess.run([postgres_programs() / "postgres", "--version"], capture_output=True, check=True).stdout
    key = hashlib.sha256(version + f"{datetime.now(UTC):%Y-%m}".encode())
    for path in sources():
        content = path.read_bytes()
        key.update(f"{path.relative_to(ROOT)} {len(content)}\n".encode() + content)
    return FOLDER / f"template-{key.hexdigest()[:32]}.sql"


def read(path: Path) -> bytes | None:
    """Return a kept dump if there is a complete one."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if END in content[-1000:] else None


def keep(path: Path, dump: bytes) -> None:
    """Keep the dump instead of those of other states; a folder that cannot be written is no reason to fail."""
    with contextlib.suppress(OSError):
        path.parent.mkdir(exist_ok=True)
        for old in path.parent.glob("template-*"):
            old.unlink(missing_ok=True)
        partial = path.with_suffix(f".{os.getpid()}")
        partial.write_bytes(dump)
        partial.replace(path)


def url(admin: str) -> str:
    """Return the template's address, from the administrator's."""
    return admin.replace("/postgres?", f"/{NAME}?")


def dump_database(address: str) -> bytes:
    return subprocess.run(
        [postgres_programs() / "pg_dump", "--dbname", address], capture_output=True, check=True
    ).stdout


def fill_database(address: str, dump: bytes) -> None:
    """
    Fill a database that `prepare_database` has made; all of the dump or nothing.

    :raises subprocess.CalledProcessError: it does not fit
    """
    command = [postgres_programs() / "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
    subprocess.run([*command, "--dbname", address], input=dump, capture_output=True, check=True)
