"""A program that listens for webhooks: a real HTTP server that answers as it is told to."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks import Webhook


@dataclass
class Receiver:
    """
    :ivar answers: statuses of the next calls, in order; then 204
    :ivar calls: headers, body and moment of each call
    """

    port: int = 0
    answers: list[Any] = field(default_factory=list)
    calls: list[tuple[dict[str, str], bytes, float]] = field(default_factory=list)
    stall_s: float = 0
    answered: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook"

    def messages(self, secret: str) -> list[dict[str, Any]]:
        """The bodies of all calls, each with its signature verified as a receiver does it."""
        return [Webhook(secret).verify(body, headers) for headers, body, _at in self.calls]

    def sequences(self) -> list[int]:
        import json

        bodies = [json.loads(body) for _headers, body, _at in self.calls]
        return [change["sequence"] for body in bodies for change in body["data"].get("changes", [])]


@contextmanager
def listening(**options: Any) -> Iterator[Receiver]:
    receiver = Receiver(**options)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.calls.append(({name.lower(): value for name, value in self.headers.items()}, body, time.time()))
            if receiver.stall_s:
                time.sleep(receiver.stall_s)
            answer = receiver.answers.pop(0) if receiver.answers else 204
            self.send_response(answer)
            if 300 <= answer < 400:
                self.send_header("Location", f"http://127.0.0.1:{receiver.port}/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()
            receiver.answered.release()

        def log_message(self, format: str, *args: object) -> None:
            return

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        receiver.port = server.server_port
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield receiver
        finally:
            server.shutdown()
            thread.join()
