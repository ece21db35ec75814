"""
Where a point of an older body chart is on the one of today. Plain Python.

Coordinates are stored with the version of the chart on which they were touched, and never rewritten: signed documents
keep them. Code that draws or compares a point asks here. A muscle is recorded with the finding, so a new drawing can't
change it; a point that would fall beside its muscle's new shape is moved into it.
"""

from __future__ import annotations

from functools import cache

import catalogue
from assessments.chart_zones import Point, flatten, is_inside
from assessments.point_matching import ChartPlace

CURRENT = catalogue.CHART_VERSION
FIRST = 1  # what has no version was touched on the first chart
STEPS_INWARDS = 20

# Version 1: a close-up was a window onto the figure (width, height, scale, top edge); the figure itself is the same.
WINDOWS_1 = {"neck": (600, 480, 2.3, 12.0), "neck_front": (600, 480, 2.4, 78.0)}
# Since version 2 the close-ups show the whole head, and less of the arms and the chest.
WINDOWS_2 = {"neck": (600, 600, 2.75, 8.0), "neck_front": (600, 600, 2.75, 8.0)}
WHOLE = {"neck": "back", "neck_front": "front"}
WHOLE_SIZE = (400, 900)


def current_place(view: str, x: float, y: float, *, chart: int, muscle: str, side: str) -> ChartPlace:
    """
    Return where a point is on today's chart.

    :param x, y: shares of the view's width and height, on the chart of that version
    """
    if chart >= CURRENT:
        return ChartPlace(view, x, y)
    place = _from_first(view, x, y)
    return _within_muscle(place, muscle, side)


def _from_first(view: str, x: float, y: float) -> ChartPlace:
    if view not in WINDOWS_1:
        return ChartPlace(view, x, y)
    width, height, scale, top = WINDOWS_1[view]
    across, down = (x * width - width / 2) / scale, y * height / scale + top
    width, height, scale, top = WINDOWS_2[view]
    new_x, new_y = (across * scale + width / 2) / width, (down - top) * scale / height
    if 0 <= new_x <= 1 and 0 <= new_y <= 1:
        return ChartPlace(view, round(new_x, 4), round(new_y, 4))
    width, height = WHOLE_SIZE
    return ChartPlace(WHOLE[view], round(across / width + 0.5, 4), round(down / height, 4))


def _within_muscle(place: ChartPlace, muscle: str, side: str) -> ChartPlace:
    """Return the place, or the nearest one on the way to the muscle's middle that lies in its shape."""
    shape = _muscle_shape(place.view, muscle, side)
    if shape is None:
        return place
    (outline, (to_x, to_y)), (width, height) = shape, _size(place.view)
    for step in range(STEPS_INWARDS + 1):
        share = step / STEPS_INWARDS
        x = place.x * width + (to_x - place.x * width) * share
        y = place.y * height + (to_y - place.y * height) * share
        if is_inside((x, y), outline):
            return ChartPlace(place.view, round(x / width, 4), round(y / height, 4))
    return place


@cache
def _muscle_shape(view: str, muscle: str, side: str) -> tuple[list[Point], Point] | None:
    for shape in catalogue.CHART_VIEWS[view]["muscles"] if view in catalogue.CHART_VIEWS else ():
        if (shape["muscle"], shape["side"]) == (muscle, side):
            return list(flatten(shape["path"])), (shape["centre"][0], shape["centre"][1])
    return None


def _size(view: str) -> tuple[int, int]:
    drawing = catalogue.CHART_VIEWS[view]
    return drawing["width"], drawing["height"]
