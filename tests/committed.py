"""
Clinics whose rows are really committed, for tests of what several connections do to each other.

They are not removed: signed records cannot be, and each test has a clinic of its own.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.contrib.auth.hashers import make_password
from django.db import connection, connections

from accounts.models import User
from database import tenancy
from tests import builders
from tests.conftest import Cast, make_cast

numbers = itertools.count(1)


@pytest.fixture
def committed(django_db_setup: None, django_db_blocker: Any) -> Iterator[Cast]:
    """The cast in two new clinics, visible to every connection."""
    with django_db_blocker.unblock():
        yield make_cast(f"-{uuid4().hex[:8]}")
        connection.close()


def committed_patient(cast: Cast) -> Any:
    with tenancy.scope(cast.clinic.pk):
        return builders.patient(cast.actor(), family_name=f"Committed{next(numbers)}").pk


@contextmanager
def superuser() -> Iterator[psycopg.Connection[Any]]:
    """A superuser in this worker's database: what no role of Palpate is."""
    database = connections["default"].settings_dict["NAME"]
    with psycopg.connect(os.environ["DATABASE_ADMIN_URL"], dbname=database, autocommit=True) as link:
        yield link


@contextmanager
def committed_demo_support(email: str) -> Iterator[None]:
    """The demo's account of support, made as the owner of the tables makes it, and gone afterwards."""
    with superuser() as link:
        link.execute(
            "INSERT INTO accounts_user (email, name, password, registration_no, is_active, is_superuser) "
            "VALUES (%s, 'Support', '!', '', true, true)",
            [email],
        )
    try:
        yield
    finally:
        with superuser() as link:
            link.execute("DELETE FROM accounts_user WHERE email = %s", [email])


def committed_support(password: str) -> User:
    """Somebody of support: only the owner of the tables, or a superuser, can make one."""
    with superuser() as link:
        link.execute(
            "INSERT INTO accounts_user (email, name, password, registration_no, is_active, is_superuser) "
            "VALUES (%s, 'Support', %s, '', true, true) RETURNING id",
            [email := f"support-{uuid4().hex[:8]}@example.org", make_password(password)],
        )
    return User.objects.get(email=email)


def at_once(tasks: list[Callable[[], Any]], *, workers: int | None = None) -> list[Any]:
    """Run tasks in threads, each with a connection of its own; their results in order."""

    def run(task: Callable[[], Any]) -> Any:
        try:
            return task()
        finally:
            connection.close()

    with ThreadPoolExecutor(workers or len(tasks)) as pool:
        return list(pool.map(run, tasks))
