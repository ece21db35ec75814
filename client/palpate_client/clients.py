"""The two clients. They differ in `await` and in nothing else."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import httpx

from palpate_client.protocol import Call, ChangePage, ProgramAuth, read_answer

TIMEOUT = httpx.Timeout(30.0, connect=10.0)
MOST_ROWS = 200  # what the server gives on one page


class Client:
    """
    A program's access to one clinic.

    :param transport: httpx's, where the ordinary one will not do
    """

    def __init__(
        self, url: str, *, client_id: str, client_secret: str, transport: httpx.BaseTransport | None = None
    ) -> None:
        auth = ProgramAuth(url, client_id, client_secret)
        self.http = httpx.Client(base_url=url, auth=auth, timeout=TIMEOUT, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.http.close()

    def get(self, path: str, **query: Any) -> dict[str, Any]:
        return self.send(Call("GET", path, query=query))

    def post(self, path: str, body: Any = None, *, revision: int | None = None) -> dict[str, Any]:
        return self.send(Call("POST", path, {} if body is None else body, revision=revision))

    def patch(self, path: str, body: Any, *, revision: int) -> dict[str, Any]:
        return self.send(Call("PATCH", path, body, revision=revision))

    def delete(self, path: str, *, revision: int) -> dict[str, Any]:
        return self.send(Call("DELETE", path, revision=revision))

    def follow(self, cursor: str | None = None, *, limit: int = MOST_ROWS) -> Iterator[ChangePage]:
        """What changed behind a page's cursor (None: from the start), up to now."""
        while True:
            page = ChangePage.read(self.get("/changes/", cursor=cursor, limit=limit))
            yield page
            if page.is_last:
                return
            cursor = page.cursor

    def send(self, call: Call) -> dict[str, Any]:
        """
        Send a request until it is answered.

        :raises Problem: the server has refused
        :raises httpx.TransportError: the server was not reached, again and again
        """
        while True:
            try:
                answer = self.http.request(**call.arguments())
                wait = call.wait_s(answer)
                if wait is None:
                    return read_answer(answer)
            except httpx.TransportError:
                wait = call.wait_s(None)
                if wait is None:
                    raise
            time.sleep(wait)  # as long as the server asked for, or longer each time


class AsyncClient:
    """As `Client`, to await."""

    def __init__(
        self, url: str, *, client_id: str, client_secret: str, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        auth = ProgramAuth(url, client_id, client_secret)
        self.http = httpx.AsyncClient(base_url=url, auth=auth, timeout=TIMEOUT, transport=transport)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.http.aclose()

    async def get(self, path: str, **query: Any) -> dict[str, Any]:
        return await self.send(Call("GET", path, query=query))

    async def post(self, path: str, body: Any = None, *, revision: int | None = None) -> dict[str, Any]:
        return await self.send(Call("POST", path, {} if body is None else body, revision=revision))

    async def patch(self, path: str, body: Any, *, revision: int) -> dict[str, Any]:
        return await self.send(Call("PATCH", path, body, revision=revision))

    async def delete(self, path: str, *, revision: int) -> dict[str, Any]:
        return await self.send(Call("DELETE", path, revision=revision))

    async def follow(self, cursor: str | None = None, *, limit: int = MOST_ROWS) -> AsyncIterator[ChangePage]:
        """As `Client.follow`."""
        while True:
            page = ChangePage.read(await self.get("/changes/", cursor=cursor, limit=limit))
            yield page
            if page.is_last:
                return
            cursor = page.cursor

    async def send(self, call: Call) -> dict[str, Any]:
        """As `Client.send`."""
        while True:
            try:
                answer = await self.http.request(**call.arguments())
                wait = call.wait_s(answer)
                if wait is None:
                    return read_answer(answer)
            except httpx.TransportError:
                wait = call.wait_s(None)
                if wait is None:
                    raise
            await asyncio.sleep(wait)
