"""Measures over time as SVG, drawn on the server: the same on the page and in print, the numbers in a table beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 44, 14, 14, 30


@dataclass(frozen=True)
class Band:
    """A measurement error around the first value: what lies within may be chance. `source` says whose figure it is."""

    amount: float
    source: str


# Measurement error by kind of measure, and for ranges by the beginning of the movement's name. Source: domain facts
# 4.1. Thresholds have none here: it differs from site to site.
ERRORS = {
    ("pain", ""): Band(4.0, "Kovacs 2008, neck pain: 4.0 points"),
    ("rom_deg", "cervical."): Band(6.8, "neck, CROM device: 3.5 to 6.8 degrees"),
}
LIMITS = {"pain": (0.0, 10.0)}


@dataclass(frozen=True)
class Graph:
    """What the template draws; all coordinates are the SVG's own."""

    points: list[tuple[float, float]]
    line: str
    ticks: list[tuple[float, str]]
    band: tuple[float, float] | None
    treated: list[float]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    bottom: int = HEIGHT - BOTTOM


def error_of(kind: str, about: str) -> Band | None:
    return next((band for (of, start), band in ERRORS.items() if of == kind and about.startswith(start)), None)


def graph(kind: str, about: str, values: Sequence[tuple[datetime, float]], treated: Sequence[datetime] = ()) -> Graph:
    """
    :param about: the movement of a range, the muscle of a threshold
    :param values: at least one (moment, value), in order
    :param treated: moments of sessions, marked on the axis of time
    """
    first, last = values[0][0].timestamp(), values[-1][0].timestamp()
    span = max(last - first, 1.0)
    error = error_of(kind, about)
    low, high = LIMITS.get(kind) or _around([v for _, v in values], error.amount if error else 0)

    def x(at: datetime) -> float:
        return round(LEFT + (at.timestamp() - first) / span * (WIDTH - LEFT - RIGHT), 1)

    def y(value: float) -> float:
        part = (min(max(value, low), high) - low) / (high - low)
        return round(HEIGHT - BOTTOM - part * (HEIGHT - TOP - BOTTOM), 1)

    points = [(x(at), y(value)) for at, value in values]
    start = values[0][1]
    return Graph(
        points=points,
        line=" ".join(f"{px},{py}" for px, py in points),
        ticks=[(y(tick), f"{tick:g}") for tick in (low, (low + high) / 2, high)],
        band=(y(start + error.amount), round(y(start - error.amount) - y(start + error.amount), 1)) if error else None,
        treated=[x(at) for at in treated if first <= at.timestamp() <= last],
    )


def _around(values: Sequence[float], error: float) -> tuple[float, float]:
    low, high = min(values) - error, max(values) + error
    room = max((high - low) * 0.15, 1.0)
    step = 10 ** (len(str(int(high))) - 1) / 2 or 1
    return max(0.0, (low - room) // step * step), ((high + room) // step + 1) * step
