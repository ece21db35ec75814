"""Which backups are kept."""

import os
from datetime import UTC, datetime, timedelta

import pytest

from backups.encryption import CannotDecrypt
from backups.store import BaseBackup, Store, stamp

NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "backups", ["k" * 40])


def add(store, days_ago, segment, parent=None):
    at = NOON - timedelta(days=days_ago)
    store.write(f"base/{stamp(at)}/data", b"x")
    base = BaseBackup(stamp(at), parent, at.isoformat(), at.isoformat(), f"00000001{segment:016X}", 1)
    store.add_base(base)
    for number in range(segment, segment + 3):
        store.write(f"wal/00000001{number:016X}", b"w")
    store.write(f"heads/{stamp(at)}", b"[]")
    store.write(f"dumps/{stamp(at)}", b"d")
    return base


def test_what_no_restore_within_the_time_needs_is_deleted(store):
    old = add(store, 50, 0)
    add(store, 49, 10, old.name)
    needed = add(store, 40, 20)
    child = add(store, 39, 30, needed.name)
    newest = add(store, 3, 40)

    gone = store.prune(keep_after=NOON - timedelta(days=35))

    assert [base.name for base in store.bases()] == [needed.name, child.name, newest.name]
    assert old.name in gone
    assert min(store.names("wal")) == f"00000001{20:016X}"
    assert store.names("heads") == store.names("dumps") == [needed.name, child.name, newest.name]
    assert store.prune(keep_after=NOON - timedelta(days=35)) == []


def test_the_only_whole_backup_stays_however_old_it_is(store):
    only = add(store, 400, 0)
    child = add(store, 399, 10, only.name)

    assert store.prune(keep_after=NOON) == []
    assert store.chain(child) == [only, child]


def test_a_backup_that_was_begun_is_none(store):
    whole = add(store, 2, 0)
    store.write(f"base/{stamp(NOON - timedelta(days=1))}/data", b"x")
    assert store.bases() == [whole]
    newest = add(store, 0, 10)
    store.prune(keep_after=NOON - timedelta(days=1))
    assert sorted(path.name for path in (store.folder / "base").iterdir()) == [whole.name, newest.name]


def test_a_chain_without_its_beginning_is_named(store):
    add(store, 2, 0)
    child = add(store, 1, 10, "gone")
    with pytest.raises(CannotDecrypt, match="gone"):
        store.chain(child)


def test_a_file_that_was_not_finished_is_not_there(store):
    source = store.folder / "source"
    source.write_bytes(b"whole")
    with pytest.raises(ZeroDivisionError), store.writing("wal/one") as file:
        file.write(1 // 0)
    with pytest.raises(CannotDecrypt):
        store.read("wal/one")
    assert store.names("wal") == []
    store.copy_in("wal/one", source)
    assert (store.names("wal"), store.read("wal/one")) == (["one"], b"whole")


def test_wal_that_is_not_full_takes_little_room(store):
    segment = b"\x18\xd1" + os.urandom(200_000) + bytes(2**24 - 200_002)
    source = store.folder / "source"
    source.write_bytes(segment)
    store.copy_in("wal/one.partial", source)
    assert (store.folder / "wal" / "one.partial.enc").stat().st_size < 250_000
    store.copy_out("wal/one.partial", source)
    assert source.read_bytes() == segment


def test_what_was_stored_uncompressed_is_read(store):
    store.write("wal/one", b"\x18\xd1 as releases before stored it")
    store.copy_out("wal/one", store.folder / "target")
    assert (store.folder / "target").read_bytes() == b"\x18\xd1 as releases before stored it"


def test_nothing_lies_there_in_the_clear(store):
    store.write("base/one/settings", b"SECRET_KEY")
    for path in store.folder.rglob("*"):
        if path.is_file():
            assert b"SECRET" not in path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0
