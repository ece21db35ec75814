"""
How the costs grow with the past: one clinic with a few patients and one with very many, the same reads of both.

`make bench ARGS=scale` fills both (200,000 patients take ten minutes and 5 GB) and prints a table; `ARGS="scale 20000"`
stops at that many. On a busy machine only the buffers say something (blocks that PostgreSQL touched, read as the
application's role), and the growth of a row.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from dev.stack import PYTHON, ROOT, Stack, say

FEW, MANY = 2_000, 200_000
ROUNDS = 7
SEED = Path(__file__).with_suffix(".sql")


def run(parts: list[str]) -> None:
    many = next((int(part) for part in parts if part.isdigit()), MANY)
    with tempfile.TemporaryDirectory(prefix="palpate-bench-") as folder, Stack(Path(folder) / "data") as stack:
        assert stack.postgres is not None
        stack.prepare()
        tables = []
        for patients in (FEW, many):
            name = f"scale_{patients}"
            with psycopg.connect(stack.postgres.admin_url, autocommit=True) as admin:
                admin.execute(f"CREATE DATABASE {name} TEMPLATE palpate OWNER palpate_owner")
            say(f"filling in {patients:,} patients and their past ...")
            seed(stack.postgres.url("postgres", name), patients)
            environment = {
                **stack.environment,
                "DATABASE_URL": stack.postgres.url("palpate_app", name),
                "DATABASE_OWNER_URL": stack.postgres.url("palpate_owner", name),
            }
            command = [PYTHON, "-m", "bench.scale"]
            measured = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
            tables.append([Row(**row) for row in json.loads(measured.stdout)])
        print_tables(*tables, sizes=(FEW, many))


def seed(url: str, patients: int) -> None:
    """Fill an empty, migrated database, as its superuser."""
    from bench.data import START, session_content

    content = session_content(1, START)
    # What is "n" here gets a value of its own in each document.
    document = json.dumps(
        {"id": "n", "previous_sha256": "n", "signed_by": {"id": "n"}, "content": content}, default=str
    )
    with psycopg.connect(url, autocommit=True) as link:
        values = [str(patients), document]
        link.execute("SELECT set_config('bench.patients', %s, false), set_config('bench.document', %s, false)", values)
        link.execute(SEED.read_text())  # without values, so that it may be many statements
        link.execute("VACUUM ANALYZE")


# --- One database ---------------------------------------------------------------------------------------------


@dataclass
class Row:
    """
    What one read, or one run of a periodic task, costs.

    :ivar median_ms: of seven after one that warms up; of one for what can be done once only
    :ivar buffers: blocks that its SELECTs touch, by EXPLAIN in the same transaction; None where it was not asked
    """

    name: str
    median_ms: float
    statements: int
    buffers: int | None


def measure(name: str, act: Callable[[], Any], *, rounds: int = ROUNDS, buffers: bool = True) -> Row:
    durations_ms = []
    if rounds > 1:
        act()
    for _round in range(rounds):
        started = time.perf_counter()
        act()
        durations_ms.append(1000 * (time.perf_counter() - started))
    touched, statements = count_buffers(act) if buffers else (None, 0)
    return Row(name, statistics.median(durations_ms), statements, touched)


def count_buffers(act: Callable[[], Any]) -> tuple[int, int]:
    """Run it once more, each SELECT explained before; returns how many blocks they touched, and how many statements."""
    from django.db import connection

    touched, statements = 0, 0

    def explain(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        nonlocal touched, statements
        statements += 1
        text = sql.strip() if isinstance(sql, str) else ""
        if text.startswith(("SELECT", "WITH")) and "set_config" not in text and " FOR " not in text:
            with connection.connection.cursor() as cursor:  # not the statement's own, which may be one of the server's
                cursor.execute("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) " + text, params)
                plan = cursor.fetchone()[0]
            touched += plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        act()
    return touched, statements


@contextmanager
def longest_wait(clinic_id: Any, programme_id: Any) -> Iterator[list[float]]:
    """How long somebody who wants to change a programme by hand would have waited at most, in ms, while this lasts."""
    waits: list[float] = []
    over = threading.Event()

    def want() -> None:
        with psycopg.connect(os.environ["DATABASE_URL"]) as link:
            while not over.is_set():
                started = time.perf_counter()
                with link.transaction():
                    link.execute("SELECT set_config('palpate.clinic_id', %s, true)", [str(clinic_id)])
                    link.execute("SELECT 1 FROM homecare_programme WHERE id = %s FOR NO KEY UPDATE", [programme_id])
                waits.append(1000 * (time.perf_counter() - started))
                time.sleep(0.02)

    thread = threading.Thread(target=want)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


def inside() -> list[Row]:
    import django

    django.setup()
    from django.conf import settings
    from django.utils import timezone

    from accounts.models import Clinic, User
    from api.cursors import write_cursor
    from database import tenancy
    from homecare import periodic as home
    from homecare.models import Programme
    from patients.models import Patient
    from records.models import Record
    from scheduling import periodic as desk
    from scheduling.models import Appointment

    settings.ALLOWED_HOSTS, settings.API_REQUESTS_PER_MINUTE = ["*"], 100_000_000
    settings.SECOND_FACTOR_FROM = None  # nobody signs in here
    clinic = Clinic.objects.get(slug="scale")
    people = {role: User.objects.get(email=f"scale{n}@bench.example") for role, n in WHO.items()}
    with tenancy.scope(clinic.pk):
        count = Patient.objects.count()
        visit = Appointment.objects.filter(starts_at__lt=timezone.now()).order_by("-starts_at").first()
        records = Record.objects.order_by("sequence").values_list(
            "pk", "patient_id", "subject_id", "sequence", "signed_at"
        )
        record, last = records[Record.objects.count() // 2], records.last()
        patient = Patient.objects.get(pk=visit.patient_id)
        held = Programme.objects.filter(status="active").order_by("pk").first()
    web, api = pages(people), program(clinic, people["therapist"])
    today = timezone.localdate()

    def get(role: str, path: str) -> Callable[[], Any]:
        return lambda: expect(web[role].get(path))

    def ask(path: str) -> Callable[[], Any]:
        return lambda: expect(api("GET", path))

    rows = []
    with longest_wait(clinic.pk, held.pk) as waits:
        rows.append(
            measure("1 planning of the day, all", lambda: home.look_after(str(clinic.pk)), rounds=1, buffers=False)
        )
    rows.append(Row("1 longest wait of a hand beside it", max(waits), 0, None))
    since = (timezone.now() - timedelta(hours=2)).isoformat().replace("+00:00", "Z")
    old = (timezone.now() - timedelta(days=900)).isoformat().replace("+00:00", "Z")
    year, weeks = today - timedelta(days=365), today - timedelta(days=27)
    rows += [
        measure("6 planning, nothing to do", lambda: home.look_after(str(clinic.pk))),
        measure("3 admin: a patient's trail", get("owner", f"/admin/patients/patient/{patient.pk}/history/")),
        measure("3 admin: a row's trail", get("owner", f"/admin/scheduling/appointment/{visit.pk}/history/")),
        measure("4 admin: audit list", get("owner", "/admin/audit/auditevent/")),
        measure("4 admin: audit, refused", get("owner", "/admin/audit/auditevent/?outcome__exact=refused")),
        measure("4 admin: messages", get("owner", "/admin/messaging/message/")),
        measure("5 figures of a year", get("owner", f"/figures/?first={year}&last={today}")),
        measure("5 figures of 4 weeks", ask(f"scheduling/figures/?first={weeks}&last={today}")),
        measure("8 records/head/", ask("records/head/")),
        measure("10 Today, owner", get("owner", "/")),
        measure("10 Today, therapist", get("therapist", "/")),
        measure("10 Today, desk", get("staff", "/")),
        measure(
            "11 admin: records by id",
            lambda: expect(web["owner"].post("/admin/records/record/", {"q": str(record[2])})),
        ),
        measure("12 feed since two hours", ask(f"records/?since={since}")),
        measure("12 feed since 900 days", ask(f"records/?since={old}")),
        measure("14 worklist", get("staff", "/worklist/")),
        measure("15 messages: the next day", get("staff", "/messages/next/")),
        measure("16 messages, failed", ask("messages/?state=failed")),
        measure("16 messages, problems", get("staff", "/messages/?show=trouble")),
        measure("16 messages, uncertain", get("staff", "/messages/?show=uncertain")),
        measure("17 desk's sweep", lambda: desk.sweep(str(clinic.pk)), rounds=3),
        measure("18 calendar, week", get("staff", "/calendar/?view=week")),
        measure("history", ask(f"patients/{patient.pk}/history/")),
        measure("feed, first page", ask("records/")),
        measure("feed, last page", ask(f"records/?cursor={write_cursor([last[3] - 20], '/api/v1/records/')}")),
        measure("patient page", get("therapist", f"/patients/{patient.pk}/")),
        measure("patients, API", ask("patients/")),
        measure("appointments, API", ask(f"appointments/?therapist_id={visit.therapist_id}")),
        measure("worklist, API", ask("worklist/")),
        measure("messages, API", ask("messages/")),
        measure("a patient's programmes, API", ask(f"patients/{held.patient_id}/programmes/")),
    ]
    say(f"measured {count:,} patients")
    return rows


WHO = {"therapist": 1, "owner": 33, "staff": 34}


def pages(people: dict[str, Any]) -> dict[str, Any]:
    """A signed-in browser of each role."""
    from django.test import Client

    browsers = {}
    for role, user in people.items():
        browsers[role] = Client()
        browsers[role].force_login(user)
    return browsers


def program(clinic: Any, therapist: Any) -> Callable[[str, str], Any]:
    """A program that may read all of the clinic; call it with a method and a path under the API's root."""
    import secrets

    from django.test import Client
    from django.utils import timezone
    from oauth2_provider.models import AccessToken

    from accounts.models import ApiClient
    from accounts.rules import SCOPES

    client = ApiClient.objects.create(
        clinic=clinic,
        name="scale",
        allowed_scopes=" ".join(SCOPES),
        client_type=ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=ApiClient.GRANT_CLIENT_CREDENTIALS,
    )
    token, expires = secrets.token_urlsafe(24), timezone.now() + timedelta(hours=2)
    AccessToken.objects.create(application=client, token=token, scope=client.allowed_scopes, expires=expires)
    caller = Client(headers={"Authorization": f"Bearer {token}"})
    return lambda method, path: caller.generic(method, f"/api/v1/{path}")


def expect(answer: Any) -> None:
    assert answer.status_code == 200, (answer.request["PATH_INFO"], answer.status_code, answer.headers)


# --- The table ------------------------------------------------------------------------------------------------


def print_tables(few: list[Row], many: list[Row], *, sizes: tuple[int, int]) -> None:
    print(f"\nThe same reads with {sizes[0]:,} and with {sizes[1]:,} patients; the numbers are rows of docs/scaling.md")
    print(f"  {'':<34} {'ms':>9} {'ms':>9} {'growth':>7} {'buffers':>9} {'buffers':>9} {'growth':>7}   statements")
    for one, other in zip(few, many, strict=True):
        line = f"  {one.name:<34} {one.median_ms:>9.1f} {other.median_ms:>9.1f} {other.median_ms / one.median_ms:>7.1f}"
        if one.buffers is not None and other.buffers is not None:
            growth = other.buffers / max(one.buffers, 1)
            line += f" {one.buffers:>9} {other.buffers:>9} {growth:>7.1f}   {one.statements} {other.statements}"
        print(line)


if __name__ == "__main__":
    print(json.dumps([asdict(row) for row in inside()]))
