"""What no restore is made of. No server is needed: each is refused before."""

import fcntl

import pytest
from django.core.management import CommandError, call_command

from backups.store import BaseBackup, Store

NAME = "20261129T120000.000000Z"
AT = "2026-11-29T12:00:00+00:00"


@pytest.fixture
def store(settings, tmp_path, monkeypatch):
    monkeypatch.setattr("signal.signal", lambda *_: None)  # the tests' process keeps its own handlers
    settings.BACKUP_DIR, settings.BACKUP_SPOOL_DIR = str(tmp_path / "backups"), ""
    settings.BACKUP_KEYS = ["k" * 40]
    store = Store(tmp_path / "backups", settings.BACKUP_KEYS)
    store.write(f"base/{NAME}/data", b"x" * 1000)
    store.add_base(BaseBackup(NAME, None, AT, AT, "000000010000000000000001", 1))
    return store


def refusal(tmp_path, *arguments):
    with pytest.raises(CommandError) as refused:
        call_command("restore", "--into", str(tmp_path / "into"), *arguments)
    return str(refused.value)


def test_a_folder_in_use(store, tmp_path):
    (tmp_path / "into").mkdir()
    (tmp_path / "into" / "PG_VERSION").touch()
    assert "is not empty" in refusal(tmp_path)
    assert [path.name for path in (tmp_path / "into").iterdir()] == ["PG_VERSION"]


@pytest.mark.parametrize(
    ("until", "told"),
    [
        ("2026-11-29T11:59:59Z", "no base backup from before"),
        ("2026-11-29T12:00:00", "with its time zone"),
        ("2026-13-29T12:00:00Z", "with its time zone"),
        ("noon", "with its time zone"),
    ],
)
def test_a_moment_that_cannot_be(store, tmp_path, until, told):
    assert told in refusal(tmp_path, "--until", until)


def test_a_damaged_backup(store, tmp_path):
    data = store.folder / "base" / NAME / "data.enc"
    content = bytearray(data.read_bytes())
    content[len(content) // 2] ^= 1
    data.write_bytes(content)
    assert f"base/{NAME}/data" in refusal(tmp_path)
    assert not (tmp_path / "into").exists()


def test_while_the_wal_is_being_stored(store, tmp_path):
    spool = tmp_path / "backups-spool"
    spool.mkdir()
    with open(spool / "stream.lock", "wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "another process" in refusal(tmp_path)


def test_what_a_killed_stream_left_is_stored_first(store, tmp_path):
    wal = tmp_path / "backups-spool" / "wal"
    wal.mkdir(parents=True)
    (wal / "000000010000000000000001").write_bytes(b"whole")
    (wal / "000000010000000000000002.partial").write_bytes(b"begun")
    refusal(tmp_path, "--until", "2026-11-29T11:59:59Z")
    assert store.read("wal/000000010000000000000001") == b"whole"
    assert store.read("wal/000000010000000000000002.partial") == b"begun"
    assert [path.name for path in wal.iterdir()] == ["000000010000000000000002.partial"]
