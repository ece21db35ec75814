"""
The tests' database, cast and clients.

Tests connect as the application role, so row-level security and missing rights bind them as they bind the service.
"""

from __future__ import annotations

import contextlib
import copy
import io
import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import psycopg
import pytest
from django.core.management import call_command
from django.db import connections
from django.test import override_settings
from django.utils import timezone
from psycopg import sql

from accounts.models import ApiClient, Clinic, Membership, User
from clinic.management.commands.prepare_database import forbid_making_things
from database import tenancy
from dev.run import free_port
from dev.smtp import Inbox, smtp
from identity.actor import Actor
from tests import builders, template
from tests.api import Api
from tests.demo import facts_of_run
from tests.processes import Running, palpate

NOW = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--drill", action="store_true", help="run the long forms of the tests that have one, alone")


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    from tests.groups import ByFile

    return ByFile(config, log) if config.getvalue("dist") == "loadgroup" else None


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the drills for `--drill`, and nothing else then; put long tests first (after `pytest-randomly`)."""
    wanted = bool(config.getoption("--drill"))
    others = [item for item in items if ("drill" in item.keywords) is not wanted]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if ("drill" in item.keywords) is wanted]
    items.sort(key=lambda item: "long" not in item.keywords)  # so that the workers end at about the same time
    if not wanted:
        for item in items:
            if "processes" in item.keywords or item.nodeid.startswith("tests/browser/"):
                item.add_marker(pytest.mark.flaky(reruns=1))  # a machine that is busy may be late once, not twice


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any, worker_id: str) -> Iterator[None]:
    """A database of this worker's own, copied from a template that the first worker makes."""
    admin = os.environ.get("DATABASE_ADMIN_URL")
    if not admin:
        pytest.exit("The tests want a PostgreSQL of their own: run them with `make test ARGS=...`.", returncode=2)
    name = f"palpate_{worker_id}"
    with psycopg.connect(admin, autocommit=True) as connection:
        connection.execute("SELECT pg_advisory_lock(20261120)")
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [template.NAME]).fetchone():
            with django_db_blocker.unblock():
                make_template(connection, admin)
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER palpate_owner").format(
                sql.Identifier(name), sql.Identifier(template.NAME)
            )
        )
        with psycopg.connect(admin, dbname=name, autocommit=True) as own:
            forbid_making_things(own, name)  # as `prepare_database` does; a copy has not got it
        connection.execute("SELECT pg_advisory_unlock(20261120)")
    with django_db_blocker.unblock():
        point_at(name)
    yield
    with django_db_blocker.unblock():
        close_all()


def make_template(connection: psycopg.Connection[Any], admin: str) -> None:
    """Make the template from the dump of an earlier run if there is one, else by migrating; then keep a dump."""
    name, url, path = sql.Identifier(template.NAME), template.url(admin), template.cache()
    create = sql.SQL("CREATE DATABASE {} TEMPLATE palpate OWNER palpate_owner").format(name)
    connection.execute(create)
    if dump := template.read(path):
        with contextlib.suppress(subprocess.CalledProcessError):
            template.fill_database(url, dump)
            return
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
        connection.execute(create)
    point_at(template.NAME)
    call_command("migrate", verbosity=0)
    call_command("load_catalogue", stdout=io.StringIO())
    close_all()
    template.keep(path, template.dump_database(url))


def point_at(database: str) -> None:
    close_all()
    for alias in ("default", "owner"):
        connections[alias].settings_dict["NAME"] = database


def close_all() -> None:
    for alias in ("default", "owner"):
        connections[alias].close()
        if hasattr(connections[alias], "close_pool"):
            connections[alias].close_pool()


@pytest.fixture(autouse=True)
def fast_enough(settings: Any, worker_id: str) -> None:
    """No limits and no slow hashing where a test is about something else; each worker counts in a Redis of its own."""
    number = int(worker_id.removeprefix("gw")) + 1 if worker_id.startswith("gw") else 15
    own = {**settings.CACHES["default"], "LOCATION": settings.REDIS_URL.replace("db=0", f"db={number}")}
    settings.CACHES = {"default": own}
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    settings.PASSWORD_HASHERS = quick_hashers()


def quick_hashers() -> list[str]:
    """Argon2 is slow on purpose; one test signs in with it."""
    from django.conf import settings

    quick = "django.contrib.auth.hashers.MD5PasswordHasher"
    return [quick, *(name for name in settings.PASSWORD_HASHERS if name != quick)]


@dataclass(frozen=True)
class Cast:
    """A small cast of people in two clinics, and a program in the first."""

    clinic: Clinic
    other_clinic: Clinic
    owner: User
    therapist: User
    colleague: User
    staff: User
    stranger: User
    program: ApiClient
    writer: ApiClient

    def actor(self, user: User | None = None, *, clinic: Clinic | None = None) -> Actor:
        """The person as an action's `by`; the therapist, if nobody is named."""
        from accounts.policies import actor_for_person

        home = clinic or self.clinic
        with tenancy.scope(home.pk):
            who = user or self.therapist
            actor = actor_for_person(who, home.pk, ip="203.0.113.7", request_id="test", proved_at=timezone.now())
        assert actor is not None
        return actor


def make_cast(suffix: str = "") -> Cast:
    clinic = builders.clinic(slug=f"harbour{suffix}", name="Harbour Clinic")
    other = builders.clinic(slug=f"hill{suffix}", name="Hill Practice")
    people = {}
    for name, home, role in [
        ("owner", clinic, "owner"),
        ("therapist", clinic, "therapist"),
        ("colleague", clinic, "therapist"),
        ("staff", clinic, "staff"),
        ("stranger", other, "therapist"),
    ]:
        people[name] = builders.user(f"{name}{suffix}@example.org", name.title())
        with tenancy.scope(home.pk):
            Membership.objects.create(clinic=home, user=people[name], role=role)
    return Cast(
        clinic=clinic,
        other_clinic=other,
        program=builders.program(clinic, scopes="patients:read records:read records:export"),
        writer=builders.program(clinic, acts_for=people["therapist"]),
        **people,
    )


@pytest.fixture(scope="session")
def committed_once(django_db_setup: None, django_db_blocker: Any) -> Callable[[Callable[[], Any]], Any]:
    """
    Commits what a function makes, before the first test that asks for it begins its transaction.

    For fixtures of the session: each test gets a copy of what was made (`copy.deepcopy`) and is rolled back.
    """

    def commit(make: Callable[[], Any]) -> Any:
        with django_db_blocker.unblock(), override_settings(PASSWORD_HASHERS=quick_hashers()):
            made = make()
            connections["default"].close()
        return made

    return commit


@pytest.fixture(scope="session")
def committed_cast(committed_once: Callable[[Callable[[], Any]], Any]) -> Cast:
    cast: Cast = committed_once(make_cast)
    return cast


@pytest.fixture
def cast(committed_cast: Cast, db: None) -> Cast:
    return copy.deepcopy(committed_cast)


@pytest.fixture
def in_clinic(cast: Cast) -> Iterator[Cast]:
    """Inside the first clinic's transaction, for tests that call actions and look at rows."""
    with tenancy.scope(cast.clinic.pk):
        yield cast


@pytest.fixture
def api(cast: Cast) -> Callable[..., Api]:
    """`api()` is the therapist's API; `api(cast.staff)`, `api(cast.program)` somebody else's; `api(None)` nobody's."""

    def make(who: User | ApiClient | str | None = "therapist") -> Api:
        return Api(cast.therapist if who == "therapist" else who)

    return make


@pytest.fixture
def patient(cast: Cast) -> UUID:
    """A patient of the first clinic."""
    with tenancy.scope(cast.clinic.pk):
        return builders.patient(cast.actor()).pk


@pytest.fixture(scope="session")
def whole_stack(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A complete Palpate of real processes, one for all tests that want one; `tests.groups` keeps these together."""
    environment = dict(os.environ)
    with palpate(tmp_path_factory.mktemp("palpate"), facts_of_run(tmp_path_factory)) as running:
        os.environ.update(environment)  # this stack stays up while other tests of the worker want their own servers
        yield running


@pytest.fixture
def inbox(settings: Any) -> Iterator[Inbox]:
    """A real SMTP server of the test's own, to which Palpate sends."""
    settings.EMAIL_BACKEND = "messaging.providers.mail.NotingBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", free_port()
    settings.DEFAULT_FROM_EMAIL = "messages@palpate.example"
    settings.SMS_PROVIDER = "mail_gateway"
    settings.SMS_MAIL_GATEWAY = "sms.example"
    with smtp(settings.EMAIL_PORT) as found:
        yield found
