"""
The body with numbered points, drawn on the server: the same picture on the review, the signed page and on paper.

The drawing is the catalogue's own chart. A view of a part of the body is shown whole, the whole body cut to the part
that holds the points. Markers that would hide each other move apart, each with a line to its place.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from django.utils.safestring import SafeString, mark_safe

import catalogue
from assessments.web.labels import VIEWS

# Where a point without a touched place is shown: a view of the part before the whole body.
PARTS = ["neck", "neck_front", "head_left", "head_right"]
WHOLE = ["back", "front"]
MARKER = 0.035  # the radius of a marker, as a share of the picture's width
MOST_CUT = 0.75  # of the height of the whole body; more than that is shown whole
# The colours of paper. On screens the style sheet gives them, in the theme of the reader.
PAPER = (
    ".figure{fill:#f3ece1;stroke:#a8967d;stroke-width:1.5}"
    ".lines{fill:none;stroke:#a8967d;stroke-width:1}"
    ".muscle{fill:#c08a78;fill-opacity:.25;stroke:#c08a78;stroke-opacity:.6}"
    ".leader{stroke:#4f3a7a;stroke-width:1.5}"
    ".marker{fill:#ffffff;stroke:#4f3a7a;stroke-width:2.5}"
    ".active .marker{fill:#4f3a7a}.active text{fill:#ffffff}"
    ".indeterminate .marker,.activity_undetermined .marker{stroke-dasharray:5 3}"
    ".no_trigger_point .marker,.recorded .marker{stroke:#6b746f;stroke-width:1.5}"
    "text{font-family:'Libertinus Serif';font-weight:bold;fill:#4f3a7a;text-anchor:middle}"
    ".no_trigger_point text,.recorded text{fill:#333333}"
)


@dataclass(frozen=True)
class Point:
    """
    :ivar kind: the class; "recorded" where a clinic shows none
    :ivar place: the touched place (view, x and y as shares); None: the middle of the muscle
    """

    label: str
    kind: str
    name: str
    muscle: str
    side: str
    place: tuple[str, float, float] | None = None


@dataclass(frozen=True)
class Marker:
    point: Point
    at: tuple[float, float]
    shown_at: tuple[float, float]


@dataclass(frozen=True)
class Picture:
    """One view with its markers. `caption` names the view, `text` says what is in it."""

    view: str
    caption: str
    text: str
    width: float
    height: float
    svg: str

    @property
    def inline(self) -> SafeString:
        return mark_safe(self.svg)  # noqa: S308 - paths of our own file; labels and names are escaped


def draw_points(points: Sequence[Point], *, on_paper: bool = False) -> list[Picture]:
    """
    Return the pictures that hold all points, the fullest first; none for muscles that the chart does not show.

    :param on_paper: with colours of its own, for programs without the style sheet
    """
    placed: dict[str, list[tuple[Point, float, float]]] = defaultdict(list)
    for point in points:
        place = _place_of(point)
        if place:
            placed[place[0]].append((point, place[1], place[2]))
    fullest_first = sorted(placed, key=lambda view: (-len(placed[view]), [*PARTS, *WHOLE].index(view)))
    return [_draw(view, placed[view], on_paper=on_paper) for view in fullest_first]


def _place_of(point: Point) -> tuple[str, float, float] | None:
    if point.place and point.place[0] in catalogue.CHART_VIEWS:
        view = catalogue.CHART_VIEWS[point.place[0]]
        return point.place[0], point.place[1] * view["width"], point.place[2] * view["height"]
    return _middle_of(point.muscle, point.side)


@lru_cache(maxsize=512)
def _middle_of(muscle: str, side: str) -> tuple[str, float, float] | None:
    for name in [*PARTS, *WHOLE]:
        for shape in catalogue.CHART_VIEWS[name]["muscles"]:
            if shape["muscle"] == muscle and shape["side"] in (side, "midline"):
                return name, *shape["centre"]
    return None


def _draw(name: str, placed: list[tuple[Point, float, float]], *, on_paper: bool) -> Picture:
    view = catalogue.CHART_VIEWS[name]
    left, top, width, height = _frame(name, [(x, y) for _point, x, y in placed])
    radius = width * MARKER
    markers = _spread([(point, (x, y)) for point, x, y in placed], radius)
    shown = {(point.muscle, point.side) for point, _x, _y in placed}
    shapes = [
        f'<path class="muscle" d="{shape["path"]}"/>'
        for shape in view["muscles"]
        if (shape["muscle"], shape["side"]) in shown or (shape["muscle"], "midline") in shown
    ]
    text = "; ".join(f"{point.label}: {point.name}" if point.label else point.name for point, _x, _y in placed)
    caption = str(VIEWS.get(name, name))
    style = f"<style>{PAPER}</style>" if on_paper else ""
    label = f'role="img" aria-label="{escape(caption)}. {escape(text)}"' if not on_paper else ""
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="body-picture" {label} '
        f'viewBox="{left:.0f} {top:.0f} {width:.0f} {height:.0f}">{style}'
        + _outline(name)
        + "".join(shapes)
        + "".join(_draw_marker(marker, radius) for marker in markers)
        + "</svg>"
    )
    return Picture(name, caption, text, width, height, svg)


@lru_cache(maxsize=16)
def _outline(name: str) -> str:
    view = catalogue.CHART_VIEWS[name]
    figure = "".join(f'<path class="figure" d="{path}"/>' for path in view["outline"])
    return figure + "".join(f'<path class="lines" d="{path}"/>' for path in view["lines"])


def _draw_marker(marker: Marker, radius: float) -> str:
    (x, y), (at_x, at_y) = marker.shown_at, marker.at
    moved = math.hypot(x - at_x, y - at_y) > radius / 2
    leader = f'<path class="leader" d="M{at_x:.1f} {at_y:.1f}L{x:.1f} {y:.1f}"/>' if moved else ""
    return (
        f'<g class="{marker.point.kind}">{leader}<circle class="marker" cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}"/>'
        f'<text x="{x:.1f}" y="{y + radius * 0.38:.1f}" font-size="{radius * 1.15:.1f}">'
        f"{escape(marker.point.label)}</text></g>"
    )


def _frame(name: str, places: Iterable[tuple[float, float]]) -> tuple[float, float, float, float]:
    """Return left, top, width and height of what is shown of a view."""
    view = catalogue.CHART_VIEWS[name]
    width, height = float(view["width"]), float(view["height"])
    if name in PARTS:
        return 0, 0, width, height
    highest, lowest = min(y for _x, y in places), max(y for _x, y in places)
    shown = max(width * 0.8, lowest - highest + width * 0.4)
    if shown > height * MOST_CUT:
        return 0, 0, width, height
    top = min(max(0.0, (highest + lowest - shown) / 2), height - shown)
    return 0, top, width, shown


def _spread(placed: list[tuple[Point, tuple[float, float]]], radius: float) -> list[Marker]:
    """Move markers apart until none hides another, each as little as it takes."""
    shown = [list(place) for _point, place in placed]
    least = radius * 2.15
    for _round in range(40):
        moved = False
        for index, first in enumerate(shown):
            for second in shown[:index]:
                across, down = first[0] - second[0], first[1] - second[1]
                apart = math.hypot(across, down)
                if apart >= least - 0.01:
                    continue
                if apart < 0.01:  # at the very same place: the later one goes down and to the side
                    across, down, apart = 0.5, 0.87, 1.0
                push = (least - apart) / 2 if apart > 1 else least / 2
                across, down = across / apart * push, down / apart * push
                first[0], first[1] = first[0] + across, first[1] + down
                second[0], second[1] = second[0] - across, second[1] - down
                moved = True
        if not moved:
            break
    return [Marker(point, place, (at[0], at[1])) for (point, place), at in zip(placed, shown, strict=True)]
