"""A lean HTTP load: keep-alive sockets in threads of one process, so that little of the machine goes into asking."""

from __future__ import annotations

import multiprocessing
import socket
import statistics
import threading
import time
from dataclasses import dataclass


@dataclass
class Figures:
    """What one run of load showed."""

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    bytes_each: int


def http(method: str, path: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", *(f"{n}: {v}" for n, v in headers.items())]
    if body:
        lines += ["Content-Type: application/json", f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Connection:
    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray(1 << 20)

    def ask(self, request: bytes) -> tuple[int, bytes]:
        self.socket.sendall(request)
        view, have = memoryview(self.buffer), 0
        while True:
            got = self.socket.recv_into(view[have:])
            if got == 0:
                raise ConnectionError("the server hung up")
            have += got
            end = self.buffer.find(b"\r\n\r\n", 0, have)
            if end >= 0:
                break
        head = bytes(view[:end]).lower()
        status = int(head.split(b" ", 2)[1])
        marker = head.index(b"content-length:")
        length = int(head[marker + 15 :].split(b"\r\n", 1)[0])
        while have < end + 4 + length:
            have += self.socket.recv_into(view[have:])
        return status, bytes(view[end + 4 : end + 4 + length])


def drive(port: int, request: bytes, *, seconds: float = 6, connections: int = 8, status: int = 200) -> Figures:
    """Ask the same thing over and over from `connections` sockets, and measure after a short warm-up."""
    queue: multiprocessing.Queue[tuple[list[float], float, int]] = multiprocessing.get_context("spawn").Queue()
    arguments = (port, request, seconds, connections, status, queue)
    process = multiprocessing.get_context("spawn").Process(target=_drive, args=arguments)
    process.start()
    times, elapsed, size = queue.get()
    process.join()
    times.sort()
    return Figures(
        len(times) / elapsed, 1000 * statistics.median(times), 1000 * times[int(len(times) * 0.99) - 1], size
    )


def _drive(port, request, seconds, connections, status, queue) -> None:
    times: list[float] = []
    size = 0
    begin = time.perf_counter() + 1.0  # warm-up

    def one() -> None:
        nonlocal size
        connection = Connection(port)
        while (started := time.perf_counter()) < begin + seconds:
            got, body = connection.ask(request)
            if got != status:
                raise SystemExit(f"{got}: {body[:300]!r}")
            size = len(body)
            if started >= begin:
                times.append(time.perf_counter() - started)

    threads = [threading.Thread(target=one) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    queue.put((times, seconds, size))
