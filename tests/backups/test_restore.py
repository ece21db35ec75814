"""A server that is lost, and made again from its backups: rows, chain, policies, triggers, functions; to a second."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import httpx
import psycopg
import pytest

from backups.encryption import CannotDecrypt
from backups.store import Store
from dev.servers import Postgres
from tests import builders
from tests.drills import small_or_drill

# Everything that a server is asked for: what it holds, and the rules that it keeps.
RULES = {
    "policies": "SELECT * FROM pg_policies ORDER BY 1, 2, 3",
    "triggers": "SELECT tgrelid::regclass::text, tgname, pg_get_triggerdef(oid), tgenabled FROM pg_trigger "
    "WHERE NOT tgisinternal ORDER BY 1, 2",
    "functions": "SELECT oid::regprocedure::text, md5(prosrc), proconfig::text FROM pg_proc "
    "WHERE pronamespace = 'public'::regnamespace ORDER BY 1",
    "constraints": "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
    "ORDER BY 1, 2",
    "rights": "SELECT relname, relacl::text, relrowsecurity, relforcerowsecurity FROM pg_class "
    "WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
    "roles": "SELECT rolname, rolsuper, rolbypassrls, rolcanlogin FROM pg_roles ORDER BY 1",
}
TABLES = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1"
# What requests and the clock change between two looks.
MOVING = {"backups_backupstate", "django_session", "audit_auditevent"}
BEATS = {"messaging_message", "celery_results"}


def everything(url):
    """Rules and, of each table, how many rows and a sum over them."""
    with psycopg.connect(url) as connection:
        found = {name: connection.execute(text).fetchall() for name, text in RULES.items()}
        for (table,) in connection.execute(TABLES).fetchall():
            if table not in MOVING and not table.startswith("audit_"):
                text = f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
                found[table] = connection.execute(text).fetchone()
        return found


HEAD = "SELECT head_sequence FROM records_chain JOIN accounts_clinic a ON a.id = clinic_id WHERE slug = 'harbour'"
RECEIVED = (
    "SELECT active AND restart_lsn >= pg_current_wal_flush_lsn() FROM pg_replication_slots "
    "WHERE slot_name = 'palpate_backup'"
)


class Backups:
    def __init__(self, running, folder):
        self.running, self.folder, self.streams = running, folder, []
        self.environment = running.stack.environment | {
            "BACKUP_DIR": str(folder / "backups"),
            "BACKUP_KEYS": "k" * 40,
        }
        self.store = Store(folder / "backups", ["k" * 40])

    def manage(self, *arguments, expect=0):
        command = [".venv/bin/python", "manage.py", *arguments]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    def sign(self):
        """Sign an exam; return its sequence."""
        client = self.running.client("tablet")
        patient = client.post("/patients/", json={"family_name": "Restored"}).json()["id"]
        exam = client.post(f"/patients/{patient}/assessments/", json=builders.exam())
        assert exam.status_code == 201, exam.text
        signed = client.post(f"/assessments/{exam.json()['id']}/sign/")
        assert signed.status_code == 200, signed.text
        return self.ask(HEAD)

    def ask(self, text):
        with psycopg.connect(self.url) as connection:
            row = connection.execute(text).fetchone()
            return row and row[0]

    @property
    def url(self):
        return self.running.stack.postgres.url("postgres", "palpate")

    def ages(self):
        return httpx.get(f"{self.running.url}/readyz").json()["backup_age_s"]

    def receivers(self):
        """The processes that receive into this spool."""
        found = []
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):
                words = path.read_bytes().decode().split("\0")
                if words[0].endswith("/pg_receivewal") and f"--directory={self.folder}/backups-spool/wal" in words:
                    found.append(path.parent.name)
        return found

    def restore(self, folder, *arguments):
        report = self.manage("restore", "--into", str(folder), *arguments)
        print(report)  # figures for whoever runs the drill
        return report

    def lose_wal(self, since):
        for name in self.store.names("wal"):
            if name >= since:
                (self.store.folder / "wal" / f"{name}.enc").unlink()
        for path in (self.folder / "backups-spool" / "wal").iterdir():
            path.unlink()

    def start_stream(self):
        """Start it in a group of its own."""
        command = [".venv/bin/python", "manage.py", "backup", "--stream"]
        self.streams.append(subprocess.Popen(command, env=self.environment, start_new_session=True))
        return self.streams[-1]


@pytest.fixture(scope="module")
def backups(whole_stack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backups")
    folder.chmod(0o711)
    made = Backups(whole_stack, folder)
    yield made
    for stream in made.streams:  # of a test that failed
        stream.kill()
        stream.wait()


def restored_server(folder):
    """Start what was restored, as `make run` would."""
    server = Postgres(folder.parent)
    server.folder = folder
    server.log = folder / "server.log"
    server.start()
    return server


def wait_until(is_so, seconds=60):
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.1)


@pytest.mark.parametrize("is_drill", small_or_drill(False, True))
def test_a_lost_server_is_made_again(backups, tmp_path, is_drill):
    """Killed while it streams, started again, stopped; the drill restores: newest, a moment, WAL lost, slot lost."""
    store = backups.store

    def is_head_kept(sequence):
        return any(head_of(store, name) == sequence for name in store.names("heads"))

    stream = backups.start_stream()
    wait_until(lambda: backups.ask(RECEIVED))
    if is_drill:
        wait_until(store.bases)  # there was none, so it was due
        (whole,) = store.bases()
        assert whole.parent is None
        first = backups.sign()
        backups.manage("backup")
        assert store.bases()[-1].parent == whole.name  # only what changed
        second = backups.sign()
        time.sleep(1.1)
        moment = datetime.now(UTC)
        time.sleep(1.1)

    # The stream's process is killed while what it has received lies in the spool.
    stream.send_signal(signal.SIGSTOP)
    third = backups.sign()
    wait_until(lambda: backups.ask(RECEIVED))
    assert len(backups.receivers()) == 1
    stream.kill()
    stream.wait()
    wait_until(lambda: not backups.receivers(), 10)
    assert not is_head_kept(third)

    if is_drill:  # The newest state: nothing is lost, not even what lay in the spool.
        before = everything(backups.url)
        report = backups.restore(tmp_path / "newest" / "postgres")
        assert f"harbour: {third} records, the chain holds, compared with head" in report
        assert "LOST" not in report
        assert_equal(before, tmp_path / "newest" / "postgres")

    # Started again, it goes on; told to stop, it leaves nothing behind that runs.
    stream = backups.start_stream()
    wait_until(lambda: is_head_kept(third))
    wait_until(lambda: backups.ages()["wal"] is not None)  # it is said after the heads are kept
    assert 0 <= backups.ages()["wal"] < 60
    assert len(backups.receivers()) == 1
    stream.terminate()
    assert stream.wait(20) == 0
    assert backups.receivers() == []
    assert not list((backups.folder / "backups-spool").glob("taking-*"))
    if not is_drill:
        return

    assert 0 <= backups.ages()["base"] < 900

    # A moment, to the second.
    report = backups.restore(tmp_path / "then" / "postgres", "--until", moment.isoformat())
    assert f"harbour: {second} records, the chain holds" in report

    # The machine is lost with the newest WAL: the kept heads say which records are missing.
    backups.lose_wal(store.bases()[-1].first_segment)
    report = backups.restore(tmp_path / "old" / "postgres")
    assert f"harbour: {first} records, the chain holds" in report
    assert f"harbour: LOST records {second} to {third}, known at" in report

    # The server has not kept the WAL for it: a base backup closes the gap.
    with psycopg.connect(backups.url) as connection:
        connection.execute("SELECT pg_drop_replication_slot('palpate_backup')")
    stream, count = backups.start_stream(), len(store.bases())
    wait_until(lambda: len(store.bases()) > count)
    stream.terminate()
    assert stream.wait(20) == 0
    report = backups.restore(tmp_path / "again" / "postgres")
    assert f"harbour: {third} records, the chain holds, compared with head {third}" in report


def assert_equal(before, folder):
    """What a restored server holds, and the rules that it keeps, are what was there."""
    folder.parent.chmod(0o711)
    server = restored_server(folder)
    try:
        after = everything(server.url("postgres", "palpate"))
    finally:
        server.stop()
    assert all(before[name] for name in RULES)
    assert {name: after[name] for name in RULES} == {name: before[name] for name in RULES}
    assert before["records_record"][0] > 100
    different = {name for name in before if before[name] != after[name]}
    assert different <= BEATS, different


def head_of(store, name):
    try:
        return next(h["sequence"] for h in json.loads(store.read(f"heads/{name}")) if h["slug"] == "harbour")
    except (CannotDecrypt, StopIteration):
        return None


def test_a_locked_table_of_ages_leaves_the_service_ready(backups):
    backups.running.wait()
    with psycopg.connect(backups.url) as connection:
        connection.execute("LOCK backups_backupstate IN ACCESS EXCLUSIVE MODE")
        start = time.monotonic()
        answer = httpx.get(f"{backups.running.url}/readyz", timeout=20)
        seconds = time.monotonic() - start
        connection.rollback()
    assert (answer.status_code, answer.json()["backup_age_s"]) == (200, {})
    assert seconds < 1.5
    assert set(backups.ages()) == {"base", "wal", "dump"}


@pytest.mark.drill
def test_settings_and_dump_come_back(backups, tmp_path):
    backups.manage("backup", "--dump")
    if not backups.store.bases():
        backups.manage("backup")

    backups.manage("restore", "--settings-file", str(tmp_path / "settings.env"))
    backups.manage("restore", "--dump-file", str(tmp_path / "dump"))

    settings = (tmp_path / "settings.env").read_text()
    assert f"ENCRYPTION_KEYS={backups.environment['ENCRYPTION_KEYS']}\n" in settings
    assert "BACKUP_KEYS" not in settings
    assert (tmp_path / "settings.env").stat().st_mode & 0o077 == 0
    listed = subprocess.run(
        [str(Postgres(tmp_path).bin / "pg_restore"), "--list", str(tmp_path / "dump")], capture_output=True, text=True
    )
    assert "TABLE DATA public records_record" in listed.stdout
