"""
The reminders' drill: many due messages, a bad mail server, and everything else falls over meanwhile.

`make bench ARGS=reminders` runs it whole: 10,000 messages, 60 SIGKILLs, against a provider that honours keys and
against plain SMTP; then the same claims in bare SQL, and the tick's cost with 10 thousand, 100 thousand and a million
occurrences to come. A smaller one is a test.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from backups.programs import dying_with_parent
from dev.run import free_port
from dev.smtp import KEY_HEADER
from dev.stack import PYTHON, ROOT, Stack, say

SEED = """
    WITH clinic AS (
        INSERT INTO accounts_clinic (slug, name, country, time_zone, locale, rule_set, pressure_unit)
        VALUES (%(slug)s, 'Drill', 'GB', 'Europe/London', 'en-GB', 'delphi2018_any2', 'kPa') RETURNING id
    ), sending AS (
        INSERT INTO messaging_sending (clinic_id, reply_to, quiet_from, quiet_until, late_after_min, most_a_day,
            per_minute, when_unknown, window_used)
        SELECT id, '', '00:00', '00:00', 1440, 1000, 1000000, %(policy)s, 0 FROM clinic
    ), patients AS (
        INSERT INTO patients_patient (clinic_id, family_name, given_names, sex, pronouns, language, time_zone, email,
            consent_email, consent_sms, consent_phone, address_line, city, state, postal_code, country, emergency_name,
            emergency_relationship, emergency_phone, status, sort_name, revision)
        SELECT clinic.id, 'Drill', '', 'unknown', '', '', '', 'p' || n || '@mail.example', 'granted', 'not_asked',
            'not_asked', '', '', '', '', '', '', '', '', 'in_care', 'drill ' || n, 1
        FROM clinic, generate_series(1, %(count)s) AS n RETURNING id, clinic_id
    )
    INSERT INTO messaging_message (clinic_id, patient_id, kind, channel, about_id, dedupe_key, state, reason, uncertain,
        due_at, late_at, next_at, attempts, fence, provider, provider_ref, calendar)
    SELECT clinic_id, id, 'review_due', 'email', id, 'drill:' || id, 'queued', '', false,
        now(), now() + interval '1 day', now(), 0, 0, '', '', ''
    FROM patients
"""
OPEN = "SELECT count(*) FROM messaging_message WHERE state IN ('queued', 'sending')"
# Back-off is waited for in no drill; a lease is, because somebody may hold it.
NO_BACK_OFF = """
    UPDATE messaging_message SET next_at = now()
    WHERE next_at > now() AND (state = 'queued' OR state = 'sending' AND reason = 'provider_slow')
"""
NO_LEASE = "UPDATE messaging_message SET next_at = now() WHERE state = 'sending' AND next_at > now()"


@dataclass
class Outcome:
    """What came of a drill."""

    messages: int
    seconds: float
    kills: int
    ended: int
    taken: Counter[str]
    states: dict[str, int]
    uncertain: set[str]
    sent: set[str]

    @property
    def lost(self) -> list[str]:
        """Said to be sent, and the server never had it."""
        return [key for key in self.sent if key not in self.taken]

    @property
    def duplicates(self) -> list[str]:
        return [key for key, times in self.taken.items() if times > 1]

    @property
    def unmarked_duplicates(self) -> list[str]:
        """Doubled, and the data does not say that it may be."""
        return [key for key in self.duplicates if key not in self.uncertain]

    def __str__(self) -> str:
        rate = self.messages / self.seconds
        return (
            f"{self.messages} messages in {self.seconds:.0f} s ({rate:.0f}/s) through {self.kills} SIGKILLs "
            f"({self.ended} workers ended by themselves and were started anew): "
            f"{len(self.lost)} lost, {len(self.duplicates)} doubled, {len(self.unmarked_duplicates)} of them unmarked, "
            f"{len(self.uncertain)} marked uncertain; {self.states}"
        )


class Drill:
    """A stack with many owed messages, four worker processes, two beats and a mail server with moods."""

    def __init__(
        self,
        folder: Path,
        *,
        messages: int,
        keys: bool,
        clinics: int = 3,
        fill: Callable[[Stack], None] | None = None,
        **moods: float,
    ) -> None:
        self.stack = Stack(folder / "data")
        self.log = folder / "taken.jsonl"
        self.messages, self.keys, self.clinics, self.moods = messages, keys, clinics, moods
        self.fill = fill  # the tests have a migrated database to copy
        self.random = random.Random(11)
        self.kills = self.ended = 0

    def __enter__(self) -> Drill:
        self.stack.__enter__()
        assert self.stack.postgres is not None
        port = free_port()
        self.stack.environment |= {
            "EMAIL_HOST": "127.0.0.1",
            "EMAIL_PORT": str(port),
            "EMAIL_FROM": "drill@palpate.example",
            "EMAIL_IDEMPOTENCY_HEADER": KEY_HEADER if self.keys else "",
            "LOG_LEVEL": "CRITICAL",
            "TICK_S": "1" if self.fill else "5",  # a test need not wait as long
        }
        (self.fill or Stack.prepare)(self.stack)
        flags = [f"--{name}={value}" for name, value in self.moods.items()] + (["--honours_keys"] if self.keys else [])
        self.smtp = self.start("-m", "dev.smtp", str(port), str(self.log), *flags)
        celery = ["-m", "celery", "-A", "clinic"]
        worker = [*celery, "worker", "--loglevel", "CRITICAL", "--without-gossip", "--without-mingle"]
        self.commands = [[*worker, "--concurrency", "2", "-n", f"w{n}@drill"] for n in range(2)]
        self.beat = [*celery, "beat", "--loglevel", "CRITICAL", "--schedule"]
        return self

    def __exit__(self, *error: object) -> None:
        for process in [*getattr(self, "workers", []), *getattr(self, "beats", []), self.smtp]:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        self.stack.__exit__(None, None, None)

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            dying_with_parent([PYTHON, *command]),
            cwd=ROOT,
            env=self.stack.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @contextlib.contextmanager
    def admin(self) -> Iterator[psycopg.Connection]:
        assert self.stack.postgres is not None
        url = self.stack.postgres.url("postgres", "palpate")
        with psycopg.connect(url, autocommit=True, connect_timeout=5) as connection:
            yield connection

    def seed(self, policy: str = "resend_once") -> None:
        with self.admin() as connection:
            for number in range(self.clinics):
                count = self.messages // self.clinics + (number < self.messages % self.clinics)
                connection.execute(SEED, {"slug": f"drill-{number}", "count": count, "policy": policy})
            connection.execute("ANALYZE")

    def go(self) -> None:
        self.workers = [self.start(*command) for command in self.commands]
        self.beats = [self.start(*self.beat, str(self.stack.data / f"beat{n}")) for n in range(2)]

    # --- Faults ---

    def kill_child(self) -> None:
        """SIGKILL to one of the four processes that send."""
        while not (matches := [child for worker in self.workers for child in children(worker.pid)]):
            self.supervise()
            time.sleep(0.1)  # until a pool has made its processes anew
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.random.choice(matches), signal.SIGKILL)
            self.kills += 1

    def supervise(self) -> None:
        """Start anew what ended by itself, as the service's supervisor does; it is counted."""
        for number, worker in enumerate(self.workers):
            if worker.poll() is not None:
                self.ended += 1
                self.workers[number] = self.start(*self.commands[number])

    def kill_worker(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.workers[number].pid, signal.SIGKILL)
        self.workers[number].wait()
        self.kills += 1
        self.workers[number] = self.start(*self.commands[number])

    def restart_redis(self, *, flush: bool) -> None:
        import redis

        assert self.stack.valkey is not None
        if flush:
            with redis.Redis(unix_socket_path=str(self.stack.valkey.socket)) as client:
                client.flushall()
        self.stack.valkey.stop()
        time.sleep(1)  # the outage itself: so long there is no Valkey
        self.stack.valkey.start()

    def restart_postgres(self) -> None:
        assert self.stack.postgres is not None
        self.stack.postgres.stop()
        self.stack.postgres.start()

    def replace_everybody(self) -> None:
        """All who send die at once; with nobody left to hold a lease, leases need not be waited for."""
        for worker in self.workers:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(worker.pid, signal.SIGKILL)
            worker.wait()
            self.kills += 1
        with self.admin() as connection:
            connection.execute(NO_LEASE)
        self.workers = [self.start(*command) for command in self.commands]

    # --- The end ---

    def left(self) -> int:
        with self.admin() as connection:
            connection.execute(NO_BACK_OFF)
            row = connection.execute(OPEN).fetchone()
        assert row is not None
        return int(row[0])

    def wait_until_done(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if self.left() == 0:
                return
            self.supervise()
            time.sleep(0.5)  # between two looks at what is open
        raise TimeoutError(f"{self.left()} messages are still open")

    def outcome(self, seconds: float) -> Outcome:
        taken = Counter(json.loads(line)["id"] for line in self.log.read_text().splitlines())
        with self.admin() as connection:
            rows = connection.execute("SELECT id::text, state, uncertain FROM messaging_message").fetchall()
        return Outcome(
            messages=len(rows),
            seconds=seconds,
            kills=self.kills,
            ended=self.ended,
            taken=taken,
            states=dict(Counter(state for _, state, _ in rows)),
            uncertain={key for key, _, uncertain in rows if uncertain},
            sent={key for key, state, _ in rows if state == "sent"},
        )


def children(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError):
        return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def drill(
    folder: Path, *, messages: int, kills: int, keys: bool, fill: Callable[[Stack], None] | None = None, **moods: float
) -> Outcome:
    """All faults spread over the run; returns when every message has come to its end."""
    with Drill(folder, messages=messages, keys=keys, fill=fill, **moods) as drill_run:
        drill_run.seed()
        started = time.monotonic()
        drill_run.go()
        while drill_run.left() > messages * 0.97:
            time.sleep(0.2)  # until they are really at work
        of_workers = min(4, kills // 2)
        faults: list[Any] = [drill_run.kill_child] * (kills - of_workers)
        faults += [lambda n=n: drill_run.kill_worker(n % 2) for n in range(of_workers)]
        faults += [
            lambda: drill_run.restart_redis(flush=False),
            lambda: drill_run.restart_redis(flush=True),
            drill_run.restart_postgres,
        ]
        drill_run.random.shuffle(faults)
        for fault in faults:
            fault()
            time.sleep(drill_run.random.uniform(0.2, 0.8))  # faults come spread over the run, as faults do
        drill_run.replace_everybody()
        drill_run.wait_until_done(900)
        return drill_run.outcome(time.monotonic() - started)


MOODS = {"refuse_for_now": 0.02, "hang_up_before": 0.01, "hang_up_after": 0.01, "stall": 0.01, "stall_s": 1.0}


def run() -> None:
    for keys in (True, False):
        name = "a provider that honours keys" if keys else "plain SMTP"
        say(f"10,000 due messages, 4 sending processes, 2 beats, {name} ...")
        with tempfile.TemporaryDirectory(prefix="palpate-drill-") as folder:
            print(f"{name}: {drill(Path(folder), messages=10_000, kills=60, keys=keys, **MOODS)}", flush=True)
    with tempfile.TemporaryDirectory(prefix="palpate-drill-") as folder:
        speed(Path(folder))
    with tempfile.TemporaryDirectory(prefix="palpate-drill-") as folder:
        ticks(Path(folder))


# --- Speed ----------------------------------------------------------------------------------------------------

BARE_CLAIM = """
    WITH due AS MATERIALIZED (
        SELECT id FROM messaging_message WHERE state = 'queued' AND next_at <= now()
        ORDER BY next_at LIMIT 1 FOR UPDATE SKIP LOCKED
    )
    UPDATE messaging_message m SET state = 'sending', fence = fence + 1, next_at = now() + interval '1 min'
    FROM due WHERE m.id = due.id RETURNING m.id
"""
BARE_SETTLE = "UPDATE messaging_message SET state = 'sent', sent_at = now(), settled_at = now() WHERE id = %s"


def bare(url: str, own: int) -> None:
    """Claim and settle in bare SQL, and send nothing."""
    with psycopg.connect(url) as connection:
        while True:
            row = connection.execute(BARE_CLAIM).fetchone()
            connection.commit()
            if row is None:
                return
            connection.execute(BARE_SETTLE, row)
            connection.commit()


def speed(folder: Path) -> None:
    """Messages a second of four processes and a good server, beside the same claims in bare SQL, in turn."""
    engine, plain = [], []
    with Drill(folder, messages=3000, keys=False) as drill_run:
        assert drill_run.stack.postgres is not None
        url = drill_run.stack.postgres.url("postgres", "palpate")
        drill_run.seed()
        reset = "UPDATE messaging_message SET state = 'queued', next_at = now(), sent_at = NULL, attempts = 0"
        drill_run.go()
        drill_run.wait_until_done(300)  # the processes are warm
        for _round in range(3):
            with drill_run.admin() as connection:
                connection.execute(reset)
            started = time.monotonic()
            while drill_run.left():
                time.sleep(0.1)  # between two looks; it adds at most that to a round
            engine.append(3000 / (time.monotonic() - started))
        for process in [*drill_run.workers, *drill_run.beats]:
            os.killpg(process.pid, signal.SIGKILL)
        for _round in range(3):
            with drill_run.admin() as connection:
                connection.execute(reset)
            started = time.monotonic()
            with multiprocessing.get_context("fork").Pool(4) as pool:
                pool.starmap(bare, [(url, n) for n in range(4)])
            plain.append(3000 / (time.monotonic() - started))
    ours, theirs = sorted(engine)[1], sorted(plain)[1]
    print(f"sending: {ours:.0f} messages/s; the same claims in bare SQL {theirs:.0f}/s: ratio {ours / theirs:.2f}")


# --- The tick -------------------------------------------------------------------------------------------------

FUTURE = """
    INSERT INTO homecare_occurrence (clinic_id, patient_id, programme_id, kind, channel, local_date, local_time, clock,
        due_at, status)
    SELECT p.clinic_id, p.patient_id, p.id, 'check_in', 'email', current_date + 2 + n / 24, make_time(n %% 24, 0, 0),
        'plain', now() + interval '2 days' + n * interval '1 hour', 'planned'
    FROM homecare_programme p, generate_series(%(first)s::int, %(last)s::int) AS n
"""
PROGRAMMES = """
    WITH author AS (
        INSERT INTO accounts_user (email, name, password, registration_no, is_active, is_superuser)
        VALUES ('drill@palpate.example', 'Drill', '', '', true, false) RETURNING id
    )
    INSERT INTO homecare_programme (clinic_id, patient_id, author_id, status, started_on, revision)
    SELECT p.clinic_id, p.id, author.id, 'active', current_date, 1 FROM patients_patient p, author
"""


def ticks(folder: Path) -> None:
    """What a tick costs (both questions of every clinic), with ever more occurrences to come and none due."""
    medians = {}
    with Drill(folder, messages=1000, keys=False, clinics=20) as drill_run:
        assert drill_run.stack.postgres is not None
        drill_run.seed()
        with drill_run.admin() as connection:
            connection.execute("DELETE FROM messaging_message")
            connection.execute(PROGRAMMES)
            ticks_done = 0
            app = psycopg.connect(drill_run.stack.postgres.url("palpate_app", "palpate"))
            for total in (10_000, 100_000, 1_000_000):
                connection.execute(FUTURE, {"first": ticks_done // 1000, "last": total // 1000 - 1})
                ticks_done = total
                connection.execute("VACUUM ANALYZE homecare_occurrence")
                times = []
                for _ in range(200):
                    started = time.perf_counter()
                    app.execute("SELECT * FROM messaging_clinics_due()").fetchall()
                    app.execute("SELECT * FROM homecare_clinics_due()").fetchall()
                    app.commit()
                    times.append(1000 * (time.perf_counter() - started))
                medians[total] = sorted(times)[100]
            app.close()
    summary = ", ".join(f"{total:,} to come {ms:.2f} ms" for total, ms in medians.items())
    print(f"a tick over 20 clinics: {summary}: ratio {medians[1_000_000] / medians[10_000]:.2f}")
