"""A stopped or killed `make test`, `make run` or `make manage` leaves no server behind, as root and as another user."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from dev.run import free_port
from dev.stack import PYTHON, ROOT
from tests.processes import without_servers

pytestmark = pytest.mark.processes
SERVERS = ("postgres", "valkey-server", "redis-server")
# As another user, who may still read a project that lies in root's home.
AS_NOBODY = [
    "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups",
    "--inh-caps=-all,+dac_override", "--ambient-caps=-all,+dac_override",
]  # fmt: skip
WAITING = "import pathlib, time\ndef test_waits():\n    pathlib.Path(r'{begun}').touch()\n    time.sleep(600)\n"


def processes_of(folder: Path) -> list[str]:
    """Name the processes that work in a folder or name it in their command line."""
    names = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            cwd, command = os.readlink(process / "cwd"), (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:  # gone, or not ours
            continue
        if str(folder) in cwd or str(folder) in command:
            names.append(command.replace("\0", " ").strip())
    return names


def wait_until(is_so: Callable[[], bool], what: str, *, within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not is_so():
        assert time.monotonic() < end, f"not within {within_s} s: {what}"
        time.sleep(0.1)


def server_names(folder: Path) -> set[str]:
    return {Path(line.split(" ")[0].rstrip(":")).name for line in processes_of(folder)} & {*SERVERS}


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder with a short path, because the servers' sockets lie in it."""
    path = Path(tempfile.mkdtemp(prefix="palpate-stop-"))
    path.chmod(0o777)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(params=["this user", "another user"])
def prefix(request: pytest.FixtureRequest) -> list[str]:
    """What stands before a command so that it runs as that user."""
    if request.param == "this user":
        return []
    if os.geteuid() != 0:
        pytest.skip("only root can become another user")
    if subprocess.run([*AS_NOBODY, PYTHON, "-c", "import django"], capture_output=True).returncode != 0:
        pytest.skip("another user cannot read this project")
    return AS_NOBODY


@contextmanager
def heeding_hangups() -> Iterator[None]:
    """Where the tests themselves run under `nohup`, what they start would inherit that and ignore SIGHUP."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        yield
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.fixture
def start(folder: Path) -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """`start(command)` runs it with temporary files in the folder, as make would."""
    started: list[subprocess.Popen[bytes]] = []

    def run(command: list[str]) -> subprocess.Popen[bytes]:
        with without_servers(), open(folder / "output.log", "ab") as log:
            environment = {**os.environ, "TMPDIR": str(folder), "MAKELEVEL": "1", "HOME": str(folder)}
            environment.pop("PYTEST_ADDOPTS", None)
            with heeding_hangups():
                process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
        started.append(process)
        return process

    yield run
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


def command_of_waiting_tests(folder: Path) -> list[str]:
    """`make test` with one test that sleeps, in a folder that no conftest belongs to."""
    test = folder / "test_waits.py"
    test.write_text(WAITING.format(begun=folder / "begun"))
    options = ["-c", str(ROOT / "pyproject.toml"), "-n", "0", "-p", "no:cacheprovider"]
    return [PYTHON, "-m", "dev.test", str(test), *options]


def test_stopped_tests_leave_nothing(start, folder):
    """A second signal does not cut the cleaning short."""
    process = start(command_of_waiting_tests(folder))
    wait_until((folder / "begun").exists, "the test runs")
    assert server_names(folder) == {"postgres", "valkey-server"}

    for _ in range(20):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    process.wait(40)

    assert processes_of(folder) == []
    assert list(folder.glob("palpate-test-*")) == []


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_tests_stopped_while_they_prepare_leave_no_server(start, folder, prefix, sent):
    process = start([*prefix, *command_of_waiting_tests(folder)])
    wait_until(lambda: len(server_names(folder)) == 2, "both servers start")

    process.send_signal(sent)
    process.wait(40)

    wait_until(lambda: processes_of(folder) == [], f"every process has ended: {processes_of(folder)}", within_s=15)
    leftovers = list(folder.glob("palpate-test-*"))
    assert bool(leftovers) is (sent == signal.SIGKILL)


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_each_signal_stops_the_command_that_runs(start, folder, sent):
    """The command gets SIGINT, and time to clean up after it."""
    cleaning = (
        "import pathlib, time\n"
        f"folder = pathlib.Path(r'{folder}')\n"
        "try:\n    (folder / 'begun').touch(); time.sleep(600)\n"
        "except KeyboardInterrupt:\n    time.sleep(0.3); (folder / 'cleaned').touch()\n"
    )
    actor = (
        "import os, sys\nfrom dev.stopping import call, stop_on_signals\nstop_on_signals()\n"
        "call([sys.executable, '-c', sys.argv[1]], cwd='.', environment=os.environ)\n"
    )
    process = start([PYTHON, "-c", actor, cleaning])
    wait_until((folder / "begun").exists, "the command runs")

    process.send_signal(sent)
    process.wait(40)

    assert (folder / "cleaned").exists()
    assert processes_of(folder) == []


def test_stopped_while_the_servers_start(start, folder):
    process = start(command_of_waiting_tests(folder))
    wait_until(lambda: server_names(folder) != set(), "a server starts")

    process.terminate()
    process.wait(40)

    wait_until(lambda: processes_of(folder) == [], "every process has ended", within_s=15)
    assert list(folder.glob("palpate-test-*")) == []


def test_what_a_killed_run_left_is_removed_at_the_next(folder, monkeypatch):
    from dev import test

    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for name in ("old", "starting"):
        (folder / f"palpate-test-{name}" / "data").mkdir(parents=True)
    os.utime(folder / "palpate-test-old", (0, 0))

    test.remove_leftovers()

    assert [path.name for path in folder.iterdir()] == ["palpate-test-starting"]


def test_a_server_that_outlived_its_run_is_stopped_at_the_next(folder, monkeypatch):
    from dev import test
    from dev.servers import Postgres, Valkey

    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    data = folder / "palpate-test-old" / "data"
    data.mkdir(parents=True)
    servers = Postgres(data, durable=False), Valkey(data)
    for server in servers:
        server.start()
    os.utime(folder / "palpate-test-old", (0, 0))

    test.remove_leftovers()

    assert [server.process.wait(10) for server in servers] == [0, 0]
    assert list(folder.iterdir()) == []


def test_a_run_in_use_is_left_alone(folder, monkeypatch):
    from dev import test
    from dev.stack import Stack

    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    stack = Stack(folder / "palpate-test-busy" / "data")
    stack._folder()
    stack._lock()
    os.utime(folder / "palpate-test-busy", (0, 0))

    test.remove_leftovers()
    stack.stop()

    assert (folder / "palpate-test-busy").exists()


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_demo_leaves_no_process(start, folder, sent):
    process = start([PYTHON, "-m", "dev.run", "--data", str(folder / "data"), "--port", str(free_port())])
    wait_until((folder / "data" / "logs" / "inbox.log").exists, "web, worker and beat start")

    process.send_signal(sent)
    process.wait(40)

    wait_until(lambda: processes_of(folder) == [], f"every process has ended: {processes_of(folder)}", within_s=30)


def test_a_killed_make_takes_the_demo_along(start, folder):
    make = start(["make", "run", f"DATA={folder / 'data'}", f"PORT={free_port()}"])
    wait_until((folder / "data" / "logs" / "inbox.log").exists, "web, worker and beat start")

    make.kill()
    make.wait()

    wait_until(lambda: processes_of(folder) == [], "every process has ended", within_s=30)


def test_a_stopped_management_command_leaves_no_server(start, folder):
    process = start([PYTHON, "-m", "dev.manage", "--data", str(folder / "data"), "--", "check"])
    wait_until(lambda: len(server_names(folder)) == 2, "both servers start")

    process.terminate()
    process.wait(40)

    assert process.returncode == 130
    assert processes_of(folder) == []
