"""
In which zone of the body chart a touched point lies.

A point is a share of its view's width and height. The chart's shapes are written by `dev.chart`, with the commands M,
l, q, t and z only; a curve is flattened into straight pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import catalogue
from assessments.suggestions import SidedZone

Point = tuple[float, float]
STEPS = 6  # straight pieces for one curve
ARGUMENTS = {"M": 2, "l": 2, "q": 4, "t": 2, "z": 0}
TOKEN = re.compile(r"[Mlqtz]|-?(?:\d+\.?\d*|\.\d+)")


def find_zones(view: str, x: float, y: float) -> frozenset[SidedZone]:
    """
    Return the zones under a point, usually one; none outside the body or in a view that the chart does not have.

    :param x, y: shares of the view's width and height, 0 to 1
    """
    drawing = catalogue.CHART_VIEWS.get(view)
    if drawing is None:
        return frozenset()
    place = (x * drawing["width"], y * drawing["height"])
    return frozenset(zone for zone, outline in zone_outlines(view) if is_inside(place, outline))


@lru_cache
def zone_outlines(view: str) -> list[tuple[SidedZone, list[Point]]]:
    shapes = catalogue.CHART_VIEWS[view]["zones"]
    return [(SidedZone(shape["zone"], shape["side"]), list(flatten(shape["path"]))) for shape in shapes]


def flatten(path: str) -> Iterator[Point]:
    """Yield the corners of a closed shape; all commands but the first are relative."""
    tokens = TOKEN.findall(path)
    here: Point = (0.0, 0.0)
    handle: Point = here  # of the last curve; `t` mirrors it
    command, index = "M", 0
    while index < len(tokens):
        if tokens[index] in ARGUMENTS:
            command, index = tokens[index], index + 1
        count = ARGUMENTS[command]
        if count == 0:
            continue
        numbers = [float(token) for token in tokens[index : index + count]]
        index += count
        start = (0.0, 0.0) if command == "M" else here
        end = (start[0] + numbers[-2], start[1] + numbers[-1])
        if command in "qt":
            mirrored = (2 * here[0] - handle[0], 2 * here[1] - handle[1])
            handle = (here[0] + numbers[0], here[1] + numbers[1]) if command == "q" else mirrored
            yield from _curve(here, handle, end)
        else:
            handle = end
            yield end
            if command == "M":
                command = "l"
        here = end


def _curve(start: Point, handle: Point, end: Point) -> Iterator[Point]:
    for step in range(1, STEPS + 1):
        t = step / STEPS
        a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
        yield a * start[0] + b * handle[0] + c * end[0], a * start[1] + b * handle[1] + c * end[1]


def is_inside(place: Point, outline: list[Point]) -> bool:
    """Count the edges that a ray to the right crosses: an odd number means inside."""
    x, y = place
    inside = False
    for (x1, y1), (x2, y2) in zip(outline, outline[1:] + outline[:1], strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) * (x2 - x1) / (y2 - y1):
            inside = not inside
    return inside
