"""Long tests come in two sizes: a small one that runs with `make test`, and the drill that runs with `make drill`."""

from __future__ import annotations

from typing import Any

import pytest


def small_or_drill(small: Any, drill: Any) -> list[Any]:
    """The values of a parameter (a tuple, for several parameters) for both sizes."""
    return [sized(small, id="small"), sized(drill, id="drill", marks=pytest.mark.drill)]


def sized(values: Any, **options: Any) -> Any:
    return pytest.param(*(values if isinstance(values, tuple) else (values,)), **options)
