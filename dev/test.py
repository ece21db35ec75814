"""`make test`: every test, on a PostgreSQL and a Valkey of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from dev import browser
from dev.servers import CannotStart
from dev.stack import PYTHON, ROOT, Stack, say
from dev.stopping import call, stop_on_signals

PREFIX = "palpate-test-"
STARTING_S = 10  # a folder may be this old before its run holds it


def main() -> int:
    stop_on_signals()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)  # never the tests against somebody's data
    try:
        if browser.install() is None:
            say("no Chromium, so the browser tests will not run (Debian: apt-get install chromium).")
        remove_leftovers()
        say("starting a PostgreSQL and a Valkey for the tests ...")
        with tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True) as folder:
            return run(Path(folder) / "data", sys.argv[1:])
    except CannotStart as refusal:
        say(str(refusal))
        return 1
    except KeyboardInterrupt:
        say("stopped.")
        return 130


def run(data: Path, arguments: list[str]) -> int:
    with Stack(data, durable=False) as stack:
        stack.manage("prepare_database", quiet=True)
        if not any(a.startswith("-n") for a in arguments):
            arguments = ["-n", "2", "--dist", "loadgroup", *arguments]
        return call([PYTHON, "-m", "pytest", *arguments], cwd=ROOT, environment=stack.environment)


def remove_leftovers() -> None:
    """Remove what a run that was killed outright left behind: its folder, and its servers if they outlived it."""
    for folder in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(OSError, CannotStart):  # another user's, or in use
            if time.time() - folder.stat().st_mtime > STARTING_S and folder.stat().st_uid == os.geteuid():
                Stack(folder / "data").stop_leftovers()
                shutil.rmtree(folder)


if __name__ == "__main__":
    sys.exit(main())
