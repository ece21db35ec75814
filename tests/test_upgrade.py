"""A database of an earlier release: upgraded without loss, its chain verified, and read through the API."""

from __future__ import annotations

import hashlib
import itertools
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import rfc8785
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from dev.servers import postgres_programs

ROOT = Path(__file__).parents[1]
DUMP = ROOT / "tests" / "data" / "demo-c870612.dump"
NAME = "palpate_upgrade"
RECORDS = 275  # of both clinics in the dump; see tests/data/DEMO_DUMP.md
# Tables whose rows a release may remove: they are derived, or of limited life.
NOT_COUNTED = {"django_migrations", "auth_permission", "django_content_type", "django_session"}

MOVED_TABLES = {"scheduling_competency": "accounts_competency"}

# Runs in the upgraded database: every record of every clinic, as a program pulls it.
READER = """
import json
import django
django.setup()
from django.test.utils import setup_test_environment
setup_test_environment()
from accounts.models import ApiClient, Clinic
from database import tenancy
from tests import builders
from tests.api import Api
pulled = {}
for clinic in Clinic.objects.order_by("slug"):
    with tenancy.scope(clinic.pk):
        program = builders.program(clinic, scopes="patients:read records:read records:export")
    api, path, records = Api(program), "/records/", []
    while path:
        answer = api.get(path)
        assert answer.status_code == 200, answer.content
        page = answer.json()
        records += page["results"]
        path = (page.get("next") or "").partition("/api/v1")[2]
    pulled[clinic.slug] = records
print(json.dumps(pulled))
"""


@pytest.fixture(scope="module")
def upgraded() -> Iterator[tuple[dict[str, str], dict[str, int]]]:
    """The environment of the upgraded database, and how many rows each table had before."""
    admin = os.environ["DATABASE_ADMIN_URL"]
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(NAME)))
        connection.execute(sql.SQL("CREATE DATABASE {} OWNER palpate_owner").format(sql.Identifier(NAME)))
    restored = {**conninfo_to_dict(admin), "dbname": NAME}
    where = ["--host", str(restored["host"]), "--username", str(restored.get("user", "postgres")), "--dbname", NAME]
    subprocess.run(
        [postgres_programs() / "pg_restore", "--exit-on-error", *where, DUMP], check=True, capture_output=True
    )
    counts = count_rows(restored)
    environment = dict(os.environ)
    for variable in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        environment[variable] = environment[variable].replace("/palpate?", f"/{NAME}?")
    manage(environment, "migrate", "--verbosity", "0")
    manage(environment, "load_catalogue")
    yield environment, counts
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(NAME)))


def count_rows(database: dict[str, Any]) -> dict[str, int]:
    with psycopg.connect(**database) as connection:
        tables = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
        return {
            table: connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()[0]
            for (table,) in tables
            if table not in NOT_COUNTED
        }


def manage(environment: dict[str, str], *arguments: str) -> str:
    command = [sys.executable, "manage.py", *arguments]
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr[-3000:]
    return process.stdout


def test_no_row_is_lost(upgraded):
    _environment, before = upgraded
    before = {MOVED_TABLES.get(table, table): count for table, count in before.items()}
    after = count_rows({**conninfo_to_dict(os.environ["DATABASE_ADMIN_URL"]), "dbname": NAME})
    assert {table: count for table, count in before.items() if after.get(table, 0) < count} == {}


def test_the_chain_still_holds(upgraded):
    environment, _counts = upgraded
    manage(environment, "verify_chain")


def test_the_api_reads_every_record_with_its_hash(upgraded):
    environment, _counts = upgraded
    process = subprocess.run([sys.executable, "-c", READER], cwd=ROOT, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr[-3000:]
    pulled = json.loads(process.stdout)
    assert sum(map(len, pulled.values())) == RECORDS
    for records in pulled.values():
        for before, record in itertools.pairwise([{"sha256": "0" * 64}, *records]):
            assert record["previous_sha256"] == before["sha256"]
            assert hashlib.sha256(rfc8785.dumps(record["document"])).hexdigest() == record["sha256"]
