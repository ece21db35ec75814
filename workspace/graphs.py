"""Measures over time as SVG, drawn on the server: the same on the page and in print, the numbers in a table beside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from assessments import labels, measures

# A small multiple: the first and the last value stand beside the line, their days below it.
WIDTH, HEIGHT = 260, 104
LEFT, RIGHT, TOP, BOTTOM = 46, 46, 8, 24


@dataclass(frozen=True)
class Band:
    """How far around the first value a later one may be chance. `source` says whose figure it is."""

    amount: float
    source: str


LIMITS = {"pain": (0.0, 10.0)}


@dataclass(frozen=True)
class Graph:
    """What the template draws; all coordinates are the SVG's own."""

    points: list[tuple[float, float]]
    line: str
    band: tuple[float, float] | None
    treated: list[float]
    width: int = WIDTH
    height: int = HEIGHT
    left: int = LEFT
    right: int = WIDTH - RIGHT
    top: int = TOP
    bottom: int = HEIGHT - BOTTOM
    across: int = WIDTH - LEFT - RIGHT

    @property
    def last_y(self) -> float:
        return self.points[-1][1]


def band_of(kind: str, values: Sequence[tuple[datetime, float]], subject: measures.Subject) -> Band | None:
    """Return the band of one measure, where a source fits its subject."""
    band = measures.error_band(kind, Decimal(str(values[0][1])), subject)
    return Band(float(band[0]), labels.describe_threshold(kind, band[1])) if band else None


def graph(
    kind: str, values: Sequence[tuple[datetime, float]], treated: Sequence[datetime] = (), band: Band | None = None
) -> Graph:
    """
    :param values: at least one (moment, value), in order
    :param treated: moments of sessions, marked on the axis of time
    """
    first, last = values[0][0].timestamp(), values[-1][0].timestamp()
    span = max(last - first, 1.0)
    low, high = LIMITS.get(kind) or _around([v for _, v in values], band.amount if band else 0)

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
        band=(y(start + band.amount), round(y(start - band.amount) - y(start + band.amount), 1)) if band else None,
        treated=[x(at) for at in treated if first <= at.timestamp() <= last],
    )


def _around(values: Sequence[float], error: float) -> tuple[float, float]:
    low, high = min(values) - error, max(values) + error
    room = max((high - low) * 0.15, 1.0)
    step = 10 ** (len(str(int(high))) - 1) / 2 or 1
    return max(0.0, (low - room) // step * step), ((high + room) // step + 1) * step
