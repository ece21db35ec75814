"""
Palpate served from the test's own process: the demo's clinics in a database of this worker's own, a real SMTP server.

No worker and no beat run beside it: what they would do is done when a test looks for its mail.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler

from dev.inbox import Kept
from dev.run import free_port
from dev.smtp import smtp
from tests.processes import client_of


class Quiet(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """What is asked for is not written down."""


class Served:
    """Its address, its facts, its mails; the same face as a `Running`, without processes to hurt."""

    def __init__(self, port: int, smtp_port: int, facts: dict[str, Any], kept: Kept) -> None:
        # A passkey is for a name, not for a number.
        self.url, self.smtp_port, self.facts, self.kept = f"http://localhost:{port}", smtp_port, facts, kept
        self.clients: list[httpx.Client] = []

    def client(self, name: str) -> httpx.Client:
        """A program of the first demo clinic, with its token."""
        self.clients.append(client_of(self.url, self.facts, name))
        return self.clients[-1]

    def mails(self) -> list[dict[str, str]]:
        """What was sent, newest first; what is due is sent before."""
        from homecare import periodic as homecare
        from messaging import periodic as messaging
        from scheduling import periodic as scheduling

        for tick in (scheduling.tick, homecare.tick, messaging.tick):
            tick()
        return self.kept.mails


@contextmanager
def serve(folder: Path, facts: Path) -> Iterator[Served]:
    from clinic.wsgi import application

    kept, smtp_port = Kept(folder), free_port()
    with ThreadedWSGIServer(("127.0.0.1", 0), Quiet) as server, smtp(smtp_port, kept):
        server.daemon_threads = True
        server.set_app(application)
        threading.Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        served = Served(server.server_port, smtp_port, json.loads(facts.read_text()), kept)
        try:
            yield served
        finally:
            for client in served.clients:
                client.close()
            server.shutdown()
