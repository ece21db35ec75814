"""The API on a port of this machine, and a program that may follow everything."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import httpx
import pytest
from django.core.wsgi import get_wsgi_application
from django.db import connections

from changes import rules
from palpate_client import Client
from tests import builders
from tests.committed import committed
from tests.privacy.conftest import rich

__all__ = ["committed", "rich"]  # fixtures


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *_arguments: Any) -> None:
        pass


class ThreadingServer(socketserver.ThreadingMixIn, WSGIServer):
    daemon_threads = True


@dataclass
class Network:
    """Between client and server. `fault` sees each request and may answer itself, or raise."""

    fault: Callable[[httpx.Request], httpx.Response | None] = lambda _request: None
    seen: list[httpx.Request] = field(default_factory=list)

    def pass_on(self, request: httpx.Request) -> httpx.Response | None:
        self.seen.append(request)
        return self.fault(request)


class Transport(httpx.HTTPTransport):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        return self.network.pass_on(request) or super().handle_request(request)


class AsyncTransport(httpx.AsyncHTTPTransport):
    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return self.network.pass_on(request) or await super().handle_async_request(request)


@pytest.fixture(scope="session")
def served(django_db_setup: None) -> Iterator[str]:
    application = get_wsgi_application()

    def and_close(environment: Any, start: Any) -> Any:
        """Threads end with their request, and so must their connections."""
        try:
            return list(application(environment, start))
        finally:
            connections.close_all()

    server = make_server("127.0.0.1", 0, and_close, ThreadingServer, QuietHandler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def access(committed: Any, served: str) -> dict[str, str]:
    """What a client of the first clinic is made with."""
    scopes = " ".join(sorted({*rules.KINDS.values(), "patients:write"}))
    program = builders.program(committed.clinic, scopes=scopes)
    return {"url": served, "client_id": program.client_id, "client_secret": builders.SECRET}


@pytest.fixture
def client(access: dict[str, str], network: Network) -> Iterator[Client]:
    with Client(**access, transport=Transport(network)) as client:
        yield client
