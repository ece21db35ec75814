"""
Valkey (or Redis), for what may be lost: counters, caches, and the broker's nudges.

Every command ends within a second. After one without an answer nobody in this process asks again for a moment, so a
Valkey that is gone or frozen costs one second now and then, and not one with each command.
"""

from __future__ import annotations

import logging
import time
from functools import lru_cache
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, RedisError, TimeoutError
from redis.retry import Retry

logger = logging.getLogger(__name__)
PAUSE_S = 3.0
# One more try, for a kept connection that the other side has closed.
TIMEOUTS: dict[str, Any] = {"socket_timeout": 0.5, "socket_connect_timeout": 0.5, "retry": Retry(NoBackoff(), 1)}


class Pause:
    """Until when this process asks no Valkey, one time for each address."""

    until: dict[str, float] = {}

    @classmethod
    def holds(cls, address: str) -> bool:
        return time.monotonic() < cls.until.get(address, 0)

    @classmethod
    def begin(cls, address: str) -> None:
        cls.until[address] = time.monotonic() + PAUSE_S


class Client(Redis):
    """A client that does not ask while a pause holds."""

    def execute_command(self, *args: Any, **options: Any) -> Any:
        """:raises RedisError: no answer, now or a moment ago"""
        place = self.connection_pool.connection_kwargs
        address = f"{place.get('path')} {place.get('host')} {place.get('port')}"
        if Pause.holds(address):
            raise ConnectionError("no answer a moment ago")
        try:
            return super().execute_command(*args, **options)
        except (ConnectionError, TimeoutError):
            Pause.begin(address)
            raise


@lru_cache
def client(url: str) -> Redis:
    """One client, and so one pool of connections, for the whole process."""
    return Client.from_url(url, **TIMEOUTS)


class CacheClient(RedisCacheClient):
    def __init__(self, servers: list[str], **options: Any) -> None:
        super().__init__(servers, **TIMEOUTS, **options)
        self._client = Client


class OnlyValkey(RedisCache):
    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._class = CacheClient


class Cache(BaseCache):
    """
    Valkey's, and while it does not answer one in this process.

    The limits on guessing count here, so they go on counting: then for each web process by itself.
    """

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self.shared = OnlyValkey(server, params)
        self.own = LocMemCache("while-valkey-is-away", params)

    def _ask(self, name: str, *args: Any, **options: Any) -> Any:
        try:
            return getattr(self.shared, name)(*args, **options)
        except RedisError as error:
            logger.warning("Valkey does not answer (%s); this process counts by itself", type(error).__name__)
            return getattr(self.own, name)(*args, **options)

    def add(self, key: str, value: object, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("add", key, value, timeout=timeout, version=version))

    def get(self, key: str, default: object = None, version: int | None = None) -> Any:
        return self._ask("get", key, default=default, version=version)

    def set(self, key: str, value: object, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        self._ask("set", key, value, timeout=timeout, version=version)

    def touch(self, key: str, timeout: float | None = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(self._ask("touch", key, timeout=timeout, version=version))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask("delete", key, version=version))

    def incr(self, key: str, delta: int = 1, version: int | None = None) -> int:
        return int(self._ask("incr", key, delta=delta, version=version))

    def has_key(self, key: str, version: int | None = None) -> bool:
        return bool(self._ask("has_key", key, version=version))

    def clear(self) -> None:
        self._ask("clear")
        self.own.clear()
