"""Where a request comes from. Only our own proxies, by their addresses, are believed about anybody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

if TYPE_CHECKING:
    from rest_framework.request import Request

Address = IPv4Address | IPv6Address
WITH_PORT = re.compile(r"\[([^\]]*)\](?::\d+)?|([^:]*):\d+")  # [2001:db8::1]:443, 192.0.2.1:443


class OnlyOwnProxies:
    """Remove what a stranger claims in a proxy's name, before Django or a library reads it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not is_own_proxy(parse_address(request.META.get("REMOTE_ADDR"))):
            request.META.pop("HTTP_X_FORWARDED_FOR", None)
            request.META.pop("HTTP_X_FORWARDED_PROTO", None)
        return self.get_response(request)


def client_address(request: HttpRequest | Request) -> str:
    """
    Return the true peer: the nearest address that is not one of our own proxies; empty if none is known.

    X-Forwarded-For is read from the right, and only while the hop before is ours. What is no address ends the reading.
    """
    address = parse_address(request.META.get("REMOTE_ADDR"))
    for hop in reversed(request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")):
        parsed = parse_address(hop) if is_own_proxy(address) else None
        if parsed is None:
            break
        address = parsed
    return str(address or "")


def parse_address(text: str | None) -> Address | None:
    """Read an address with or without port, brackets and scope; None if it is none. An IPv4 in an IPv6 is the IPv4."""
    text = (text or "").strip()
    match = WITH_PORT.fullmatch(text)
    if match:
        text = match[1] or match[2] or ""
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


def is_own_proxy(address: Address | None) -> bool:
    return address is not None and any(address in network for network in _networks(tuple(settings.TRUSTED_PROXIES)))


@lru_cache
def _networks(texts: tuple[str, ...]) -> list[Any]:
    return [ip_network(text, strict=False) for text in texts]
