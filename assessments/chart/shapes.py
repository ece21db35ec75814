"""Shapes of the body chart as SVG paths: smooth outlines through points, soft boxes, bellies between two ends."""

from __future__ import annotations

import math
from collections.abc import Sequence

Point = tuple[float, float]


def n(value: float) -> str:
    """A coordinate as short as it can be written to a tenth."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def smooth(points: Sequence[Point], *, closed: bool = True, tension: float = 0.5) -> str:
    """A curve through all points (Catmull-Rom, as cubic Béziers)."""
    count = len(points)
    at = (lambda i: points[i % count]) if closed else (lambda i: points[min(max(i, 0), count - 1)])
    path = f"M{n(points[0][0])} {n(points[0][1])}"
    points = [(round(x, 1), round(y, 1)) for x, y in points]  # relative steps must not drift
    for i in range(count if closed else count - 1):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = at(i - 1), at(i), at(i + 1), at(i + 2)
        k = tension / 3 * 2
        c1 = (x1 + (x2 - x0) * k / 2, y1 + (y2 - y0) * k / 2)
        c2 = (x2 - (x3 - x1) * k / 2, y2 - (y3 - y1) * k / 2)
        path += "c" + " ".join(n(v) for x, y in (c1, c2, (x2, y2)) for v in (x - x1, y - y1))
    return path + ("Z" if closed else "")


def soft_box(cx: float, cy: float, rx: float, ry: float, turn: float = 0) -> list[Point]:
    """Eight points of a soft rectangle, turned by degrees."""
    corners = [(-1, 0), (-0.78, -0.78), (0, -1), (0.78, -0.78), (1, 0), (0.78, 0.78), (0, 1), (-0.78, 0.78)]
    cos, sin = math.cos(math.radians(turn)), math.sin(math.radians(turn))
    return [(cx + x * rx * cos - y * ry * sin, cy + x * rx * sin + y * ry * cos) for x, y in corners]


def belly(course: Sequence[Point], width: float) -> list[Point]:
    """A muscle along its course: narrow at both ends, `width` in the middle."""
    left, right = [], []
    last = len(course) - 1
    points = list(course)
    if last == 1:  # a straight one gets a middle
        (ax, ay), (bx, by) = points
        points = [points[0], ((ax + bx) / 2, (ay + by) / 2), points[1]]
        last = 2
    for i, (x, y) in enumerate(points):
        (ax, ay), (bx, by) = points[max(i - 1, 0)], points[min(i + 1, last)]
        length = math.hypot(bx - ax, by - ay) or 1
        half = width / 2 * (0.42 if i in (0, last) else 1)
        dx, dy = -(by - ay) / length * half, (bx - ax) / length * half
        left.append((x + dx, y + dy))
        right.append((x - dx, y - dy))
    return left + right[::-1]


def mirrored(points: Sequence[Point], axis: float) -> list[Point]:
    return [(2 * axis - x, y) for x, y in points]


def scaled(points: Sequence[Point], origin: Point, factor: float) -> list[Point]:
    return [((x - origin[0]) * factor, (y - origin[1]) * factor) for x, y in points]


def box_of(points: Sequence[Point]) -> tuple[float, float, float, float]:
    xs, ys = [p[0] for p in points], [p[1] for p in points]
    return min(xs), min(ys), max(xs), max(ys)
