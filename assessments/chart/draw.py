"""
Writes `chart.json`, the body chart's drawing: `python -m assessments.chart.draw`. All of it was drawn for Palpate.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from assessments.chart import figure, muscles, zones
from assessments.chart.shapes import Point, belly, box_of, mirrored, scaled, smooth, soft_box

# The close-ups are cut from the whole figure and enlarged: (left, top, factor), each 600 × 480.
CLOSE_UP, CLOSE_UP_SIZE = (95.0, 62.0, 2.86), (600, 480)
OTHER = {"left": "right", "right": "left"}


class Shape:
    def __init__(self, kind: str, code: str, side: str, points: list[Point], depth: int = 0) -> None:
        self.kind, self.code, self.side, self.points, self.depth = kind, code, side, points, depth

    def json(self) -> dict[str, Any]:
        x0, y0, x1, y1 = box_of(self.points)
        centre = [round((x0 + x1) / 2, 1), round((y0 + y1) / 2, 1)]
        if self.kind == "muscle":
            half = len(self.points) // 4
            a, b = self.points[half], self.points[-1 - half]
            centre = [round((a[0] + b[0]) / 2, 1), round((a[1] + b[1]) / 2, 1)]
        found: dict[str, Any] = {self.kind: self.code, "side": self.side, "path": smooth(self.points), "centre": centre}
        return found | ({"depth": self.depth} if self.kind == "muscle" else {})

    def moved(self, points: list[Point]) -> Shape:
        return Shape(self.kind, self.code, self.side, points, self.depth)


def halves(kind: str, code: str, points: list[Point], right_is: int, depth: int = 0) -> list[Shape]:
    """A shape of one half on both sides; `right_is` 1 where the patient's right is the viewer's right."""
    drawn = [(figure.MIDDLE + x, y) for x, y in points]
    sides = ("right", "left") if right_is == 1 else ("left", "right")
    return [
        Shape(kind, code, sides[0], drawn, depth),
        Shape(kind, code, sides[1], mirrored(drawn, figure.MIDDLE), depth),
    ]


def body(boxes: zones.Boxes, courses: muscles.Courses, right_is: int) -> list[Shape]:
    found: list[Shape] = []
    for code, box in boxes.items():
        if code in zones.MIDLINE:
            found.append(Shape("zone", code, "midline", soft_box(figure.MIDDLE, *box[1:])))
        else:
            found += halves("zone", code, soft_box(*box), right_is)
    for code, (depth, width, course) in courses.items():
        found += halves("muscle", code, belly(course, width), right_is, depth)
    return found


def soles() -> list[Shape]:
    """The right sole is drawn at the viewer's right; the left one is its mirror."""
    found = []
    for code, box in zones.SOLE.items():
        points = soft_box(*box)
        found += [Shape("zone", code, "right", points), Shape("zone", code, "left", mirrored(points, figure.MIDDLE))]
    for code, (depth, width, course) in muscles.SOLE.items():
        points = belly(course, width)
        found += [
            Shape("muscle", code, "right", points, depth),
            Shape("muscle", code, "left", mirrored(points, figure.MIDDLE), depth),
        ]
    return found


def view(size: tuple[int, int], outline: list[str], lines: list[str], shapes: Iterable[Shape]) -> dict[str, Any]:
    made = list(shapes)
    return {
        "width": size[0],
        "height": size[1],
        "outline": outline,
        "lines": lines,
        "zones": [s.json() for s in made if s.kind == "zone"],
        "muscles": [s.json() for s in made if s.kind == "muscle"],
    }


def outline() -> list[Point]:
    right = [(figure.MIDDLE + x, y) for x, y in figure.HALF]
    return right + mirrored(right[1:-1][::-1], figure.MIDDLE)


def contour(lines: list[tuple[list[Point], bool]]) -> list[list[Point]]:
    found = []
    for points, both in lines:
        drawn = [(figure.MIDDLE + x, y) for x, y in points]
        found += [drawn, mirrored(drawn, figure.MIDDLE)] if both else [drawn]
    return found


def close_up(lines: list[list[Point]], shapes: list[Shape]) -> dict[str, Any]:
    left, top, factor = CLOSE_UP
    width, height = CLOSE_UP_SIZE

    def enlarged(points: list[Point]) -> list[Point]:
        return scaled(points, (left, top), factor)

    kept = []
    for shape in shapes:
        points = enlarged(shape.points)
        x0, y0, x1, y1 = box_of(points)
        middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2
        if 10 < middle_x < width - 10 and 10 < middle_y < height - 10 and y1 - y0 < height:
            kept.append(shape.moved(points))
    near = [p for p in outline() if p[1] < 330]
    drawn = [enlarged(line) for line in lines]
    inside = [line for line in drawn if box_of(line)[1] < height and box_of(line)[3] > 0]
    body_path = smooth(enlarged([*near[: len(near) // 2], *near[len(near) // 2 :]]))
    return view(CLOSE_UP_SIZE, [body_path], [smooth(line, closed=False) for line in inside], kept)


def heads() -> dict[str, dict[str, Any]]:
    found = {}
    for side in ("left", "right"):

        def placed(points: list[Point], side: str = side) -> list[Point]:
            return points if side == "left" else mirrored(points, 200)

        shapes = [
            Shape("zone", code, "midline" if code in zones.MIDLINE else side, placed(soft_box(*box)))
            for code, box in zones.HEAD.items()
        ]
        shapes += [
            Shape("muscle", code, side, placed(belly(course, width)), depth)
            for code, (depth, width, course) in muscles.HEAD.items()
        ]
        lines = [smooth(placed(line), closed=False) for line in figure.PROFILE_LINES]
        found[f"head_{side}"] = view((400, 400), [smooth(placed(figure.PROFILE))], lines, shapes)
    return found


def chart() -> dict[str, Any]:
    front, back = body(zones.FRONT, muscles.FRONT, -1), body(zones.BACK, muscles.BACK, 1)
    front_lines, back_lines = contour(figure.FRONT_LINES), contour(figure.BACK_LINES)
    size = (figure.WIDTH, figure.HEIGHT)
    whole = [smooth(outline())]
    sole = [smooth(figure.SOLE), smooth(mirrored(figure.SOLE, figure.MIDDLE))]
    sole_lines = [line for right in figure.SOLE_LINES for line in (right, mirrored(right, figure.MIDDLE))]
    open_ = [smooth(line, closed=False) for line in [*back_lines, *sole_lines]]
    return {
        "views": {
            "neck": close_up(back_lines, back),
            "neck_front": close_up(front_lines, front),
            **heads(),
            "back": view(size, whole + sole, open_, back + soles()),
            "front": view(size, whole, [smooth(line, closed=False) for line in front_lines], front),
        }
    }


def main() -> None:
    path = Path(__file__).with_name("chart.json")
    path.write_text(json.dumps(chart(), separators=(",", ":")) + "\n")
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")  # noqa: T201


if __name__ == "__main__":
    main()
