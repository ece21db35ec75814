"""Plain SQL is seen by Django: counted, traced, refused, and still prepared with bound values."""

import re
from contextlib import contextmanager, nullcontext
from pathlib import Path

import pytest
from django.db import DataError, connection
from django.test.utils import CaptureQueriesContext

from database import tenancy
from database.sql import first, run_prepared

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def seen():
    """The statements that pass Django's `execute_wrappers`, with their values."""
    statements = []

    def note(execute, sql, params, many, context):
        statements.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield statements


@pytest.mark.django_db
@pytest.mark.parametrize("run", [run_prepared, first])
def test_a_statement_is_logged_and_passes_the_wrappers(run):
    with CaptureQueriesContext(connection) as logged, seen() as passed:
        assert run("SELECT %s::int + 1", [41]) == [(42,)]
    assert [entry["sql"] for entry in logged] == ["SELECT %s::int + 1"]
    assert passed == [("SELECT %s::int + 1", [41])]


@pytest.mark.django_db
def test_a_wrapper_can_refuse_a_statement():
    def refuse(execute, sql, params, many, context):
        raise AssertionError(sql)

    with connection.execute_wrapper(refuse), pytest.raises(AssertionError, match="SELECT 1"):
        run_prepared("SELECT 1", [])


@pytest.mark.django_db
@pytest.mark.parametrize("logging", [nullcontext(), CaptureQueriesContext(connection)], ids=["plain", "logged"])
def test_a_statement_is_prepared_and_its_values_are_bound(logging):
    with logging:
        for number in range(4):
            assert run_prepared("SELECT %s::text || 'a statement to prepare'", [str(number)])
    statements = [row[0] for row in run_prepared("SELECT statement FROM pg_prepared_statements", [])]
    assert "SELECT $1::text || 'a statement to prepare'" in statements


@pytest.mark.django_db
def test_an_error_is_djangos():
    with pytest.raises(DataError):
        run_prepared("SELECT %s::text::int", ["no number"])


def test_the_scope_of_a_clinic_is_seen(cast):
    with seen() as statements, tenancy.scope(cast.clinic.pk):
        pass
    assert (tenancy.ENTER, [str(cast.clinic.pk), ""]) in statements


def test_nothing_else_reaches_past_django():
    """One module takes psycopg's connection from Django's; the others would run SQL that no count and no trace sees."""
    reaches = re.compile(r"connections?(\[\w+\])?\.connection\b|psycopg\.(\w*Cursor|connect)\b|\.copy\(\s*[\"']COPY")
    packages = {path.parent for path in ROOT.glob("*/__init__.py")} - {ROOT / "tests", ROOT / "bench", ROOT / "dev"}
    modules = [path for package in packages for path in package.rglob("*.py")]
    assert len(modules) > 100
    reaching = {str(path.relative_to(ROOT)) for path in modules if reaches.search(path.read_text())}
    # The command makes the database and its roles before Django has either; a restore asks a server of its own.
    others = {"clinic/management/commands/prepare_database.py", "backups/restoring.py"}
    assert reaching == {"database/sql.py", *others}


@pytest.mark.parametrize("run", [run_prepared, first])
def test_a_connection_that_died_since_the_last_request_is_replaced(run, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock():  # outside every transaction, as the first statement of a task
        run("SELECT 1", [])
        connection.connection.pgconn.finish()
        connection.health_check_done = False  # as Django notes at the end of a request and of a task

        assert run("SELECT 41 + 1", []) == [(42,)]
