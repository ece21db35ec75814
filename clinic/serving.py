"""
What stands between the web server's event loop and Django's threads.

A thread is taken when a request is here completely, and given back when its answer is complete: an event loop waits for
slow clients, at the cost of a socket each. See ADR 20.
"""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote_to_bytes

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Environ = dict[str, Any]
Headers = list[tuple[bytes, bytes]]
Wsgi = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]

HEADERS_S = 10  # a connection that has not sent a request line and headers by then is closed
BODY_S = 30  # time for a body, plus the time that its size takes at BODY_BYTES_PER_S
BODY_BYTES_PER_S = 50_000
IN_MEMORY_BYTES = 64 * 2**10  # what is larger lies in a temporary file
UNREAD_BYTES = 64 * 2**20  # limit of the file in which a streamed answer waits for its client
UNREAD_S = 30  # how long the thread then waits for the client to continue
QUEUE_S = 1.5  # how long a request may wait for a thread
READY_S = 1.8

logger = logging.getLogger(__name__)


class Protocol(ASGIProtocol):
    """
    Gunicorn's, which waits for the first request of a connection without an end.

    What gunicorn itself refuses (no path is known then), it refuses with a problem document, as the API does.
    """

    def _send_error_response(self, status: int, message: str, extra_headers: Iterable[tuple[str, str]] = ()) -> None:
        """:param message: gunicorn's, which may quote the request, so it is not sent"""
        body = problem_bytes(status)
        lines = [
            f"HTTP/1.1 {status} {HTTPStatus(status).phrase}",
            f"Content-Type: {PROBLEM}",
            "Cache-Control: no-store",
        ]
        lines += [f"{name}: {value}" for name, value in extra_headers]
        lines += [f"Content-Length: {len(body)}", "Connection: close", "", ""]
        self._safe_write("\r\n".join(lines).encode("latin-1"))
        self._safe_write(body)

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.worker.loop.call_later(HEADERS_S, self._close_if_silent)

    def _close_if_silent(self) -> None:
        if self._current_request is None and self.req_count <= 1 and not self._closed:
            self._close_transport()
            self._request_ready.set()


class Worker(gasgi.ASGIWorker):
    """Gunicorn's worker with an event loop, with a limit for headers."""

    def init_process(self) -> None:
        gasgi.ASGIProtocol = Protocol  # the worker makes one for each connection and takes no other
        super().init_process()


class BodyTooLate(Exception):
    """The client sends too slowly, or left."""


class Unread(Exception):
    """The client does not fetch its answer."""


class Answer:
    """An answer on its way from a thread, which writes as fast as it can, to a client, which reads as it likes."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.status = 500
        self.headers: Headers = []
        self.file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES)  # noqa: SIM115 - closed by `close`
        self.written = self.read_bytes = 0
        self.whole: bytes | None = None  # an answer that was complete at once
        self.is_complete = self.is_closed = False
        self.error: BaseException | None = None
        self.changed = threading.Condition()
        self.has_news = asyncio.Event()

    # --- In the thread ---

    def start(self, status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> None:
        """WSGI's `start_response`."""
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers]

    def write(self, chunk: bytes) -> None:
        """
        :raises Unread: more waits than may, and the client has not read for a while
        """
        with self.changed:
            can_go_on = self.changed.wait_for(
                lambda: self.is_closed or self.written - self.read_bytes < UNREAD_BYTES, UNREAD_S
            )
            if self.is_closed or not can_go_on:
                raise Unread
            self.file.seek(self.written)
            self.file.write(chunk)
            self.written += len(chunk)
        self.tell()

    def finish(self, error: BaseException | None = None) -> None:
        with self.changed:
            self.is_complete, self.error = True, error
        self.tell()

    def tell(self) -> None:
        """Wake the event loop, if it has not ended."""
        if not self.loop.is_closed():
            self.loop.call_soon_threadsafe(self.has_news.set)

    # --- In the event loop ---

    async def read(self) -> tuple[bytes, bool]:
        """Return what is there, up to 64 kB, and whether more comes."""
        while True:
            self.has_news.clear()
            with self.changed:
                if self.whole is not None and self.is_complete:
                    chunk = self.whole[self.read_bytes : self.read_bytes + IN_MEMORY_BYTES]
                    self.read_bytes += len(chunk)
                    return chunk, self.read_bytes < len(self.whole)
                if self.read_bytes < self.written:
                    self.file.seek(self.read_bytes)
                    chunk = self.file.read(IN_MEMORY_BYTES)
                    self.read_bytes += len(chunk)
                    self.changed.notify_all()
                    return chunk, not (self.is_complete and self.read_bytes == self.written)
                if self.is_complete:
                    if self.error is not None:
                        raise self.error
                    return b"", False
            await self.has_news.wait()

    def close(self) -> None:
        with self.changed:
            self.is_closed = True
            self.changed.notify_all()
            self.file.close()


class Served:
    """
    An ASGI application around a WSGI one.

    :ivar body_limit: how many bytes a request to a path may have
    """

    def __init__(self, application: Wsgi, *, body_limit: Callable[[str], int], threads: int) -> None:
        self.application, self.body_limit, self.threads = application, body_limit, threads
        self.default_limit = body_limit("")
        self.free: asyncio.Semaphore | None = None

    def start(self) -> None:
        """Make the threads in the process that uses them; gunicorn forks after it has imported the application."""
        self.free = asyncio.Semaphore(self.threads)
        self.pool = ThreadPoolExecutor(self.threads, thread_name_prefix="request")
        self.ready_pool = ThreadPoolExecutor(1, thread_name_prefix="ready")

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.live(receive, send)
        elif scope["type"] == "http":
            if self.free is None:
                self.start()
            await self.answer(scope, receive, send)

    async def live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.shutdown" and self.free is not None:
                self.pool.shutdown(wait=False)
                self.ready_pool.shutdown(wait=False)
            await send({"type": f"{message['type']}.complete"})
            if message["type"] == "lifespan.shutdown":
                return

    async def answer(self, scope: Message, receive: Receive, send: Send) -> None:
        path = scope["path"]
        if path == "/healthz" and scope["method"] in ("GET", "HEAD"):
            await send_json(send, 200, b'{"alive": true}')  # no thread: it must not wait for other work
            return
        environ = environ_of(scope)
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as body:
            try:
                await self.gather(path, environ, receive, cast(io.BytesIO, body))
            except BodyTooLate:
                await send_json(send, 408, problem_bytes(408), connection=b"close")
                return
            except OSError:  # no space for the body
                await send_busy(send)
                return
            if path == "/readyz":
                await self.answer_ready(environ, send)
            else:
                await self.answer_in_thread(environ, send)

    async def gather(self, path: str, environ: Environ, receive: Receive, body: io.BytesIO) -> None:
        """
        Take the body in; of one that is too large nothing but its length, by which Django refuses it.

        :raises BodyTooLate:
        """
        environ["wsgi.input"] = body
        length = environ.get("CONTENT_LENGTH", "")
        is_chunked = environ.pop("HTTP_TRANSFER_ENCODING", "") != ""
        if not is_chunked and length in ("", "0"):
            return
        declared = int(length) if length.isdigit() and not is_chunked else 0
        limit = self.default_limit
        if declared > limit or is_chunked:
            limit = self.body_limit(path)
        if declared > limit:
            return
        received = 0
        try:
            async with asyncio.timeout(BODY_S + (declared or limit) / BODY_BYTES_PER_S):
                more = True
                while more and received <= limit:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise BodyTooLate
                    received += len(message.get("body", b""))
                    body.write(message.get("body", b""))
                    more = message.get("more_body", False)
        except TimeoutError:
            raise BodyTooLate from None
        environ["CONTENT_LENGTH"] = str(received)
        body.seek(0)

    async def answer_in_thread(self, environ: Environ, send: Send) -> None:
        assert self.free is not None
        try:
            async with asyncio.timeout(QUEUE_S):
                await self.free.acquire()
        except TimeoutError:
            await send_busy(send)
            return
        loop = asyncio.get_running_loop()
        answer = Answer(loop)
        work = loop.run_in_executor(self.pool, run, self.application, environ, answer)
        # The thread may outlast the client; its place is free when it ends.
        free = self.free
        work.add_done_callback(lambda _done: free.release())
        try:
            await send_answer(answer, send)
        finally:
            answer.close()

    async def answer_ready(self, environ: Environ, send: Send) -> None:
        """With a thread of its own, and a time in which it answers in any case."""
        loop = asyncio.get_running_loop()
        answer = Answer(loop)
        work = loop.run_in_executor(self.ready_pool, run, self.application, environ, answer)
        try:
            async with asyncio.timeout(READY_S):
                await asyncio.shield(work)
        except TimeoutError:
            work.cancel()  # one that waits for the thread need not run any more
            await send_json(send, 503, b'{"ready": false, "checks": {}}')
            return
        await send_answer(answer, send)
        answer.close()


def run(application: Wsgi, environ: Environ, answer: Answer) -> None:
    """Let Django answer: the call, its body and its end, all in this thread, which holds the database connection."""
    try:
        chunks = application(environ, answer.start)
        try:
            if getattr(chunks, "streaming", True):
                for chunk in chunks:
                    answer.write(chunk)
            else:
                answer.whole = b"".join(chunks)
        finally:
            getattr(chunks, "close", lambda: None)()
    except Unread:
        answer.finish(Unread())
    except Exception as error:
        logger.error("an answer broke off: %s", type(error).__name__, exc_info=error)
        answer.finish(error)
    else:
        answer.finish()


async def send_answer(answer: Answer, send: Send) -> None:
    """
    Send it piece by piece.

    :raises TimeoutError: the client took no piece for a while; its connection is closed
    """
    chunk, more = await answer.read()
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    while True:
        async with asyncio.timeout(UNREAD_S):
            await send({"type": "http.response.body", "body": chunk, "more_body": more})
        if not more:
            return
        chunk, more = await answer.read()


async def send_json(send: Send, status: int, body: bytes, **headers: bytes) -> None:
    """Answer without Django; `retry_after=b"2"` is a header."""
    media_type = PROBLEM if body.startswith(b'{"type":') else "application/json"
    kept = [(b"content-type", media_type.encode()), (b"content-length", str(len(body)).encode())]
    kept += [(b"cache-control", b"no-store")]
    kept += [(name.replace("_", "-").encode(), value) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": status, "headers": kept})
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def send_busy(send: Send) -> None:
    """Every thread is busy: say so soon, instead of late."""
    await send_json(send, 503, problem_bytes(503), retry_after=b"2")


PROBLEM = "application/problem+json"
# What is refused before Django is asked: code, title, detail. As `api.problems` has them, which needs Django.
REFUSALS = {
    400: ("bad_request", "Not understood", "The request could not be read. Correct its form and send it again."),
    408: ("request_timeout", "Too slow", "The body did not arrive in time. Send it again."),
    414: ("uri_too_long", "Address too long", "The address is too long. Send the values in the body instead."),
    426: ("upgrade_required", "Upgrade required", "This version of the protocol is not spoken here. Use HTTP/1.1."),
    431: (
        "headers_too_large",
        "Headers too large",
        "The headers are too large or too many. Send fewer or shorter ones.",
    ),
    500: ("internal_error", "Our fault", "Something went wrong on our side and nothing was saved. Try again."),
    501: (
        "not_implemented",
        "Not implemented",
        "This transfer coding is not known. Send the body as it is, or in chunks.",
    ),
    503: ("unavailable", "Not available now", "Palpate is busy and nothing was saved. Try again."),
}


def problem_bytes(status: int) -> bytes:
    """Return the problem document of a refusal that comes before Django."""
    code, title, detail = REFUSALS.get(status, REFUSALS[400 if status < 500 else 500])
    problem = {"type": f"urn:palpate:problem:{code}", "title": title, "status": status, "detail": detail}
    return json.dumps({**problem, "code": code, "params": {}, "errors": []}, separators=(",", ":")).encode()


def environ_of(scope: Message) -> Environ:
    """Return WSGI's environment of an ASGI request."""
    server = scope.get("server") or ("localhost", 80)
    client = scope.get("client") or ("", 0)
    environ: Environ = {
        "REQUEST_METHOD": scope["method"],
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(scope["raw_path"].partition(b"?")[0]).decode("latin-1"),
        "QUERY_STRING": scope["query_string"].decode("latin-1"),
        "SERVER_NAME": str(server[0]),
        "SERVER_PORT": str(server[1]),
        "SERVER_PROTOCOL": f"HTTP/{scope.get('http_version', '1.1')}",
        "REMOTE_ADDR": str(client[0]) if client[0] else "",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": scope.get("scheme", "http"),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1"), raw_value.decode("latin-1")
        if "_" in name:
            continue  # `X_Forwarded_For` must not pass for `X-Forwarded-For`
        key = name.upper().replace("-", "_")
        key = key if key in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{key}"
        joint = "; " if key == "HTTP_COOKIE" else ","
        environ[key] = f"{environ[key]}{joint}{value}" if key in environ else value
    return environ
