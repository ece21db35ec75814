"""The demo's clinics, loaded once a run: each worker's browser tests copy the database, the whole stack its dump."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
from psycopg import sql

from dev.stack import PYTHON, ROOT
from tests import template

NAME = "palpate_demo"


def facts_of_run(folders: pytest.TempPathFactory) -> Path:
    """Return where the demo's logins lie: one file for all workers of a run."""
    base = folders.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "demo.json"


@contextmanager
def loaded_once(facts: Path) -> Iterator[psycopg.Connection[Any]]:
    """The administrator's connection, with the demo loaded; nobody else copies it for so long."""
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(20261121)")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone():
            copy_database(connection, NAME, template.NAME)
            load(facts)
        yield connection


def copy_database(connection: psycopg.Connection[Any], name: str, source: str) -> None:
    names = sql.Identifier(name), sql.Identifier(source)
    connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER palpate_owner").format(*names))


def load(facts: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_ADMIN_URL"}
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL"):
        environment[name] = urlunsplit(urlsplit(environment[name])._replace(path=f"/{NAME}"))
    command = [PYTHON, "manage.py", "prepare", "--demo", str(facts)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True, capture_output=True)


def copy_for(name: str, facts: Path) -> None:
    """Make a database that is a copy of the demo."""
    with loaded_once(facts) as connection:
        copy_database(connection, name, NAME)


def dump(facts: Path) -> bytes:
    with loaded_once(facts):
        return template.dump_database(os.environ["DATABASE_ADMIN_URL"].replace("/postgres?", f"/{NAME}?"))


def secrets() -> Path:
    """Return the file with the keys that the demo's rows belong to: those of the tests' own data folder."""
    return Path(os.environ["STATIC_ROOT"]).parent / "secrets.json"
