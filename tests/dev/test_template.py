"""The tests' migrated database, kept between runs."""

from __future__ import annotations

import ast
import os
import re

import psycopg
import pytest

from tests import template

PROJECT = {path.parent.name for path in template.ROOT.glob("*/__init__.py")}


def imported_modules() -> set[str]:
    """Every module of the project that a migration imports."""
    modules = set()
    for path in template.ROOT.glob("*/migrations/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                modules |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {module for module in modules if module.split(".")[0] in PROJECT}


def test_what_migrations_import_decides_which_dump_fits():
    hashed = {path.relative_to(template.ROOT).as_posix() for path in template.sources()}
    imported = {f"{module.replace('.', '/')}.py" for module in imported_modules()}
    assert {"database/schema_operations.py", "treatments/agents.py"} <= imported
    assert {name for name in imported if (template.ROOT / name).exists()} - hashed == set()


@pytest.mark.usefixtures("django_db_setup")
def test_a_restored_database_is_the_same():
    admin = os.environ["DATABASE_ADMIN_URL"]
    dump = template.dump_database(template.url(admin))
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("CREATE DATABASE palpate_restored TEMPLATE palpate OWNER palpate_owner")
        try:
            template.fill_database(admin.replace("/postgres?", "/palpate_restored?"), dump)
            again = template.dump_database(admin.replace("/postgres?", "/palpate_restored?"))
        finally:
            connection.execute("DROP DATABASE palpate_restored WITH (FORCE)")
    assert lines_of(again) == lines_of(dump)


def lines_of(dump: bytes) -> list[bytes]:
    """
    All but psql's key against injection, which is random, and the casts and brackets.

    PostgreSQL writes `ARRAY['a'::varchar]::text[]` as `ARRAY['a'::varchar::text]` once it has read it from a dump.
    """
    lines = [line for line in dump.splitlines() if not line.startswith((b"\\restrict ", b"\\unrestrict "))]
    return [re.sub(rb"::(text|character varying)(\[\])?|[()]", b"", line) for line in lines]


def test_half_a_dump_is_not_used(tmp_path):
    whole = b"CREATE TABLE a ();\n" + template.END + b"\n\n"
    template.keep(tmp_path / "template-1.sql", whole)
    assert template.read(tmp_path / "template-1.sql") == whole
    (tmp_path / "template-1.sql").write_bytes(whole[:20])
    assert template.read(tmp_path / "template-1.sql") is None


def test_only_the_newest_dump_is_kept(tmp_path):
    for name in ("template-1.sql", "template-2.sql"):
        template.keep(tmp_path / name, template.END)
    assert [path.name for path in tmp_path.iterdir()] == ["template-2.sql"]
    assert template.read(tmp_path / "template-1.sql") is None


def test_a_folder_that_cannot_be_written_is_no_fault(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    template.keep(tmp_path / "file" / "template-1.sql", template.END)
