"""A data folder of Palpate: its secrets, its servers, and the environment that its processes run in."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
import secrets
import shutil
import subprocess
import sys
from pathlib import Path
from types import TracebackType

from backups.programs import dying_with_parent
from dev.servers import CannotStart, Postgres, Valkey

ROOT = Path(__file__).resolve().parent.parent
PYTHON = str(ROOT / ".venv" / "bin" / "python")
NEEDED_MB = 500


class Stack:
    """PostgreSQL and Valkey of one data folder (or the ones that the environment names), while the `with` lasts."""

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.data = data.resolve()
        self.durable = durable
        self.postgres: Postgres | None = None
        self.valkey: Valkey | None = None
        self.environment: dict[str, str] = {}
        self.inbox_ports: tuple[int, int] | None = None

    def __enter__(self) -> Stack:
        self._folder()
        self._lock()
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _folder(self) -> None:
        existing = next(p for p in [self.data, *self.data.parents] if p.exists())
        free_mb = shutil.disk_usage(existing).free // 2**20
        if free_mb < NEEDED_MB:
            raise CannotStart(
                f"the disk is nearly full: {NEEDED_MB} MB are needed at {existing}, {free_mb} MB are free."
            )
        try:
            self.data.mkdir(parents=True, exist_ok=True)
            self.data.chmod(0o700)
            (self.data / "palpate-data").touch()
        except OSError as refusal:
            raise CannotStart(f"{self.data} cannot be written: {refusal.strerror}.") from None

    def _lock(self) -> None:
        self.lock = open(self.data / "lock", "a")  # noqa: SIM115 - held as long as the stack
        try:
            fcntl.flock(self.lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.lock.close()
            raise CannotStart(
                f"another Palpate is running on {self.data}; choose another with DATA=some/dir."
            ) from None

    def _start(self) -> None:
        static = self.data / "static"
        static.mkdir(exist_ok=True)
        names = {"HTTPS": "0", "SERVE_STATIC_FROM_SOURCE": "1", "STATIC_ROOT": str(static)}
        names["SECRET_KEY"], names["ENCRYPTION_KEYS"] = self.secret("django"), self.secret("encryption")
        seed = hashlib.sha256(self.secret("checkpoints").encode()).digest()
        names["CHECKPOINT_KEY"] = base64.b64encode(seed).decode()
        names |= self.backups()
        names["EMERGENCY_TRAIL"] = str(self.data / "emergency")
        if "DATABASE_URL" in os.environ:
            names["DATABASE_URL"] = os.environ["DATABASE_URL"]
        else:
            self.postgres = Postgres(self.data, durable=self.durable)
            self.postgres.start()
            names["DATABASE_ADMIN_URL"] = self.postgres.admin_url
            names["DATABASE_URL"] = self.postgres.url("palpate_app", "palpate")
            names["DATABASE_OWNER_URL"] = self.postgres.url("palpate_owner", "palpate")
        if "REDIS_URL" in os.environ:
            names["REDIS_URL"] = os.environ["REDIS_URL"]
        else:
            self.valkey = Valkey(self.data)
            self.valkey.start()
            names["REDIS_URL"] = self.valkey.url
        self.environment = {"DJANGO_SETTINGS_MODULE": "clinic.settings", **self.known_url(), **os.environ, **names}

    def remember_url(self, url: str) -> None:
        """Keep the address at which this folder is served, for commands that print links."""
        (self.data / "url").write_text(url)

    def known_url(self) -> dict[str, str]:
        """Return the kept address as the setting that it is."""
        path = self.data / "url"
        return {"PUBLIC_URL": path.read_text()} if path.exists() else {}

    def backups(self) -> dict[str, str]:
        """Where this folder's backups go, and their key; what the environment says comes first."""
        ours = {"BACKUP_DIR": str(self.data / "backups"), "BACKUP_KEYS": self.secret("backups")}
        return {name: os.environ.get(name, value) for name, value in ours.items()}

    def secret(self, name: str) -> str:
        """A secret of this data folder, made at its first start."""
        path = self.data / "secrets.json"
        secrets_by_name: dict[str, str] = json.loads(path.read_text()) if path.exists() else {}
        if name not in secrets_by_name:
            secrets_by_name[name] = secrets.token_urlsafe(48)
            path.touch(mode=0o600)
            path.write_text(json.dumps(secrets_by_name))
        return secrets_by_name[name]

    def manage(self, *arguments: str, quiet: bool = False) -> None:
        """
        Run a management command to its end.

        :raises CannotStart: it failed; its output is shown
        """
        command = dying_with_parent([PYTHON, "manage.py", *arguments])
        process = subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=quiet, text=True)
        if process.returncode != 0:
            detail = f":\n{process.stderr[-2000:]}" if quiet else "."
            raise CannotStart(f"`manage.py {arguments[0]}` failed{detail}")

    def prepare(self) -> None:
        """Roles, database, tables, catalogue; quick when nothing is new."""
        self.manage("prepare", quiet=True)

    def stop_leftovers(self) -> None:
        """
        Stop the servers that a killed run left on this folder.

        :raises CannotStart: a Palpate is running on it
        """
        self._lock()
        with self.lock:
            Postgres(self.data).stop_leftover()
            Valkey(self.data).stop_leftover()

    def stop(self) -> None:
        for server in (self.valkey, self.postgres):
            if server is not None:
                server.stop()
        self.lock.close()


def say(text: str) -> None:
    print(f"palpate: {text}", file=sys.stderr, flush=True)
