"""
The database server dies while people sign: for how long nobody can, and that nothing that was confirmed is lost.

By the recipe of `docs/runbooks/failover.md`: a streaming standby that commits wait for, one address with both servers.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from dev.servers import Postgres
from dev.stack import PYTHON, ROOT, Stack

PEOPLE = 4
# Signs one exam after the other, as fast as it can, and writes each confirmed record's id with the moment of it.
SIGNER = """
import json, sys, threading, time
import django
django.setup()
from django.db import Error, connection
from tests.committed import committed_patient
from tests.conftest import make_cast
from tests.records.test_chain import sign_exam
cast = make_cast("-failover")
print(json.dumps({"clinic": cast.clinic.slug}), flush=True)
until = float(sys.argv[1])

def sign():
    patient = committed_patient(cast)
    while time.time() < until:
        try:
            record = sign_exam(cast, patient)
            print(json.dumps({"id": str(record.pk), "at": time.time()}), flush=True)
        except Error:
            connection.close()
            time.sleep(0.05)

threads = [threading.Thread(target=sign) for _ in range(int(sys.argv[2]))]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
"""


@pytest.fixture
def primary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL"):
        monkeypatch.delenv(name, raising=False)
    with Stack(tmp_path / "a") as stack:
        stack.prepare()
        yield stack


@pytest.fixture
def standby(primary: Stack, tmp_path: Path) -> Any:
    server = Postgres(tmp_path / "b")
    server.folder.mkdir(parents=True)
    server.folder.parent.chmod(0o777)
    server.folder.chmod(0o700)
    assert primary.postgres is not None
    if os.geteuid() == 0:
        os.chown(server.folder, 65534, 65534)
    copy = ["--pgdata", str(server.folder), "--write-recovery-conf", "--create-slot", "--slot=standby1"]
    command = server._command("pg_basebackup", "--dbname", primary.postgres.admin_url, *copy, "--checkpoint=fast")
    subprocess.run(command, check=True, cwd="/", capture_output=True)
    server.start()
    with psycopg.connect(primary.postgres.admin_url, autocommit=True) as link:
        link.execute("ALTER SYSTEM SET synchronous_standby_names = 'ANY 1 (*)'")
        link.execute("SELECT pg_reload_conf()")
        for _ in range(100):
            states = link.execute("SELECT sync_state FROM pg_stat_replication").fetchall()
            if states == [("quorum",)]:
                break
            time.sleep(0.1)
        assert states == [("quorum",)]
    yield server
    server.stop()


def both(primary: Stack, standby: Postgres, user: str) -> str:
    assert primary.postgres is not None
    hosts = quote(f"{primary.postgres.sockets},{standby.sockets}", safe="")
    return f"postgresql://{user}@/palpate?host={hosts}&target_session_attrs=read-write"


@pytest.mark.drill
def test_nothing_that_was_confirmed_is_lost(primary, standby):
    before_s, after_s = 15, 45
    environment = primary.environment | {"DATABASE_URL": both(primary, standby, "palpate_app")}
    began = time.time()
    command = [PYTHON, "-c", SIGNER, str(began + before_s + after_s), str(PEOPLE)]
    signer = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert signer.stdout is not None
    assert "clinic" in json.loads(signer.stdout.readline())
    time.sleep(before_s)

    os.kill(primary.postgres.postmaster_pid, signal.SIGKILL)
    killed = time.time()
    with psycopg.connect(standby.admin_url, autocommit=True) as link:
        assert link.execute("SELECT pg_promote(true, 60)").fetchone() == (True,)
    promoted = time.time()
    output, _ = signer.communicate(timeout=300)

    confirmed = [json.loads(line) for line in output.splitlines()]
    first_after = min(row["at"] for row in confirmed if row["at"] > promoted)
    with psycopg.connect(standby.url("postgres", "palpate")) as link:
        there = {str(pk) for (pk,) in link.execute("SELECT id FROM records_record")}
    lost = {row["id"] for row in confirmed} - there
    before = sum(row["at"] <= killed for row in confirmed)
    print(
        f"confirmed {before} before and {len(confirmed) - before} after; promoted after {promoted - killed:.2f} s, "
        f"signed again after {first_after - killed:.2f} s; lost {len(lost)}"
    )
    assert before > 0
    assert lost == set()
    verify = [PYTHON, "manage.py", "verify_chain"]
    only_new = environment | {"DATABASE_URL": standby.url("palpate_app", "palpate")}
    process = subprocess.run(verify, cwd=ROOT, env=only_new, capture_output=True, text=True)
    assert process.returncode == 0, process.stdout
