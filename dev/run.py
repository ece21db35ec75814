"""`make run`: everything up, with a demo clinic (or `DEMO=0`, empty); Ctrl-C stops every process."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from dev.servers import CannotStart, dying_with_parent
from dev.stack import PYTHON, ROOT, Stack, say
from dev.stopping import stop_on_signals


def main() -> int:
    parser = argparse.ArgumentParser(prog="make run")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--data", type=Path, default=Path(".data"))
    parser.add_argument("--empty", action="store_true", help="without the demo clinics")
    parser.add_argument("--is-free", action="store_true", help="only say whether nobody uses the data folder")
    options = parser.parse_args()
    stop_on_signals()
    try:
        if options.is_free:
            Stack(options.data)._lock()
            return 0
        return run(options.port, options.data, with_demo=not options.empty)
    except CannotStart as refusal:
        say(str(refusal))
        return 1
    except KeyboardInterrupt:
        say("stopped.")
        return 0
    except OSError as refusal:
        if refusal.errno != 28:
            raise
        say("the disk is full; free some space and run again. What was saved is safe.")
        return 1


def run(port: int, data: Path, *, with_demo: bool = True) -> int:
    started = time.monotonic()
    refuse_taken_port(port)
    say("starting PostgreSQL and Valkey ...")
    with Stack(data) as stack:
        url = f"http://127.0.0.1:{port}"
        stack.environment |= {"ALLOWED_HOSTS": "127.0.0.1,localhost", "PUBLIC_URL": url}
        inbox = post_office(stack, free_port(port + 25))
        stack.remember_url(url)
        facts = stack.data / "demo.json"
        what = "the database and the demo" if with_demo else "the database"
        say(f"starting web, worker and beat, preparing {what} ...")
        # They start while the database is prepared; /readyz says no until the migrations are done.
        with Processes(stack, port) as processes:
            demo = ["--demo", str(facts), "--url", url] if with_demo else []
            stack.manage("prepare", *demo, quiet=True)
            processes.wait_until_ready(url)
            seconds = time.monotonic() - started
            if with_demo:
                greet(url, inbox, json.loads(facts.read_text()), facts, seconds)
            else:
                greet_without_demo(url, inbox, seconds)
                stack.manage("setup_link")
                print(flush=True)
            return processes.watch()


def refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise CannotStart(f"port {port} is taken; choose another: make run PORT={port + 1}") from None
        except OverflowError:
            raise CannotStart(f"{port} is no port; choose one from 1024 to 65535.") from None


def free_port(wanted: int = 0) -> int:
    """That port if nobody has it, else any that is free."""
    for port in (wanted, 0):
        with socket.socket() as probe, contextlib.suppress(OSError, OverflowError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise CannotStart("no port is free on 127.0.0.1.")


def post_office(stack: Stack, http_port: int) -> str:
    """
    Let the stack send to an inbox of its own (`dev.inbox`), unless the environment names a mail server.

    Returns the address of the inbox's page, or an empty text.
    """
    if "EMAIL_HOST" in os.environ:
        return ""
    stack.inbox_ports = (free_port(), http_port)
    stack.environment |= {
        "EMAIL_HOST": "127.0.0.1",
        "EMAIL_PORT": str(stack.inbox_ports[0]),
        "EMAIL_FROM": "messages@palpate.example",
        "SMS_PROVIDER": "mail_gateway",
        "SMS_MAIL_GATEWAY": "sms.palpate.example",
    }
    return f"http://127.0.0.1:{http_port}"


class Processes:
    """Web, worker and beat, and the demo's inbox, each with a log in the data folder."""

    def __init__(self, stack: Stack, port: int) -> None:
        self.stack = stack
        logs = stack.data / "logs"
        logs.mkdir(exist_ok=True)
        celery = [PYTHON, "-m", "celery", "-A", "clinic"]
        self.commands = {
            "web": [
                PYTHON,
                "-m",
                "gunicorn",
                "clinic.asgi",
                "--bind",
                f"127.0.0.1:{port}",
                "--workers",
                "2",
                "--worker-class",
                "clinic.serving.Worker",
                "--graceful-timeout",
                "5",
                "--preload",
                "--no-control-socket",
            ],
            "worker": [
                *celery,
                "worker",
                "--concurrency",
                "2",
                "--loglevel",
                "INFO",
                "--without-gossip",
                "--without-mingle",
            ],
            "beat": [*celery, "beat", "--loglevel", "INFO", "--schedule", str(stack.data / "beat-schedule")],
        }
        if stack.inbox_ports:
            ports = [str(port) for port in stack.inbox_ports]
            self.commands["inbox"] = [PYTHON, "-m", "dev.inbox", *ports, str(stack.data)]
        self.logs = {name: logs / f"{name}.log" for name in self.commands}
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Processes:
        for name in self.commands:
            self.start(name)
        return self

    def start(self, name: str) -> None:
        with open(self.logs[name], "ab") as log:
            self.running[name] = subprocess.Popen(
                dying_with_parent(self.commands[name]),
                cwd=ROOT,
                env=self.stack.environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def __exit__(self, *error: object) -> None:
        for process in self.running.values():
            if process.poll() is None:
                process.terminate()
        deadline = time.monotonic() + 10
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.1, deadline - time.monotonic()))
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # what a process started and left

    def wait_until_ready(self, url: str) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            for name, process in self.running.items():
                if process.poll() is not None:
                    tail = self.logs[name].read_text()[-1500:]
                    raise CannotStart(f"{name} did not start; the end of {self.logs[name]}:\n{tail}")
            try:
                with urllib.request.urlopen(f"{url}/readyz", timeout=2) as answer:
                    if answer.status == 200 and b"ready." in self.logs["worker"].read_bytes():
                        return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.1)
        raise CannotStart(f"Palpate did not answer within 60 s; see {self.logs['web']}")

    def watch(self) -> int:
        """Start again whichever process dies, until Ctrl-C."""
        while True:
            for name, process in list(self.running.items()):
                if process.poll() is not None:
                    say(f"{name} ended ({process.returncode}); starting it again. Its log: {self.logs[name]}")
                    time.sleep(1)
                    self.start(name)
            time.sleep(0.5)


def greet(url: str, inbox: str, facts: dict[str, list[dict[str, str]]], path: Path, seconds: float) -> None:
    reader = next(c for c in facts["clients"] if "records:read" in c["scopes"].split())
    width = max(len(user["email"]) for user in facts["users"])
    lines = [
        "",
        f"Palpate is ready ({seconds:.1f} s).",
        "",
        f"  Click    {url}/             sign in as one of these",
        f"           {url}/admin/       as an owner",
        f"           {url}/api/v1/docs/ the API, to try",
        *([f"           {inbox}/             the mails and SMS that it sends"] if inbox else []),
        "",
        *(f"  {u['email']:<{width}}  {u['password']}  {u['role']}, {u['clinic']}" for u in facts["users"]),
        "",
        "  Pull signed records as a program:",
        "",
        f"    TOKEN=$(curl -s -u '{reader['client_id']}:{reader['client_secret']}' -d grant_type=client_credentials \\",
        f'      {url}/oauth/token/ | sed \'s/.*"access_token": *"\\([^"]*\\)".*/\\1/\')',
        f"    curl -s -H \"Authorization: Bearer $TOKEN\" '{url}/api/v1/records/?limit=2'",
        "",
        f"  The same facts: {path}",
        "  Ctrl-C stops everything; the data stays.",
        "",
    ]
    print("\n".join(lines), flush=True)


def greet_without_demo(url: str, inbox: str, seconds: float) -> None:
    lines = [
        "",
        f"Palpate is ready, without the demo ({seconds:.1f} s): {url}/",
        *([f"  {inbox}/  the mails and SMS that it sends"] if inbox else []),
        "  Ctrl-C stops everything; the data stays.",
        "",
    ]
    print("\n".join(lines), flush=True)


if __name__ == "__main__":
    sys.exit(main())
