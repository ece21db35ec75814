"""A whole Palpate of its own for a test: real servers, real processes, killed and started again."""

from __future__ import annotations

import concurrent.futures
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from dev.run import Processes, free_port, post_office
from dev.stack import Stack
from tests import demo, template
from tests.commands import read_first

TICK_S = "1"  # so often beat looks for what is due, in the tests' stacks


def client_of(url: str, facts: dict[str, Any], name: str) -> httpx.Client:
    """A program of the first demo clinic, with its token."""
    program = next(c for c in facts["clients"] if c["client_id"] == f"harbour-{name}")
    answer = httpx.post(
        f"{url}/oauth/token/",
        data={"grant_type": "client_credentials"},
        auth=(program["client_id"], program["client_secret"]),
        timeout=30,
    )
    headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
    return httpx.Client(base_url=f"{url}/api/v1", headers=headers, timeout=20, event_hooks={"request": [read_first]})


class Running:
    """Its address, its facts, and ways to hurt it."""

    def __init__(self, stack: Stack, processes: Processes, url: str, facts: dict[str, Any], inbox: str) -> None:
        self.stack, self.processes, self.url, self.facts, self.inbox = stack, processes, url, facts, inbox
        self.clients: list[httpx.Client] = []

    def client(self, name: str) -> httpx.Client:
        """A program of the first demo clinic, with its token."""
        self.clients.append(client_of(self.url, self.facts, name))
        return self.clients[-1]

    def ask_for_tokens(self) -> set[int]:
        """What eight programs at a time, one for each thread of both web processes, are answered."""
        program = self.facts["clients"][0]
        secret = (program["client_id"], program["client_secret"])
        grant = {"grant_type": "client_credentials"}

        def ask(_: int) -> int:
            return httpx.post(f"{self.url}/oauth/token/", data=grant, auth=secret, timeout=20).status_code

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            return set(pool.map(ask, range(8)))

    def kill(self, name: str) -> None:
        """SIGKILL to the process and all that it started."""
        os.killpg(self.processes.running[name].pid, signal.SIGKILL)
        self.processes.running[name].wait()

    def restart(self, name: str) -> None:
        self.processes.start(name)

    def kill_postgres(self) -> None:
        assert self.stack.postgres is not None
        postmaster = self.stack.postgres.postmaster_pid
        children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text().split()
        os.kill(postmaster, signal.SIGKILL)
        assert self.stack.postgres.process is not None
        self.stack.postgres.process.wait()
        end = time.monotonic() + 30
        while any(Path(f"/proc/{child}").exists() for child in children) and time.monotonic() < end:
            time.sleep(0.1)  # no event tells when its children have noticed; a new one refuses to start beside them

    @contextmanager
    def frozen(self, name: str) -> Iterator[None]:
        """PostgreSQL or Valkey with SIGSTOP: every connection stays open, and nothing answers."""
        if name == "postgres":
            assert self.stack.postgres is not None
            first = self.stack.postgres.postmaster_pid
        else:
            assert self.stack.valkey is not None
            assert self.stack.valkey.process is not None
            first = self.stack.valkey.process.pid
        os.kill(first, signal.SIGSTOP)  # first, so that it starts no other
        children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        for child in children:
            os.kill(int(child), signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in [*map(int, children), first]:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def browser(self, role: str = "therapist") -> httpx.Client:
        """Somebody of the first demo clinic, signed in as in a browser."""
        user = next(user for user in self.facts["users"] if role in user["role"])
        client = httpx.Client(base_url=self.url, timeout=20)
        self.clients.append(client)
        client.get("/account/login/")
        form = {"login": user["email"], "password": user["password"], "csrfmiddlewaretoken": client.cookies["csrf"]}
        assert client.post("/account/login/", data=form).status_code == 302
        return client

    def start_postgres(self) -> None:
        assert self.stack.postgres is not None
        self.stack.postgres.start()

    def mails(self) -> list[dict[str, str]]:
        """What was sent, newest first."""
        found: list[dict[str, str]] = httpx.get(f"{self.inbox}/mails.json", timeout=30).json()
        return found

    def wait(self, seconds: float = 30) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                if httpx.get(f"{self.url}/readyz", timeout=3).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
        raise TimeoutError

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [".venv/bin/python", "manage.py", *arguments],
            env=self.stack.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout


@contextmanager
def without_servers() -> Iterator[None]:
    """Forget the tests' own PostgreSQL and Redis, so that a stack starts its own."""
    names = ("DATABASE_URL", "DATABASE_OWNER_URL", "DATABASE_ADMIN_URL", "REDIS_URL", "SECRET_KEY", "ENCRYPTION_KEYS")
    kept = {name: os.environ.pop(name) for name in names if name in os.environ}
    try:
        yield
    finally:
        os.environ.update(kept)


def migrated() -> Callable[[Stack], None]:
    """
    Return what fills a new stack's database with a dump of the tests' template.

    To migrate costs 15 to 25 seconds of a processor, a dump and its restore one or two. What a stack prepares after it
    finds all done.
    """
    return filling(
        template.read(template.cache()) or template.dump_database(template.url(os.environ["DATABASE_ADMIN_URL"]))
    )


def filling(dump: bytes) -> Callable[[Stack], None]:
    def fill(stack: Stack) -> None:
        assert stack.postgres is not None
        stack.manage("prepare_database", quiet=True)  # the roles, which a dump only names
        template.fill_database(stack.postgres.url("postgres", "palpate"), dump)

    return fill


@contextmanager
def palpate(folder: Path, shared_facts: Path) -> Iterator[Running]:
    """Start one with the run's demo, and with the keys that its rows belong to."""
    fill = filling(demo.dump(shared_facts))
    (folder / "data").mkdir()
    shutil.copy(demo.secrets(), folder / "data" / "secrets.json")
    with without_servers():
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        with Stack(folder / "data") as stack:
            stack.environment |= {"ALLOWED_HOSTS": "127.0.0.1,localhost", "PUBLIC_URL": url, "TICK_S": TICK_S}
            inbox = post_office(stack, free_port())
            facts = stack.data / "demo.json"
            shutil.copy(shared_facts, facts)
            fill(stack)
            with Processes(stack, port) as processes:
                stack.manage("prepare", "--demo", str(facts), "--url", url, quiet=True)
                processes.wait_until_ready(url)
                running = Running(stack, processes, url, json.loads(facts.read_text()), inbox)
                try:
                    yield running
                finally:
                    for client in running.clients:
                        client.close()
