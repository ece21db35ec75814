"""A server that is lost, and made again from its backups: rows, chain, policies, triggers, functions; to a second."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from datetime import UTC, datetime

import psycopg
import pytest

from backups.encryption import CannotDecrypt
from backups.store import Store
from dev.servers import Postgres
from tests import builders

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
MOVING = {"backups_backupstate", "django_session", "audit_auditevent"}


def everything(url):
    """Rules and, of each table, how many rows and a sum over them."""
    with psycopg.connect(url) as connection:
        found = {name: connection.execute(text).fetchall() for name, text in RULES.items()}
        for (table,) in connection.execute(TABLES).fetchall():
            if table not in MOVING and not table.startswith("audit_"):
                text = f"SELECT count(*), md5(coalesce(string_agg(t::text, '|' ORDER BY t::text), '')) FROM {table} t"
                found[table] = connection.execute(text).fetchone()
        return found


class Backups:
    def __init__(self, running, folder):
        self.running, self.folder = running, folder
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
        """A signed exam; returns its sequence."""
        client = self.running.client("writer")
        patient = client.post("/patients/", json={"family_name": "Restored"}).json()["id"]
        exam = client.post(f"/patients/{patient}/assessments/", json=builders.exam()).json()["id"]
        signed = client.post(f"/assessments/{exam}/sign/", json={})
        assert signed.status_code == 200, signed.text
        return signed.json()["sequence"]


@pytest.fixture(scope="module")
def backups(whole_stack, tmp_path_factory):
    folder = tmp_path_factory.mktemp("backups")
    folder.chmod(0o711)
    return Backups(whole_stack, folder)


def restored_server(folder):
    """Start what was restored, as `make run` would."""
    server = Postgres(folder.parent)
    server.folder = folder
    server.log = folder / "server.log"
    server.start()
    return server


def test_a_lost_server_is_made_again(backups, tmp_path):
    running, store = backups.running, backups.store
    backups.manage("backup", "--whole")
    whole = store.bases()[-1]
    assert whole.parent is None
    stream = subprocess.Popen([".venv/bin/python", "manage.py", "backup", "--stream"], env=backups.environment)
    try:
        first = backups.sign()
        backups.manage("backup")
        assert store.bases()[-1].parent == whole.name  # only what changed
        second = backups.sign()
        time.sleep(1.1)
        moment = datetime.now(UTC)
        time.sleep(1.1)
        third = backups.sign()
        deadline = time.monotonic() + 90
        while not any(third == head_of(store, name) for name in store.names("heads")) and time.monotonic() < deadline:
            time.sleep(0.5)
        time.sleep(3)  # the WAL is stored a second after the heads
    finally:
        stream.send_signal(signal.SIGTERM)
        stream.wait(60)
    ages = running.client("reader").get(f"{running.url}/readyz").json()["backup_age_s"]
    assert 0 <= ages["wal"] < 120
    assert 0 <= ages["base"] < 600
    before = everything(running.stack.postgres.url("postgres", "palpate"))

    # The newest state: nothing is lost.
    report = backups.manage("restore", "--into", str(tmp_path / "newest" / "postgres"))
    assert f"harbour: {third} records, the chain holds, compared with head {third}" in report
    assert "LOST" not in report
    (tmp_path / "newest").chmod(0o711)
    server = restored_server(tmp_path / "newest" / "postgres")
    try:
        after = everything(server.url("postgres", "palpate"))
    finally:
        server.stop()
    assert {name: after[name] for name in RULES} == {name: before[name] for name in RULES}
    different = {name for name in before if before[name] != after[name]}
    assert different <= {"messaging_message", "celery_results"}, different

    # A moment, to the second; what was signed after it is named.
    report = backups.manage("restore", "--into", str(tmp_path / "then" / "postgres"), "--until", moment.isoformat())
    assert f"harbour: {second} records, the chain holds, compared with head" in report
    assert first < second < third

    # A server whose newest WAL is lost too: the kept heads say which records are missing.
    for name in store.names("wal"):
        if name.endswith(".partial") or name >= store.bases()[-1].first_segment:
            (store.folder / "wal" / f"{name}.enc").rename(tmp_path / f"{name}.enc")
    report = backups.manage("restore", "--into", str(tmp_path / "old" / "postgres"))
    assert f"harbour: {first} records, the chain holds" in report
    assert f"harbour: LOST records {second} to {third}, known at" in report
    for path in tmp_path.glob("*.enc"):
        path.rename(store.folder / "wal" / path.name)


def head_of(store, name):
    try:
        return next(h["sequence"] for h in json.loads(store.read(f"heads/{name}")) if h["slug"] == "harbour")
    except (CannotDecrypt, StopIteration):
        return None


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


def test_a_damaged_backup_and_a_folder_in_use_are_refused(backups, tmp_path):
    if not backups.store.bases():
        backups.manage("backup")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "PG_VERSION").touch()
    assert "is not empty" in backups.manage("restore", "--into", str(tmp_path / "full"), expect=1)
    assert "no base backup from before" in backups.manage(
        "restore", "--into", str(tmp_path / "x"), "--until", "2020-01-01T00:00:00Z", expect=1
    )
    assert "with its time zone" in backups.manage(
        "restore", "--into", str(tmp_path / "x"), "--until", "2026-01-01T00:00:00", expect=1
    )
    copy = tmp_path / "copy"
    shutil.copytree(backups.store.folder, copy)
    data = next((copy / "base").glob("*/data.enc"))
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    backups.environment |= {"BACKUP_DIR": str(copy)}
    try:
        assert "/data" in backups.manage("restore", "--into", str(tmp_path / "x"), expect=1)
    finally:
        backups.environment |= {"BACKUP_DIR": str(backups.store.folder)}
    assert not (tmp_path / "x").exists()
    assert os.listdir(tmp_path) != []
