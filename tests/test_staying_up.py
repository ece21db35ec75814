"""What keeps Palpate up when clients or its servers are slow, on the processes that `make run` starts."""

from __future__ import annotations

import concurrent.futures
import contextlib
import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from tests.clinic.test_bodies import LARGE, all_paths
from tests.drills import small_or_drill

MB = 2**20
pytestmark = [pytest.mark.processes, pytest.mark.long]


@pytest.fixture(scope="session")
def running(whole_stack):
    return whole_stack


def web_memory_mb(running) -> float:
    """The resident memory of the web workers together."""
    arbiter = running.processes.running["web"].pid
    workers = Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split()
    lines = [Path(f"/proc/{pid}/status").read_text() for pid in workers]
    return sum(int(text.split("VmRSS:")[1].split()[0]) for text in lines) / 1024


def address(running) -> tuple[str, int]:
    return "127.0.0.1", int(running.url.rsplit(":", 1)[1])


def post_raw(running, path: str, head: str, body: bytes) -> int:
    """Send head and body as far as the server takes them, and return the status of its answer."""
    with socket.create_connection(address(running), timeout=20) as connection:
        form = "Content-Type: application/x-www-form-urlencoded\r\n"
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{form}{head}\r\n".encode())
        connection.settimeout(0.5)
        answer = b""
        with contextlib.suppress(TimeoutError):
            answer = connection.recv(4096)
        connection.settimeout(20)
        if not answer:
            with contextlib.suppress(OSError):
                connection.sendall(body)
            answer = connection.recv(4096)
        return int(answer.split(b" ", 2)[1])


@pytest.mark.parametrize("size_mb", small_or_drill(2, 60))
def test_large_bodies_take_no_memory(running, size_mb):
    paths = sorted(set(all_paths()))
    body = b"a=" + b"%41" * (size_mb * MB // 3)
    length = f"Content-Length: {len(body)}\r\n"
    before = web_memory_mb(running)
    peak = before
    wrong = {}

    for path in paths if size_mb > 25 else [*paths[::12], "/account/login/"]:
        if path == "/healthz" or (path in LARGE and size_mb <= 25):
            continue
        status = post_raw(running, path, length, body)
        peak = max(peak, web_memory_mb(running))
        if status != 413:
            wrong[path] = status

    print(f"{size_mb} MB to each route: workers {before:.0f} MB before, {peak:.0f} MB at most")
    assert wrong == {}
    assert peak - before < 100


def test_a_body_of_unknown_length_is_counted(running):
    small = b"3\r\na=1\r\n0\r\n\r\n"
    large = (b"10000\r\n" + b"a" * 2**16 + b"\r\n") * 20 + b"0\r\n\r\n"
    chunked = "Transfer-Encoding: chunked\r\n"

    assert post_raw(running, "/account/login/", chunked, small) == 403  # it was read: no CSRF token is in it
    assert post_raw(running, "/account/login/", chunked, large) == 413
    assert post_raw(running, "/api/v1/patients/", chunked, large) == 413


# --- Slow clients ----------------------------------------------------------------------------------------------

HALF_LINE = b"GET /acc"
HALF_BODY = (
    b"POST /account/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    b"Content-Length: 5000\r\n\r\na=1"
)
NEVER_READ = b"GET /static/palpate.css HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20


@contextlib.contextmanager
def slow_clients(running, count: int) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        clients = []
        for number in range(count):
            client = stack.enter_context(socket.socket())
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.settimeout(5)
            client.connect(address(running))
            client.sendall([HALF_LINE, HALF_BODY, NEVER_READ][number % 3])
            clients.append(client)
        yield clients


def seconds_for(running, path: str) -> float:
    start = time.monotonic()
    answer = httpx.get(f"{running.url}{path}", timeout=10)
    assert answer.status_code == 200
    return time.monotonic() - start


@pytest.mark.parametrize(("count", "hold_s"), small_or_drill((60, 1), (500, 30)))
def test_slow_clients_stop_nobody(running, count, hold_s):
    """Half a request line, half a body, and answers that nobody reads."""
    slowest = {"/healthz": 0.0, "/account/login/": 0.0}

    with slow_clients(running, count):
        end = time.monotonic() + hold_s
        while time.monotonic() < end:
            for path in slowest:
                slowest[path] = max(slowest[path], seconds_for(running, path))
            time.sleep(0.1)

    print(f"{count} slow clients: slowest answers {slowest}, workers {web_memory_mb(running):.0f} MB")
    assert max(slowest.values()) < 1


def test_a_silent_connection_is_closed(running):
    from clinic.serving import HEADERS_S

    with slow_clients(running, 1) as (client,):
        client.settimeout(HEADERS_S + 5)
        assert client.recv(100) == b""


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"nonsense\r\n\r\n", 400, "bad_request"),
        (b"GET /api/v1/me/ HTTP/9.9\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
        (b"g@t /api/v1/me/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400, "bad_request"),
        (
            b"BREW /oauth/token/ HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-Proto: https\r\n\r\n",
            405,
            "method_not_allowed",
        ),
        (b"GET /api/v1/me/ HTTP/1.1\r\nHost: localhost\r\nbad header\r\n\r\n", 400, "bad_request"),
        (b"GET /api/v1/" + b"a" * 9000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n", 414, "uri_too_long"),
        (b"GET /api/v1/me/ HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 99000 + b"\r\n\r\n", 431, "headers_too_large"),
        (b"GET /api/v1/me/ HTTP/1.1\r\nHost: localhost\r\n" + b"X: a\r\n" * 200 + b"\r\n", 431, "headers_too_large"),
        (b"POST /api/v1/me/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: brotli\r\n\r\n", 501, "not_implemented"),
        (b"POST /api/v1/me/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n", 400, "bad_request"),
    ],
)
def test_the_web_servers_own_refusals_are_problems(running, sent, status, code):
    with socket.create_connection(address(running), timeout=15) as client:
        client.sendall(sent)
        answer = http.client.HTTPResponse(client)  # reads a body in chunks too
        answer.begin()
        body = answer.read()

    assert answer.status == status
    assert answer.getheader("Content-Type") == "application/problem+json"
    assert json.loads(body)["code"] == code


def test_a_stopping_server_finishes_what_it_began(running):
    """SIGTERM while programs sign in: each that was connected gets its answer."""
    program = running.facts["clients"][0]
    statuses: list[int] = []

    def ask() -> None:
        secret = (program["client_id"], program["client_secret"])
        with contextlib.suppress(httpx.ConnectError):
            grant = {"grant_type": "client_credentials"}
            statuses.append(httpx.post(f"{running.url}/oauth/token/", data=grant, auth=secret, timeout=20).status_code)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    running.processes.running["web"].terminate()
    running.processes.running["web"].wait(20)
    for thread in threads:
        thread.join()
    running.restart("web")
    running.wait()

    assert set(statuses) <= {200}


# --- PostgreSQL slow or frozen ---------------------------------------------------------------------------------


class Asked:
    """What a number of requests at a time were answered, and how late."""

    def __init__(self) -> None:
        self.statuses: dict[str, set[int]] = {}
        self.slowest: dict[str, float] = {}
        self.without_retry: list[str] = []

    def ask(self, name: str, act: Callable[[], httpx.Response]) -> None:
        start = time.monotonic()
        answer = act()
        self.slowest[name] = max(self.slowest.get(name, 0), time.monotonic() - start)
        self.statuses.setdefault(name, set()).add(answer.status_code)
        if answer.status_code == 503 and name not in ("/readyz",) and "Retry-After" not in answer.headers:
            self.without_retry.append(name)

    def told(self) -> str:
        lines = [f"{name} {sorted(self.statuses[name])} in {self.slowest[name]:.2f} s" for name in self.statuses]
        return ", ".join(lines)


def ask_everything(running, tablet: httpx.Client, browser: httpx.Client, seconds: float) -> Asked:
    """Ask as a program, as a person and as a monitor, twelve at a time, for so long."""
    asked, end = Asked(), time.monotonic() + seconds
    program = running.facts["clients"][0]
    secret = (program["client_id"], program["client_secret"])
    acts: dict[str, Callable[[], httpx.Response]] = {
        "api": lambda: tablet.get("/patients/?limit=1"),
        "page": lambda: browser.get("/patients/"),
        "token": lambda: httpx.post(
            f"{running.url}/oauth/token/", data={"grant_type": "client_credentials"}, auth=secret, timeout=20
        ),
        "/healthz": lambda: httpx.get(f"{running.url}/healthz", timeout=20),
        "/readyz": lambda: httpx.get(f"{running.url}/readyz", timeout=20),
    }

    def go_on(name: str) -> None:
        while True:
            asked.ask(name, acts[name])
            time.sleep(0.1)
            if time.monotonic() > end:
                return

    names = [*acts, *["api", "page"] * 4]
    with concurrent.futures.ThreadPoolExecutor(len(names)) as pool:
        list(pool.map(go_on, names))
    return asked


@pytest.mark.parametrize("seconds", small_or_drill(6, 60))
def test_a_frozen_postgres_is_told_within_five_seconds(running, seconds):
    tablet, browser = running.client("tablet"), running.browser()
    with running.frozen("postgres"):
        asked = ask_everything(running, tablet, browser, seconds)
    start = time.monotonic()
    running.wait()
    while running.ask_for_tokens() != {200}:  # one process may have begun its pause a second after the other
        assert time.monotonic() - start < 15
        time.sleep(0.1)
    assert tablet.get("/patients/?limit=1").status_code == browser.get("/patients/").status_code == 200
    recovery = time.monotonic() - start

    print(f"PostgreSQL frozen for {seconds} s: {asked.told()}; everything back after {recovery:.1f} s")
    assert asked.statuses == {"api": {503}, "page": {503}, "token": {503}, "/healthz": {200}, "/readyz": {503}}
    assert max(asked.slowest["api"], asked.slowest["page"], asked.slowest["token"]) < 5.5
    assert asked.slowest["/healthz"] < 1
    assert asked.slowest["/readyz"] < 2.3
    assert asked.without_retry == []
    assert recovery < 10


def test_a_table_that_is_locked_stops_only_who_needs_it(running):
    """An open transaction and an ALTER TABLE that waits for it: everyone after them waits two seconds at most."""
    tablet = running.client("tablet")
    patient = tablet.get("/patients/?limit=1").json()["results"][0]["id"]
    owner = running.stack.environment["DATABASE_OWNER_URL"]
    asked = Asked()
    with psycopg.connect(owner) as reader, psycopg.connect(owner) as changer:
        reader.execute("SELECT count(*) FROM patients_patient")
        waiting = threading.Thread(target=changer.execute, args=["ALTER TABLE patients_patient ADD COLUMN more int"])
        waiting.start()
        time.sleep(0.3)
        with concurrent.futures.ThreadPoolExecutor(12) as pool:
            for _ in range(12):
                pool.submit(asked.ask, "api", lambda: tablet.get(f"/patients/{patient}/"))
            for _ in range(5):
                asked.ask("/healthz", lambda: httpx.get(f"{running.url}/healthz", timeout=20))
                time.sleep(0.3)
        reader.rollback()
        waiting.join()
        changer.rollback()

    print(f"a locked table: {asked.told()}")
    assert asked.statuses == {"api": {503}, "/healthz": {200}}
    assert asked.slowest["api"] < 5.5
    assert asked.without_retry == []
    assert tablet.get(f"/patients/{patient}/").status_code == 200


def test_a_migration_waits_two_seconds_and_tries_again(running):
    """A reader holds the table for some seconds; the migration lets others pass and is done in the end."""
    owner = running.stack.environment["DATABASE_OWNER_URL"]
    with psycopg.connect(owner) as reader:
        reader.execute("LOCK django_migrations IN ACCESS EXCLUSIVE MODE")
        release = threading.Timer(5, reader.rollback)
        release.start()
        start = time.monotonic()
        running.manage("migrate", "--verbosity", "0")
        release.join()

    assert 4 < time.monotonic() - start < 60


# --- Valkey gone or frozen -------------------------------------------------------------------------------------


def sign_in_and_unlock(running) -> float:
    """Sign in, lock, unlock with the password, and ask for a new password; return the slowest answer."""
    times = []

    def timed(act: Callable[[], httpx.Response], status: int) -> None:
        start = time.monotonic()
        answer = act()
        times.append(time.monotonic() - start)
        assert answer.status_code == status, answer.text[:300]

    user = next(user for user in running.facts["users"] if "therapist" in user["role"])
    browser = running.browser()
    token = {"csrfmiddlewaretoken": browser.cookies["csrf"]}
    timed(lambda: browser.post("/account/lock/", data=token), 302)
    timed(lambda: browser.post("/account/unlock/", data={**token, "password": "wrong"}), 403)
    timed(lambda: browser.post("/account/unlock/", data={**token, "password": user["password"]}), 302)
    timed(lambda: browser.get("/patients/"), 200)
    stranger = httpx.Client(base_url=running.url, timeout=20)
    running.clients.append(stranger)
    stranger.get("/account/password/reset/")
    reset = {"csrfmiddlewaretoken": stranger.cookies["csrf"], "email": user["email"]}
    timed(lambda: stranger.post("/account/password/reset/", data=reset), 302)
    return max(times)


@pytest.mark.parametrize("how", ["gone", "frozen"])
@pytest.mark.parametrize("seconds", small_or_drill(3, 60))
def test_without_valkey_people_get_in_and_guessing_stays_limited(running, how, seconds):
    tablet, mails = running.client("tablet"), len(running.mails())
    tablet.get("/patients/?limit=1")
    with contextlib.ExitStack() as stack:
        if how == "frozen":
            stack.enter_context(running.frozen("valkey"))
        else:
            running.stack.valkey.stop()
            stack.callback(running.stack.valkey.start)
        asked, slowest, end = Asked(), 0.0, time.monotonic() + seconds
        while time.monotonic() < end:
            slowest = max(slowest, sign_in_and_unlock(running))
            asked.ask("api", lambda: tablet.get("/patients/?limit=1"))
            asked.ask("/readyz", lambda: httpx.get(f"{running.url}/readyz", timeout=20))
            time.sleep(3)  # one address may sign in 30 times a minute
        guesses = guess_passwords(running)
        deadline = time.monotonic() + 20
        while len(running.mails()) == mails:
            assert time.monotonic() < deadline, "no mail with a link for a new password"
            time.sleep(0.2)
    running.wait()
    running.kill("web")  # with its own counters, for the tests that come after
    running.restart("web")
    running.wait()

    print(f"Valkey {how} for {seconds} s: slowest page {slowest:.2f} s, {asked.told()}")
    assert asked.statuses == {"api": {200}, "/readyz": {503}}
    assert asked.slowest["/readyz"] < 2.3
    assert slowest < 4
    assert "429" in guesses


def guess_passwords(running) -> list[str]:
    """Guess one account's password 40 times; each answer in a word."""
    user = running.facts["users"][1]
    guesser = httpx.Client(base_url=running.url, timeout=20)
    running.clients.append(guesser)
    guesser.get("/account/login/")
    token = guesser.cookies["csrf"]
    words = []
    for _ in range(40):
        form = {"login": user["email"], "password": "not this one", "csrfmiddlewaretoken": token}
        answer = guesser.post("/account/login/", data=form)
        is_limited = answer.status_code == 429 or "Too many" in answer.text
        words.append("429" if is_limited else str(answer.status_code))
    return words


# --- Read-only -------------------------------------------------------------------------------------------------

COUNTED = [
    "patients_patient",
    "records_record",
    "assessments_assessment",
    "accounts_session",
    "oauth2_provider_accesstoken",
]

READ_PAGES = ["/", "/patients/", "/worklist/", "/calendar/", "/api/v1/patients/", "/api/v1/worklist/"]
READ_IN_EMERGENCY = """
    SELECT action, code, patient_ids FROM audit_auditevent WHERE action LIKE 'emergency.%'
    OR at > now() - interval '5 minutes' AND action LIKE 'page.%' AND user_id IN (
        SELECT user_id FROM audit_auditevent WHERE action = 'emergency.enter'
    )
"""


@contextlib.contextmanager
def read_only(running) -> Iterator[psycopg.Connection[Any]]:
    """A database that takes no writes, as after a failover or with a full disk; gives a superuser's connection."""
    admin = running.stack.environment["DATABASE_ADMIN_URL"]
    reconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'palpate_app'"
    with psycopg.connect(admin, autocommit=True) as connection, psycopg.connect(admin, dbname="palpate") as reader:
        connection.execute("ALTER DATABASE palpate SET default_transaction_read_only = on")
        connection.execute(reconnect)
        try:
            yield reader
        finally:
            connection.execute("ALTER DATABASE palpate RESET default_transaction_read_only")
            connection.execute(reconnect)


def counts(reader: psycopg.Connection[Any]) -> dict[str, int]:
    reader.rollback()
    return {name: reader.execute(f"SELECT count(*) FROM {name}").fetchone()[0] for name in COUNTED}


def enter(running, role: str, **changes: str) -> tuple[httpx.Client, httpx.Response]:
    user = next(user for user in running.facts["users"] if role in user["role"])
    client = httpx.Client(base_url=running.url, timeout=20)
    running.clients.append(client)
    client.get("/emergency/")
    form = {"email": user["email"], "password": user["password"], "reason": "An ambulance asks for the medicines."}
    return client, client.post("/emergency/", data={**form, **changes, "csrfmiddlewaretoken": client.cookies["csrf"]})


def test_a_read_only_database_is_told_and_owners_read_in_an_emergency(running):
    tablet, browser = running.client("tablet"), running.browser()
    patient = tablet.get("/patients/?limit=1").json()["results"][0]["id"]
    assert "Sign in as usual" in enter(running, "owner")[1].text
    with read_only(running) as reader:
        before = counts(reader)
        asked = ask_everything(running, tablet, browser, 2)
        start = time.monotonic()
        new = {"family_name": "Never", "birth_date": "1990-01-01"}
        asked.ask("write", lambda: tablet.post("/patients/", json=new))
        asked.ask("unlock", lambda: browser.post("/account/lock/"))
        seconds = time.monotonic() - start

        refused = [enter(running, "therapist")[1], enter(running, "owner", password="wrong")[1]]
        owner, entered = enter(running, "owner")
        pages = {path: owner.get(path) for path in [*READ_PAGES, f"/patients/{patient}/"]}
        form = {"csrfmiddlewaretoken": owner.cookies["csrf"], "family_name": "Never"}
        closed = [
            owner.post("/patients/new/", data=form),
            owner.post("/api/v1/patients/", json=new),
            owner.get("/account/access/"),
        ]
        assert counts(reader) == before

    running.wait()
    assert tablet.get("/patients/?limit=1").status_code == 200
    running.manage("import_emergency_trail")
    with psycopg.connect(running.stack.environment["DATABASE_ADMIN_URL"], dbname="palpate") as reader:
        rows = reader.execute(READ_IN_EMERGENCY).fetchall()
    print(f"read-only: {asked.told()}; two writes in {seconds:.2f} s; {len(rows)} events of the emergency imported")
    refusals = {"api": {503}, "page": {503}, "token": {503}, "/readyz": {503}, "write": {503}, "unlock": {503}}
    assert asked.statuses == {**refusals, "/healthz": {200}}
    assert [answer.status_code for answer in refused] == [409, 409]
    assert entered.status_code == 302
    assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(pages, 200)
    assert "Reading in an emergency until" in pages["/patients/"].text
    assert [answer.status_code for answer in closed] == [503, 503, 503]
    actions = [action for action, _, _ in rows]
    assert actions.count("emergency.refused") == 2
    assert ("emergency.enter", "An ambulance asks for the medicines.", []) in rows
    assert any(str(patient) in map(str, patient_ids) for _, _, patient_ids in rows)
