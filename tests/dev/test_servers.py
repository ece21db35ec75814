"""The servers of the demo and the tests run wherever the project lies."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from dev.servers import Postgres


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts PostgreSQL as another user")
def test_postgres_finds_its_programs_in_a_folder_that_only_root_may_look_into(tmp_path):
    program = tmp_path / "hidden" / "program"
    program.parent.mkdir(mode=0o700)
    program.touch(mode=0o755)
    postgres = Postgres(tmp_path)
    postgres.bin = Path("/usr/bin")

    found = subprocess.run(
        postgres._command("find", str(program), "-executable"), capture_output=True, text=True, cwd="/"
    )  # `find` asks by access(2), as PostgreSQL does

    assert found.stdout.strip() == str(program)
