"""
Which known trigger point of a patient a finding is another sighting of. Plain Python.

The same place on the chart comes first, then the same name; a point that was touched elsewhere is another one. It is a
proposal: the person who examines may say that it is another point, or which one it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import hypot
from uuid import UUID

# Shares of a view's width and height. Source: safety facts, part 9 ("within 0.04 of chart units"), a product proposal.
SAME_PLACE = 0.04
ROUNDING = 1e-9  # of floating-point numbers


@dataclass(frozen=True)
class ChartPlace:
    """A place on a version of the body chart."""

    view: str
    x: float
    y: float

    def distance_to(self, other: ChartPlace) -> float | None:
        """Return how far away it is, in shares of the view; None: on another view, which can't be compared."""
        return hypot(self.x - other.x, self.y - other.y) if self.view == other.view else None


@dataclass(frozen=True)
class KnownPoint:
    """
    A trigger point as it is known before a finding.

    :ivar id: of the point that counts, where this one was merged into another
    :ivar touched_at: where it was first touched; None: never on the chart
    """

    id: UUID
    muscle: str
    side: str
    place_key: str
    touched_at: ChartPlace | None


@dataclass(frozen=True)
class Sighting:
    """
    A finding of which the point is asked.

    :ivar point: the point, where it is known already; it is only kept from the others
    :ivar is_new_point: the examiner said that the point was not known before
    """

    muscle: str
    side: str
    place_key: str
    touched_at: ChartPlace | None
    point: UUID | None = None
    is_new_point: bool = False


def match_points(sightings: Sequence[Sighting], known: Iterable[KnownPoint]) -> list[UUID | None]:
    """
    Return the point of each sighting of one exam; None: a new one. No point is seen twice in one exam.

    The nearest pairs are matched first, so that the order of the sightings does not matter.
    """
    known = list(known)
    points = [sighting.point for sighting in sightings]
    taken = {point for point in points if point is not None}
    near = sorted(
        (distance, index, place)
        for index, sighting in enumerate(sightings)
        for place, point in enumerate(known)
        if (distance := _distance(sighting, point)) is not None and distance <= SAME_PLACE + ROUNDING
    )
    named = [
        (0.0, index, place)
        for index, sighting in enumerate(sightings)
        for place, point in enumerate(known)
        if _has_same_name(sighting, point)
    ]
    for _away, index, place in [*near, *named]:
        point_id = known[place].id
        if points[index] is None and not sightings[index].is_new_point and point_id not in taken:
            points[index] = point_id
            taken.add(point_id)
    return points


def _distance(sighting: Sighting, point: KnownPoint) -> float | None:
    if (sighting.muscle, sighting.side) != (point.muscle, point.side):
        return None
    if sighting.touched_at is None or point.touched_at is None:
        return None
    return sighting.touched_at.distance_to(point.touched_at)


def _has_same_name(sighting: Sighting, point: KnownPoint) -> bool:
    """A place with a name is where its name says; one without is only the same if the chart does not tell otherwise."""
    same = (sighting.muscle, sighting.side, sighting.place_key) == (point.muscle, point.side, point.place_key)
    return same and (bool(sighting.place_key) or _distance(sighting, point) is None)
