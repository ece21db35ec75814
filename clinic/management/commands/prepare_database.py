"""Make the two database roles and the database itself, as the cluster's administrator. Safe to run again."""

from __future__ import annotations

import os
from typing import Any

import psycopg
from django.core.management.base import BaseCommand, CommandError
from psycopg import sql
from psycopg.conninfo import make_conninfo

from database.urls import connection_parts

OWNER, APP = "palpate_owner", "palpate_app"


class Command(BaseCommand):
    help = __doc__
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        admin_url = os.environ.get("DATABASE_ADMIN_URL")
        if not admin_url:
            raise CommandError("DATABASE_ADMIN_URL is not set: a URI of a role that may create roles and databases.")
        app, owner = (connection_parts(name) for name in ("DATABASE_URL", "DATABASE_OWNER_URL"))
        admin_url = make_conninfo(**connection_parts("DATABASE_ADMIN_URL"))
        for parts, role in ((app, APP), (owner, OWNER)):
            if parts.get("user") != role:
                raise CommandError(f"the role must be called {role}, not {parts.get('user')}.")
        with psycopg.connect(admin_url, autocommit=True) as connection:
            for parts, role in ((app, APP), (owner, OWNER)):
                self._role(connection, role, parts.get("password"))
            self._database(connection, str(app["dbname"]))
        with psycopg.connect(admin_url, dbname=str(app["dbname"]), autocommit=True) as connection:
            self._rights(connection)
            forbid_making_things(connection, str(app["dbname"]))
        self.stdout.write(f"database {app['dbname']} and its roles are ready")

    def _role(self, connection: psycopg.Connection[Any], role: str, password: Any) -> None:
        exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
        verb = sql.SQL("ALTER ROLE" if exists else "CREATE ROLE")
        rights = sql.SQL("LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION")
        secret = sql.SQL("PASSWORD {}").format(sql.Literal(password)) if password else sql.SQL("")
        connection.execute(sql.SQL("{} {} {} {}").format(verb, sql.Identifier(role), rights, secret))

    def _database(self, connection: psycopg.Connection[Any], name: str) -> None:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
            # A role that creates roles must be a member of the one it gives a database to.
            connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(OWNER)))
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0").format(
                    sql.Identifier(name), sql.Identifier(OWNER)
                )
            )

    def _rights(self, connection: psycopg.Connection[Any]) -> None:
        for statement in (
            "REVOKE ALL ON SCHEMA public FROM PUBLIC",
            f"GRANT USAGE, CREATE ON SCHEMA public TO {OWNER}",
            f"GRANT USAGE ON SCHEMA public TO {APP}",
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public "
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {APP}",
            f"ALTER DEFAULT PRIVILEGES FOR ROLE {OWNER} IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {APP}",
        ):
            connection.execute(statement)


def forbid_making_things(connection: psycopg.Connection[Any], database: str) -> None:
    """
    Let only the owner make tables, functions and the like in a database, temporary ones included.

    With each release, because a restored copy of a database does not have the rights of the original.
    """
    connection.execute(
        sql.SQL("REVOKE TEMPORARY, CREATE ON DATABASE {} FROM PUBLIC, {}").format(
            sql.Identifier(database), sql.Identifier(APP)
        )
    )
    connection.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM PUBLIC, {}").format(sql.Identifier(APP)))
