"""
Palpate beside plain DRF and beside the bare limit, on the same PostgreSQL, the same gunicorn settings, the same data.

Each pair runs in turn, several times; the medians' ratios are printed. The machine's own speed cancels out.
`make bench ARGS=screen` measures the exam screen only, `ARGS=safety` the safety check, `ARGS=reminders` the reminders,
`ARGS=desk` the calendar, `ARGS=api` the API. `ARGS=scale` alone fills 200,000 patients and shows what grows.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from bench import desk, reminders, safety, scale, screen
from bench.data import exam_body
from bench.load import Connection, Figures, drive, http
from dev.servers import CannotStart, dying_with_parent
from dev.stack import PYTHON, ROOT, Stack, say
from dev.stopping import stop_on_signals

ROUNDS = 3
SECONDS = 4.0
GUNICORN = ["--workers", "2", "--no-control-socket", "--preload"]
# Palpate as `make run` and the image start it; what stands beside it as plain Django would be.
WORKERS = {"clinic.asgi": ["--worker-class", "clinic.serving.Worker"]}
PLAIN_WORKERS = ["--threads", "4", "--worker-class", "gthread"]


def main() -> int:
    stop_on_signals()
    for name in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL"):
        os.environ.pop(name, None)
    parts = sys.argv[1:] or ["safety", "screen", "reminders", "desk", "api"]
    if "safety" in parts:
        safety.report()
    if "screen" in parts:
        screen.run()
    if "reminders" in parts:
        reminders.run()
    if "desk" in parts:
        desk.run()
    if "scale" in parts:
        scale.run(parts)
    if "api" not in parts:
        return 0
    with tempfile.TemporaryDirectory(prefix="palpate-bench-") as folder:
        try:
            with Stack(Path(folder) / "data") as stack:
                run(stack)
        except CannotStart as refusal:
            say(str(refusal))
            return 1
    return 0


def run(stack: Stack) -> None:
    assert stack.postgres is not None
    stack.environment["API_REQUESTS_PER_MINUTE"] = "100000000"
    say("preparing the database ...")
    stack.prepare()
    say("recording and signing the sessions ...")
    facts = json.loads(bench_data(stack, "palpate", {}))
    with psycopg.connect(stack.postgres.admin_url, autocommit=True) as admin:
        admin.execute("CREATE DATABASE plain")
        admin.execute("CREATE DATABASE bare")
    plain = {
        "PLAIN_DATABASE_URL": stack.postgres.url("postgres", "plain"),
        "DJANGO_SETTINGS_MODULE": "bench.plain.settings",
    }
    bare = {"BARE_DATABASE_URL": stack.postgres.url("postgres", "bare")}
    with (
        serve("clinic.asgi", 18101, stack.environment),
        serve("bench.plain.wsgi", 18102, {**stack.environment, **plain}),
        serve("bench.bare", 18103, {**stack.environment, **bare}),
    ):
        token = {"Authorization": f"Bearer {facts['token']}"}
        first_page, everything = pull_palpate(token, facts)
        say("copying the same data to plain DRF and to the limit ...")
        bench_data(stack, "plain", plain, stdin=json.dumps(everything))
        load_bare(bare["BARE_DATABASE_URL"], facts["patients"][0], first_page)
        history(token, facts["patients"][0], bare["BARE_DATABASE_URL"])
        full_pull(token, len(everything))
        post(token, facts["patients"])


# --- The three measurements -----------------------------------------------------------------------------------


def history(token: dict[str, str], patient: str, bare_url: str) -> None:
    ours = http("GET", f"/api/v1/patients/{patient}/history/?kind=session", token)
    plain = http("GET", f"/sessions/?patient={patient}", {})
    bare = http("GET", f"/?patient={patient}", {})
    rows: dict[str, list[Figures]] = {"palpate": [], "plain DRF": [], "bare, served": []}
    direct = []
    for _ in range(ROUNDS):
        rows["palpate"].append(drive(18101, ours, seconds=SECONDS))
        rows["plain DRF"].append(drive(18102, plain, seconds=SECONDS))
        rows["bare, served"].append(drive(18103, bare, seconds=SECONDS))
        direct.append(through_psycopg(bare_url, patient))
    print("\nHistory page: 50 signed sessions of 7 rows, 8 connections")
    table(rows)
    print(f"  {'bare, psycopg only':<20} {statistics.median(direct):>8.0f} /s   no HTTP at all, 8 threads")
    mine = rate(rows["palpate"])
    ratio("palpate / plain DRF", mine / rate(rows["plain DRF"]), "aim: at least 8")
    ratio("palpate / bare, served by the same gunicorn", mine / rate(rows["bare, served"]), "aim: at least 0.30")
    ratio("palpate / bare, psycopg only", mine / statistics.median(direct), "")


def full_pull(token: dict[str, str], count: int) -> None:
    def ours() -> int:
        connection, path, got = Connection(18101), "/api/v1/records/?kind=session&limit=200", 0
        while path:
            page = json.loads(connection.ask(http("GET", path, token))[1])
            got += len(page["results"])
            path = page["next"] and "/" + page["next"].split("/", 3)[3]
        return got

    def plain() -> int:
        connection, path, got = Connection(18102), "/sessions/?page_size=200", 0
        while path:
            page = json.loads(connection.ask(http("GET", path, {}))[1])
            got += len(page["results"])
            path = page["next"] and "/" + page["next"].split("/", 3)[3]
        return got

    seconds: dict[str, list[float]] = {"palpate": [], "plain DRF": []}
    for _ in range(ROUNDS * 3):
        for name, pull in (("palpate", ours), ("plain DRF", plain)):
            started = time.perf_counter()
            if pull() != count:
                raise CannotStart(f"{name} did not give {count} sessions")
            seconds[name].append(time.perf_counter() - started)
    print(f"\nFull pull: {count} sessions in pages of 200, one client, parsed")
    for name, times in seconds.items():
        print(f"  {name:<20} {1000 * statistics.median(times):>8.0f} ms")
    faster = statistics.median(seconds["plain DRF"]) / statistics.median(seconds["palpate"])
    ratio("plain DRF's time / palpate's", faster, "aim: at least 6")


def post(token: dict[str, str], patients: list[str]) -> None:
    body = exam_body("2026-11-01T09:30:00Z")
    ours = http("POST", f"/api/v1/patients/{patients[1]}/assessments/", token, json.dumps(body).encode())
    plain = http("POST", "/assessments/", {}, json.dumps({**body, "patient": patients[1]}).encode())
    rows: dict[str, list[Figures]] = {"palpate": [], "plain DRF": []}
    for _ in range(ROUNDS):
        rows["palpate"].append(drive(18101, ours, seconds=SECONDS, connections=4, status=201))
        rows["plain DRF"].append(drive(18102, plain, seconds=SECONDS, connections=4, status=201))
    print("\nAssessment POST: 6 findings with 2 referral zones each, 4 connections")
    table(rows)
    ratio("palpate / plain DRF", rate(rows["palpate"]) / rate(rows["plain DRF"]), "aim: at least 1")


# --- Around them ----------------------------------------------------------------------------------------------


def rate(rows: list[Figures]) -> float:
    return statistics.median(row.requests_per_s for row in rows)


def table(rows: dict[str, list[Figures]]) -> None:
    for name, figures in rows.items():
        p50 = statistics.median(f.p50_ms for f in figures)
        p99 = statistics.median(f.p99_ms for f in figures)
        size = figures[0].bytes_each
        print(f"  {name:<20} {rate(figures):>8.0f} /s   p50 {p50:>6.1f} ms   p99 {p99:>6.1f} ms   {size:>7} bytes")


def ratio(name: str, value: float, aim: str) -> None:
    print(f"  {name}: {value:.2f}" + (f" ({aim})" if aim else ""))


def through_psycopg(url: str, patient: str) -> float:
    """Pages a second with psycopg alone: 8 threads in two processes."""
    command = [PYTHON, "-m", "bench.direct", url, patient, str(SECONDS)]
    running = [subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return sum(float(process.communicate()[0]) for process in running)


@contextmanager
def serve(module: str, port: int, environment: dict[str, str]) -> Iterator[None]:
    command = [PYTHON, "-m", "gunicorn", module, "--bind", f"127.0.0.1:{port}", "--log-level", "error"]
    command += GUNICORN + WORKERS.get(module, PLAIN_WORKERS)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    process = subprocess.Popen(dying_with_parent(command), cwd=ROOT, env=environment, **quiet)
    try:
        for _ in range(200):
            try:
                Connection(port)
                break
            except OSError:
                time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(20)


def bench_data(stack: Stack, which: str, extra: dict[str, str], stdin: str | None = None) -> str:
    command = [PYTHON, "-m", "bench.data", which]
    environment = {**stack.environment, **extra}
    process = subprocess.run(command, cwd=ROOT, env=environment, input=stdin, capture_output=True, text=True)
    if process.returncode != 0:
        raise CannotStart(f"the bench's data could not be made:\n{process.stderr[-2000:]}")
    return process.stdout


def pull_palpate(token: dict[str, str], facts: dict[str, Any]) -> tuple[bytes, list[dict[str, Any]]]:
    connection = Connection(18101)
    history = connection.ask(http("GET", f"/api/v1/patients/{facts['patients'][0]}/history/?kind=session", token))[1]
    records, path = [], "/api/v1/records/?kind=session&limit=200"
    while path:
        page = json.loads(connection.ask(http("GET", path, token))[1])
        records += page["results"]
        path = page["next"] and "/" + page["next"].split("/", 3)[3]
    return history, records


def load_bare(url: str, patient: str, page: bytes) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE page (patient text, place int, document bytea, PRIMARY KEY (patient, place))")
        for place, record in enumerate(json.loads(page)["results"]):
            row = [patient, place, json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode()]
            connection.execute("INSERT INTO page VALUES (%s, %s, %s)", row)


if __name__ == "__main__":
    sys.exit(main())
