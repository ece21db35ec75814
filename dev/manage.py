"""`make manage ARGS="..."`: a management command against a data folder, whether Palpate is running on it or not."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from dev.servers import CannotStart, Postgres, Redis
from dev.stack import PYTHON, ROOT, Stack, say


def main() -> int:
    parser = argparse.ArgumentParser(prog="make manage")
    parser.add_argument("--data", type=Path, default=Path(".data"))
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = [word for word in options.command if word != "--"] or ["help"]
    try:
        with Stack(options.data) as stack:
            stack.prepare()
            return call(command, stack.environment)
    except CannotStart as refusal:
        if "another Palpate" not in str(refusal):
            say(str(refusal))
            return 1
    return call(command, environment_of_running(options.data.resolve()))


def environment_of_running(data: Path) -> dict[str, str]:
    """The servers of a Palpate that is running on this folder."""
    stack, postgres = Stack(data), Postgres(data)
    ours = {
        "DATABASE_URL": postgres.url("palpate_app", "palpate"),
        "DATABASE_OWNER_URL": postgres.url("palpate_owner", "palpate"),
        "REDIS_URL": Redis(data).url,
        "SECRET_KEY": stack.secret("django"),
        "HTTPS": "0",
    }
    return {**ours, **os.environ} if "DATABASE_URL" in os.environ else {**os.environ, **ours}


def call(command: list[str], environment: dict[str, str]) -> int:
    return subprocess.run([PYTHON, "manage.py", *command], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
