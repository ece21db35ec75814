"""Small drawing kit: nodes, shapes, smooth closed curves and their compact SVG encoding.

Shapes are lists of nodes in "half coordinates": dx to the side of the midline, y downwards.
A curve runs THROUGH its smooth nodes (interpolating quadratic spline, written as q/t commands)
and breaks at its corner nodes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from math import cos, hypot, pi, sin
from typing import NamedTuple

Point = tuple[float, float]
SPLINE_ROUNDS = 14  # relaxation rounds until the spline passes through its nodes
FINE = 0.2  # control points sit on this grid, so that midpoints need one decimal only
COARSE = 1.0  # the same for zones and muscles: shorter text, still half a unit
CENTRE_GRID = 12  # candidate centres per direction
FLAT_STEPS = 4  # straight pieces per curve piece when a curve is flattened


class Node(NamedTuple):
    """One point of a shape; `corner` breaks the smooth run."""

    x: float
    y: float
    corner: bool = False


Shape = list[Node]
Frame = Callable[[float, float], Point]
Table = list[tuple[float, float, float]]


def plain(x: float, y: float) -> Point:
    """The identity frame."""
    return x, y


def limb(table: Table) -> Frame:
    """Frame along a limb: u in percent from the inner (0) to the outer (100) contour at height y."""

    def at(u: float, y: float) -> Point:
        row, following = table[0], table[0]
        for row, following in itertools.pairwise(table):  # noqa: B007 - the last pair is used below
            if y <= following[0]:
                break
        share = (y - row[0]) / (following[0] - row[0])
        inner = row[1] + share * (following[1] - row[1])
        outer = row[2] + share * (following[2] - row[2])
        return inner + (outer - inner) * u / 100, y

    return at


def nodes(text: str, frame: Frame = plain, corners: bool = False) -> Shape:
    """Read "x,y x,y! ..."; a trailing ! swaps the default (smooth or corner) of that node."""
    shape = []
    for word in text.split():
        x, y = word.rstrip("!").split(",")
        shape.append(Node(*frame(float(x), float(y)), word.endswith("!") != corners))
    return shape


def poly(text: str, frame: Frame = plain) -> Shape:
    """Closed shape whose nodes are corners unless marked with !."""
    return nodes(text, frame, corners=True)


def blob(text: str, frame: Frame = plain) -> Shape:
    """Closed shape whose nodes are smooth unless marked with !."""
    return nodes(text, frame)


def ellipse(cx: float, cy: float, rx: float, ry: float, tilt: float = 0, count: int = 6) -> Shape:
    """Ellipse with `count` nodes, tilted by `tilt` degrees."""
    shape, lean = [], tilt * pi / 180
    for step in range(count):
        a, b = rx * cos(2 * pi * step / count), ry * sin(2 * pi * step / count)
        shape.append(Node(cx + a * cos(lean) - b * sin(lean), cy + a * sin(lean) + b * cos(lean)))
    return shape


def band(frame: Frame, u0: float, u1: float, y0: float, y1: float, step: float = 40) -> Shape:
    """Stretch of a limb between two heights and two shares of its width."""
    count = max(1, round((y1 - y0) / step))
    levels = [y0 + (y1 - y0) * i / count for i in range(count + 1)]
    down = [Node(*frame(u0, y), y in (y0, y1)) for y in levels]
    return down + [Node(*frame(u1, y), y in (y0, y1)) for y in reversed(levels)]


def strap(text: str, width: float, frame: Frame = plain, blunt: float = 0.45) -> Shape:
    """Muscle belly around a centre line: `width` at its middle, `blunt` share of it at both ends."""
    line = nodes(text, frame)
    left, right = [], []
    for i, node in enumerate(line):
        before, after = line[max(0, i - 1)], line[min(len(line) - 1, i + 1)]
        dx, dy = after.x - before.x, after.y - before.y
        size = hypot(dx, dy) or 1
        half = width / 2 * (blunt if i in (0, len(line) - 1) else 1)
        left.append(Node(node.x + dy / size * half, node.y - dx / size * half))
        right.append(Node(node.x - dy / size * half, node.y + dx / size * half))
    return left + right[::-1]


def both_halves(half: Shape) -> Shape:
    """Close a half shape (top to bottom) with its mirror image; midline nodes are not doubled."""
    return half + [Node(-n.x, n.y, n.corner) for n in reversed(half) if n.x > 0.05]


def mirror(shape: Shape) -> Shape:
    """The same shape on the other side of the midline."""
    return [Node(-n.x, n.y, n.corner) for n in shape]


def place(shape: Shape, scale: float, x0: float, y0: float) -> Shape:
    """Half coordinates to view coordinates."""
    return [Node(x0 + n.x * scale, y0 + n.y * scale, n.corner) for n in shape]


def _controls(run: list[Point], start: Point | None, end: Point | None, grain: float) -> list[Point]:
    """Control points whose curve passes through `run`; no start and end means a closed curve."""
    ctrl = list(run)
    last = len(run) - 1
    for _ in range(SPLINE_ROUNDS):
        for i, (px, py) in enumerate(run):
            cx, cy = ctrl[i]
            sx, sy = start if start and i == 0 else _mid(ctrl[i - 1], ctrl[i])
            ex, ey = end if end and i == last else _mid(ctrl[i], ctrl[(i + 1) % (last + 1)])
            ctrl[i] = (px + cx - (sx + 2 * cx + ex) / 4, py + cy - (sy + 2 * cy + ey) / 4)
    return [(_snap(x, grain), _snap(y, grain)) for x, y in ctrl]


def _mid(a: Point, b: Point) -> Point:
    return (a[0] + b[0]) / 2, (a[1] + b[1]) / 2


def _snap(value: float, grain: float) -> float:
    return round(value / grain) * grain


def pieces(shape: Shape, closed: bool, grain: float = FINE) -> list[list[Point]]:
    """Curve pieces as point lists: [start, control, end], or [start, end] for a straight piece."""
    if closed and not any(n.corner for n in shape):
        ctrl = _controls([(n.x, n.y) for n in shape], None, None, grain)
        return [[_mid(ctrl[i - 1], c), c, _mid(c, ctrl[(i + 1) % len(ctrl)])] for i, c in enumerate(ctrl)]
    if closed:
        first = next(i for i, n in enumerate(shape) if n.corner)
        shape = shape[first:] + shape[:first] + [shape[first]]
    breaks = [i for i, n in enumerate(shape) if n.corner or i in (0, len(shape) - 1)]
    result = []
    for a, b in itertools.pairwise(breaks):
        start = (_snap(shape[a].x, grain / 2), _snap(shape[a].y, grain / 2))
        end = (_snap(shape[b].x, grain / 2), _snap(shape[b].y, grain / 2))
        ctrl = _controls([(n.x, n.y) for n in shape[a + 1 : b]], start, end, grain)
        if not ctrl:
            result.append([start, end])
        for i, c in enumerate(ctrl):
            result.append([_mid(ctrl[i - 1], c) if i else start, c, _mid(c, ctrl[i + 1]) if i + 1 < len(ctrl) else end])
    return result


def flatten(shape: Shape, closed: bool = True) -> list[Point]:
    """The curve as a plain polygon (to measure it)."""
    points: list[Point] = []
    for piece in pieces(shape, closed):
        if len(piece) == 2:
            points.append(piece[0])
            continue
        (ax, ay), (bx, by), (cx, cy) = piece
        for step in range(FLAT_STEPS):
            t = step / FLAT_STEPS
            p, q, r = (1 - t) ** 2, 2 * t * (1 - t), t * t
            points.append((p * ax + q * bx + r * cx, p * ay + q * by + r * cy))
    return points if closed else [*points, (shape[-1].x, shape[-1].y)]


def _number(value: float) -> str:
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    text = "0" if text in ("-0", "") else text
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _words(values: list[float]) -> str:
    text = ""
    for value in values:
        word = _number(value)
        text += word if not text or word.startswith("-") else " " + word
    return text


def path(shape: Shape, closed: bool = True, grain: float = FINE) -> str:
    """SVG path text: absolute start, then relative q, t and l commands."""
    text, command, reach = "", "", (0.0, 0.0)
    for piece in pieces(shape, closed, grain):
        start, end = piece[0], piece[-1]
        if not text:
            text = "M" + _words([*start])
        if len(piece) == 2:
            new, values = "l", [end[0] - start[0], end[1] - start[1]]
        elif command in ("q", "t") and _near(reach, piece[1]):
            new, values = "t", [end[0] - start[0], end[1] - start[1]]
        else:
            new = "q"
            values = [piece[1][0] - start[0], piece[1][1] - start[1], end[0] - start[0], end[1] - start[1]]
        words = _words(values)
        text += (" " if not words.startswith("-") else "") + words if new == command else new + words
        command = new
        if len(piece) == 3:
            reach = (2 * end[0] - piece[1][0], 2 * end[1] - piece[1][1])
    return text + ("z" if closed else "")


def _near(a: Point, b: Point) -> bool:
    return abs(a[0] - b[0]) < 0.05 and abs(a[1] - b[1]) < 0.05


def _clearance(point: Point, area: list[Point]) -> float:
    """Distance to the rim of a polygon, negative outside it."""
    x, y = point
    inside, nearest = False, 1e9
    for (ax, ay), (bx, by) in zip(area, area[1:] + area[:1], strict=False):
        if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
            inside = not inside
        dx, dy = bx - ax, by - ay
        share = max(0.0, min(1.0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy or 1)))
        nearest = min(nearest, hypot(ax + share * dx - x, ay + share * dy - y))
    return nearest if inside else -nearest


def inner_centre(area: list[Point], within: list[list[Point]]) -> list[float]:
    """The grid point deepest inside `area`, the first area of `within` and any of the others."""
    xs, ys = [x for x, _ in area], [y for _, y in area]
    middle = (sum(xs) / len(xs), sum(ys) / len(ys))
    best, score = middle, -1e9
    for i in range(1, CENTRE_GRID):
        for j in range(1, CENTRE_GRID):
            point = (min(xs) + (max(xs) - min(xs)) * i / CENTRE_GRID, min(ys) + (max(ys) - min(ys)) * j / CENTRE_GRID)
            depth = _clearance(point, area) - 0.05 * hypot(point[0] - middle[0], point[1] - middle[1])
            if depth > score:
                depth = min(depth, _clearance(point, within[0]))
            if depth > score and within[1:]:
                depth = min(depth, max(_clearance(point, outline) for outline in within[1:]))
            if depth > score:
                best, score = point, depth
    return [_plain_number(best[0]), _plain_number(best[1])]


def _plain_number(value: float) -> float:
    return round(value) if abs(value) >= 1 else round(value, 1)
