"""`make manage ARGS="..."`: a management command against a data folder, whether Palpate is running on it or not."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dev.servers import CannotStart, Postgres, Valkey
from dev.stack import PYTHON, ROOT, Stack, say
from dev.stopping import call, stop_on_signals


def main() -> int:
    stop_on_signals()
    parser = argparse.ArgumentParser(prog="make manage")
    parser.add_argument("--data", type=Path, default=Path(".data"))
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    command = [word for word in options.command if word != "--"] or ["help"]
    try:
        with Stack(options.data) as stack:
            stack.prepare()
            return manage(command, stack.environment)
    except CannotStart as refusal:
        if "another Palpate" not in str(refusal):
            say(str(refusal))
            return 1
    except KeyboardInterrupt:
        return 130
    return manage(command, environment_of_running(options.data.resolve()))


def environment_of_running(data: Path) -> dict[str, str]:
    """The servers of a Palpate that is running on this folder."""
    stack, postgres = Stack(data), Postgres(data)
    ours = {
        "DATABASE_URL": postgres.url("palpate_app", "palpate"),
        "DATABASE_OWNER_URL": postgres.url("palpate_owner", "palpate"),
        "REDIS_URL": Valkey(data).url,
        "SECRET_KEY": stack.secret("django"),
        "ENCRYPTION_KEYS": stack.secret("encryption"),
        "HTTPS": "0",
        **stack.known_url(),
    }
    return {**ours, **os.environ} if "DATABASE_URL" in os.environ else {**os.environ, **ours}


def manage(command: list[str], environment: dict[str, str]) -> int:
    return call([PYTHON, "manage.py", *command], cwd=ROOT, environment=environment)


if __name__ == "__main__":
    sys.exit(main())
