"""`make test`: every test, on a PostgreSQL and a Redis of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dev import browser
from dev.servers import CannotStart
from dev.stack import PYTHON, ROOT, Stack, say


def main() -> int:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)  # never the tests against somebody's data
    if browser.install() is None:
        say("no Chromium, so the browser tests will not run (Debian: apt-get install chromium).")
    say("starting a PostgreSQL and a Redis for the tests ...")
    with tempfile.TemporaryDirectory(prefix="palpate-test-") as folder:
        try:
            with Stack(Path(folder) / "data", durable=False) as stack:
                stack.manage("prepare_database", quiet=True)
                arguments = sys.argv[1:]
                if not any(a.startswith("-n") for a in arguments):
                    arguments = ["-n", "2", "--dist", "loadgroup", *arguments]
                return subprocess.run([PYTHON, "-m", "pytest", *arguments], cwd=ROOT, env=stack.environment).returncode
        except CannotStart as refusal:
            say(str(refusal))
            return 1


if __name__ == "__main__":
    sys.exit(main())
