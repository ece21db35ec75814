"""
Refusals of strangers, counted in Redis.

In each window of ten minutes the first refusal of a kind (action, outcome, code, address) becomes an event immediately,
for a limited number of kinds. All others are counted, and added as one event a kind once the window is over. Without
Redis each process counts for itself, so that nobody can fill the table then either.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Iterator
from hashlib import sha256

from django.core.cache import cache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
WINDOW_S = 600
MOST_KINDS = 100
KEPT_S = 6 * WINDOW_S
Kind = tuple[str, str, str, str | None]  # action, outcome, code, address
# What is beyond the most kinds is counted together.
OTHERS: Kind = ("anonymous.refused", "refused", "too_many_kinds", None)


def is_first(action: str, outcome: str, code: str, ip: str | None) -> bool:
    """Count a refusal. Return True if it is the first of its kind in this window and must be written."""
    window = int(time.time() // WINDOW_S)
    try:
        if _count(window, (action, outcome, code, ip)):
            return True
    except (RedisError, OSError):
        logger.warning("a stranger's refusal is not recorded: Redis does not answer")
    return False


def _count(window: int, kind: Kind) -> bool:
    key = _key(window, kind)
    if not cache.add(key, 0, KEPT_S):
        cache.incr(key)
        return False
    cache.add(f"strangers:{window}:kinds", 0, KEPT_S)
    number = cache.incr(f"strangers:{window}:kinds")
    if number <= MOST_KINDS:
        cache.set(f"strangers:{window}:kind:{number}", json.dumps(kind), KEPT_S)
        return True
    cache.delete(key)
    others = _key(window, OTHERS)
    cache.add(others, 0, KEPT_S)
    cache.incr(others)
    return False


def _key(window: int, kind: Kind) -> str:
    return f"strangers:{window}:{sha256(json.dumps(kind).encode()).hexdigest()}"


def counted(window: int) -> Iterator[tuple[Kind, int]]:
    """What a window counted beyond the events that were written at once; each answer is given once."""
    kinds = [OTHERS]
    for number in range(1, min(int(cache.get(f"strangers:{window}:kinds") or 0), MOST_KINDS) + 1):
        kind_code = cache.get(f"strangers:{window}:kind:{number}")
        if kind_code is not None:
            kinds.append(tuple(json.loads(kind_code)))
    for kind_code in kinds:
        key = _key(window, kind_code)
        times = int(cache.get(key) or 0)
        if times and cache.delete(key):
            yield kind_code, times


def windows_over() -> list[int]:
    """The windows that are over and may still hold counts."""
    now = int(time.time() // WINDOW_S)
    return [now - back for back in range(KEPT_S // WINDOW_S - 1, 0, -1)]
