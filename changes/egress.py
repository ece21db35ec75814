"""
Calls to addresses that clinics enter: only to the outside, never on our own network, and only the address looked at.

The name is resolved once. Every address that it has must be public, and the connection goes to the one that was looked
at, so that a name cannot point elsewhere a moment later. There are no redirects, no proxies, and one deadline for all.
"""

from __future__ import annotations

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpcore
from django.conf import settings

from changes import rules

NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: an IPv4 address is in it
READ_MOST = 16_384  # bytes of an answer, of which only the status counts


class NotAllowed(Exception):
    """The address is, or resolves to, something that is not public."""


@dataclass(frozen=True)
class Reply:
    """
    What came of a call.

    :ivar outcome: one of `rules.OUTCOMES`
    """

    outcome: str
    status: int | None
    duration_ms: int


def is_allowed(url: str) -> bool:
    """
    Return whether an address may be entered: https, a public host, no user name. Hosts that the operator allows may be
    on our own network, and http.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if not host or parts.username is not None or parts.password is not None or "#" in url or port == 0:
        return False
    if host in settings.WEBHOOK_ALLOWED_HOSTS:
        return parts.scheme in ("http", "https")
    if parts.scheme != "https":
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return "." in host and url.isascii()


def call(url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
    """POST a body, and return what came of it. Never raises for what the other side does."""
    started = time.monotonic()
    outcome, status = _call(url, body, headers, started + rules.ANSWER_WITHIN_S)
    return Reply(outcome, status, int(1000 * (time.monotonic() - started)))


def _call(url: str, body: bytes, headers: Mapping[str, str], deadline: float) -> tuple[str, int | None]:
    if not is_allowed(url):
        return rules.NOT_ALLOWED, None
    try:
        with (
            httpcore.ConnectionPool(network_backend=_Guarded(deadline)) as pool,
            pool.stream("POST", url, headers=[*headers.items(), ("Connection", "close")], content=body) as response,
        ):
            _drain(response.stream)
            status = response.status
    except NotAllowed:
        return rules.NOT_ALLOWED, None
    except httpcore.TimeoutException:
        return rules.TIMED_OUT, None
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError, ValueError):
        return rules.NOT_REACHED, None
    if 200 <= status < 300:
        return rules.DELIVERED, status
    return rules.REDIRECTED if 300 <= status < 400 else rules.ANSWERED, status


def _drain(chunks: Any) -> None:
    """Read what an ordinary receiver answers; what is longer is left, and the connection closed."""
    length = 0
    for chunk in chunks:
        length += len(chunk)
        if length > READ_MOST:
            return


class _Guarded(httpcore.SyncBackend):
    """httpcore's own network, with the address looked at before it is called."""

    def __init__(self, deadline: float) -> None:
        self.deadline = deadline

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """:raises NotAllowed, httpcore.ConnectError:"""
        address = _public_address(host, port)
        stream = super().connect_tcp(address, port, _left(self.deadline), local_address, socket_options)
        return _Timed(stream, self.deadline)


class _Timed(httpcore.NetworkStream):
    """A connection of which every step ends with the deadline: nobody keeps a worker by answering slowly."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self.stream, self.deadline = stream, deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self.stream.read(max_bytes, _left(self.deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self.stream.write(buffer, _left(self.deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        secured = self.stream.start_tls(ssl_context, server_hostname, _left(self.deadline))
        return _Timed(secured, self.deadline)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)


def _left(deadline: float, error: type[Exception] = httpcore.ConnectTimeout) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise error
    return left


def _public_address(host: str, port: int) -> str:
    """
    Return the address to connect to.

    :raises NotAllowed: one of the name's addresses is not public, and the operator does not allow the name
    :raises httpcore.ConnectError: the name is not known
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise httpcore.ConnectError from None
    addresses = [str(entry[4][0]) for entry in found]
    if host not in settings.WEBHOOK_ALLOWED_HOSTS and not all(map(_is_public, addresses)):
        raise NotAllowed
    return addresses[0]


def _is_public(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        within = address.ipv4_mapped or address.sixtofour
        if address in NAT64:
            within = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if within is not None and not within.is_global:
            return False
    return address.is_global and not address.is_multicast
