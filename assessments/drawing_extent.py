"""
How much of the body a pain drawing covers, and what has changed since the one before. Plain Python.

Shares of a view are counted in cells of a grid: a cell counts where its middle is on the body, and as drawn where it is
in a drawn zone. They follow from the zones and the drawing of the chart; nothing of them is stored.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import catalogue
from assessments.chart_zones import Point, flatten, zone_outlines
from assessments.suggestions import SidedZone, in_order

# Of what is counted and how. A higher one may give another share for the same zones.
VERSION = 1
WHOLE_VIEWS = ["front", "back", "head_left", "head_right"]  # a close-up shows a part of them again
CELLS_ACROSS = 100


@dataclass(frozen=True)
class ViewExtent:
    """:ivar percent: how much of the body in this view is drawn, to a tenth"""

    view: str
    percent: float


@dataclass(frozen=True)
class DrawingChange:
    """What a drawing has that the one before had not, what it has no more, and what both have; from head to foot."""

    gained: tuple[SidedZone, ...]
    lost: tuple[SidedZone, ...]
    same: tuple[SidedZone, ...]


def measure_extent(drawn: Iterable[SidedZone]) -> list[ViewExtent]:
    """Return how much of each view is drawn; views without a drawn zone are left out."""
    zones = frozenset(drawn)
    extents = []
    for view in WHOLE_VIEWS:
        body, cells_by_zone = _cells(view)
        covered: set[int] = set()
        for zone in zones:
            covered |= cells_by_zone.get(zone, frozenset())
        if covered:
            extents.append(ViewExtent(view, round(100 * len(covered) / len(body), 1)))
    return extents


def compare_drawings(now: Iterable[SidedZone], before: Iterable[SidedZone]) -> DrawingChange:
    """Compare the zones of two drawings."""
    zones, zones_before = frozenset(now), frozenset(before)
    return DrawingChange(
        gained=in_order(zones - zones_before),
        lost=in_order(zones_before - zones),
        same=in_order(zones & zones_before),
    )


def sum_intensity(intensities: Iterable[int | None]) -> int | None:
    """Return the sum of the numbers that were given; None without any. A zone without a number adds nothing."""
    given = [intensity for intensity in intensities if intensity is not None]
    return sum(given) if given else None


@cache
def _cells(view: str) -> tuple[frozenset[int], Mapping[SidedZone, frozenset[int]]]:
    """Return the cells of the body in a view, and of each zone as far as it is on the body."""
    drawing = catalogue.CHART_VIEWS[view]
    size = (drawing["width"], drawing["height"])
    body: set[int] = set()
    for outline in drawing["outline"]:
        body |= set(_inside(list(flatten(outline)), size))
    zones: dict[SidedZone, set[int]] = {}
    for zone, outline in zone_outlines(view):
        zones.setdefault(zone, set()).update(set(_inside(outline, size)) & body)
    return frozenset(body), {zone: frozenset(cells) for zone, cells in zones.items()}


def _inside(outline: Sequence[Point], size: tuple[int, int]) -> Iterator[int]:
    """Yield the cells whose middle is inside a closed shape, row by row."""
    step = size[0] / CELLS_ACROSS
    top, bottom = min(y for _, y in outline), max(y for _, y in outline)
    first, last = max(0, int(top / step)), min(int(size[1] / step) - 1, int(bottom / step))
    for row in range(first, last + 1):
        crossings = _crossings(outline, (row + 0.5) * step)
        for left, right in zip(crossings[::2], crossings[1::2], strict=False):
            for column in range(max(0, round(left / step)), min(CELLS_ACROSS, round(right / step))):
                yield row * CELLS_ACROSS + column


def _crossings(outline: Collection[Point], y: float) -> list[float]:
    """Return where a shape's edges cross a height, from left to right."""
    corners = list(outline)
    return sorted(
        x1 + (y - y1) * (x2 - x1) / (y2 - y1)
        for (x1, y1), (x2, y2) in zip(corners, corners[1:] + corners[:1], strict=True)
        if (y1 > y) != (y2 > y)
    )
