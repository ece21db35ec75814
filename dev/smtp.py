"""
A real SMTP server that can be slow, refuse and hang up, and that writes down every message that it took.

It runs in its own process when asked to (`python -m dev.smtp PORT LOG ...`), so that killed workers do not take it
along.
"""

from __future__ import annotations

import argparse
import asyncio
import email
import json
import logging
import random
import signal
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

KEY_HEADER = "Resend-Idempotency-Key"


@dataclass
class Moods:
    """How often (0 to 1) the server misbehaves, and how."""

    refuse_for_now: float = 0.0
    refuse_for_good: float = 0.0
    hang_up_before: float = 0.0  # after DATA began, before the message is taken
    hang_up_after: float = 0.0  # after the message was taken, before saying so
    stall: float = 0.0
    stall_s: float = 1.0
    honours_keys: bool = False


@dataclass
class Inbox:
    moods: Moods = field(default_factory=Moods)
    log: Path | None = None
    taken: list[Message] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    answered_again: int = 0
    random: random.Random = field(default_factory=lambda: random.Random(4))
    # Addresses that are refused for good.
    no_such: set[str] = field(default_factory=set)

    def chance(self, part: float) -> bool:
        return self.random.random() < part

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.no_such:
            return "550 5.1.1 no such mailbox"
        if self.chance(self.moods.refuse_for_good):
            return "554 5.7.1 refused"
        if self.chance(self.moods.refuse_for_now):
            return "451 4.3.0 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.chance(self.moods.stall):
            await asyncio.sleep(self.moods.stall_s)
        if self.chance(self.moods.hang_up_before):
            server.transport.abort()
            return "250 never said"
        message = email.message_from_bytes(envelope.content)
        self.take(message)
        if self.chance(self.moods.hang_up_after):
            server.transport.abort()
        return "250 OK"

    def take(self, message: Message) -> None:
        key = message.get(KEY_HEADER, "")
        if self.moods.honours_keys and key:
            if key in self.keys:
                self.answered_again += 1
                return
            self.keys.add(key)
        self.taken.append(message)
        if self.log is not None:
            line = {"id": message["Message-ID"].strip("<>").split("@")[0], "to": message["To"]}
            with open(self.log, "a") as file:
                file.write(json.dumps(line) + "\n")


logging.getLogger("mail.log").setLevel(logging.ERROR)  # it would write down who is written to


class Server(Controller):
    def factory(self) -> SMTP:
        return SMTP(self.handler, enable_SMTPUTF8=True, hostname="localhost", timeout=60)


@contextmanager
def smtp(port: int, inbox: Inbox | None = None) -> Any:
    inbox = inbox or Inbox()
    server = Server(inbox, hostname="127.0.0.1", port=port, ready_timeout=10)
    server.start()
    try:
        yield inbox
    finally:
        server.stop()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("log", type=Path)
    for name in ("refuse_for_now", "refuse_for_good", "hang_up_before", "hang_up_after", "stall", "stall_s"):
        parser.add_argument(f"--{name}", type=float, default=getattr(Moods, name))
    parser.add_argument("--honours_keys", action="store_true")
    options = vars(parser.parse_args())
    port, log = options.pop("port"), options.pop("log")
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with smtp(port, Inbox(Moods(**options), log=log)):
        stop.wait()


if __name__ == "__main__":
    main()
