"""`make check`: what can be checked without running the program."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time

from dev.stack import PYTHON, ROOT, say

BIN = ROOT / ".venv" / "bin"
CHECKS: list[tuple[str, list[str]]] = [
    ("format", [PYTHON, "-m", "ruff", "format", "--check", "--quiet", "."]),
    ("lint", [PYTHON, "-m", "ruff", "check", "--quiet", "."]),
    ("templates", [PYTHON, "-m", "dev.templates", "--check"]),
    ("types", [PYTHON, "-m", "mypy"]),
    ("import contracts", [str(BIN / "lint-imports")]),
    ("django", [PYTHON, "manage.py", "check", "--fail-level", "WARNING"]),
    ("migrations in step with models", [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"]),
    ("migrations beside the release before", [PYTHON, "-m", "dev.migrations"]),
    ("OpenAPI without warnings",
     [PYTHON, "manage.py", "spectacular", "--validate", "--fail-on-warn", "--file=/dev/null"]),
]  # fmt: skip


def scripts_are_typed() -> bool | None:
    """The types written beside the browser's scripts, checked by TypeScript where there is a Node; None elsewhere."""
    npm = shutil.which("npm")
    tsc = ROOT / "node_modules" / ".bin" / "tsc"
    if npm and not tsc.exists():
        subprocess.run([npm, "ci", "--silent", "--no-audit", "--no-fund"], cwd=ROOT, capture_output=True)
    if not tsc.exists():
        say("  not run: types of the scripts (they want Node and npm)")
        return None
    process = subprocess.run([str(tsc), "-p", "jsconfig.json"], cwd=ROOT, capture_output=True, text=True)
    say(f"{'ok' if process.returncode == 0 else 'FAILED':>6}  types of the scripts")
    print(process.stdout, end="")
    return process.returncode == 0


def main() -> int:
    # Nothing here talks to a server; the settings only want their names.
    environment = {
        **os.environ,
        "SECRET_KEY": "only for checks, which sign nothing and start no server",
        "ENCRYPTION_KEYS": "only for checks which encrypt nothing",
        "DATABASE_URL": "postgresql://palpate_app@/unused",
        "REDIS_URL": "redis://unused",
        "HTTPS": "1",
        "PYTHONPATH": str(ROOT / "client"),  # for the import contracts; mypy and pytest have it in pyproject.toml
    }
    environment.pop("DATABASE_OWNER_URL", None)
    failed = []
    with tempfile.TemporaryDirectory() as cache:
        environment["RUFF_CACHE_DIR"] = cache
        for name, command in CHECKS:
            started = time.monotonic()
            process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
            outcome = "ok" if process.returncode == 0 else "FAILED"
            say(f"{outcome:>6}  {name} ({time.monotonic() - started:.1f} s)")
            if process.returncode != 0:
                failed.append(name)
                print(process.stdout + process.stderr)
    if scripts_are_typed() is False:
        failed.append("types of the scripts")
    if failed:
        say(f"failed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
