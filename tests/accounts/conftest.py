from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def counters() -> Iterator[None]:
    """All of these tests come from one address: none counts against the limits of the next."""
    cache.clear()
    yield
    cache.clear()
