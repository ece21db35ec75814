"""
Writes `catalogue/chart.json`, the body chart's drawing: `python -m dev.chart.draw`. All of it was drawn for Palpate.

Figure, zones and muscles of all six views; one half is drawn and mirrored here. Most of the time goes into finding a
centre inside each shape.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from dev.chart import fibres, figure, heads, muscles_back, muscles_front, zones
from dev.chart.geometry import (
    COARSE,
    Point,
    Shape,
    both_halves,
    flatten,
    inner_centre,
    mirror,
    nodes,
    path,
    place,
)

TARGET = Path(__file__).resolve().parents[2] / "catalogue" / "chart.json"
Layer = dict[str, Shape]
Muscles = dict[str, tuple[int, Shape]]
# Of the coordinates. A higher one needs a way to it from the one before in `assessments.chart_versions`.
VERSION = 2


class View(NamedTuple):
    """Window onto the figure: size, scale, top edge in body units and which side the drawn half is."""

    label: str
    width: int
    height: int
    scale: float
    top: float
    drawn_side: str


VIEWS = {
    "front": View("Front", 400, 900, 1.0, 0.0, "left"),
    "back": View("Back", 400, 900, 1.0, 0.0, "right"),
    "neck": View("Neck and shoulders from behind", 600, 600, 2.75, 8.0, "right"),
    "neck_front": View("Neck from the front", 600, 600, 2.75, 8.0, "left"),
}
HEAD_LABELS = {"head_left": "Head, left side", "head_right": "Head, right side"}
OPPOSITE = {"left": "right", "right": "left"}


def line_shapes(rows: list[str]) -> list[Shape]:
    """Inner lines on both sides; a line touching the midline becomes one line with its mirror image."""
    result: list[Shape] = []
    for row in rows:
        half = nodes(row)
        if all(abs(n.x) < 3 for n in half):
            result.append(half)
        elif half[-1].x == 0:
            result.append(half + mirror(half)[-2::-1])
        elif half[0].x == 0:
            result.append(mirror(half)[:0:-1] + half)
        else:
            result += [half, mirror(half)]
    return result


def entry(kind: str, name: str, side: str, shapes: list[Shape], inside: list[list[Point]]) -> dict[str, Any]:
    """One zone or muscle of chart.json; its centre lies in the first shape and in the areas `inside`."""
    text = "".join(path(shape, grain=COARSE) for shape in shapes)
    return {kind: name, "side": side, "path": text, "centre": inner_centre(flatten(shapes[0]), inside)}


def body_view(
    view: View,
    outline: list[Shape],
    lines: list[str],
    layers: tuple[Layer, Layer, Muscles],
    more: Layer | None = None,
    directions: fibres.Fibres | None = None,
) -> dict[str, Any]:
    """A standing view or a close-up of one: both halves placed into the window."""
    sided, midline, muscles = layers

    def put(shape: Shape) -> Shape:
        return place(shape, view.scale, view.width / 2, -view.top * view.scale)

    window = [(0.0, 0.0), (view.width, 0.0), (view.width, view.height), (0.0, view.height)]
    inside_all = [flatten(put(shape)) for shape in outline]
    halves = ((view.drawn_side, lambda s: s), (OPPOSITE[view.drawn_side], mirror))

    def make(kind: str, name: str, side: str, *shapes: Shape) -> dict[str, Any]:
        return entry(kind, name, side, [put(shape) for shape in shapes], [window, *inside_all])

    def extra(name: str, turn: Callable[[Shape], Shape]) -> list[Shape]:
        return [turn(more[name])] if more and name in more else []

    shapes_list = [make("zone", name, "midline", both_halves(shape)) for name, shape in midline.items()]
    marks = []
    for side, turn in halves:
        shapes_list += [make("zone", name, side, turn(shape), *extra(name, turn)) for name, shape in sided.items()]
        marks += [
            {
                **make("muscle", name, side, turn(shape)),
                "depth": depth,
                **fibres_of(name, directions or {}, lambda line, turn=turn: put(turn(line))),
            }
            for name, (depth, shape) in muscles.items()
        ]
    return {
        "width": view.width,
        "height": view.height,
        "label": view.label,
        "outline": [path(put(shape)) for shape in outline],
        "lines": [path(put(shape), closed=False) for shape in line_shapes(lines)],
        "zones": shapes_list,
        "muscles": marks,
    }


def fibres_of(name: str, directions: fibres.Fibres, put: Callable[[Shape], Shape]) -> dict[str, str]:
    """The fibres of a muscle as one path; nothing where no direction is given."""
    lines = [path(put(line), closed=False) for line in fibres.lines_of(name, directions)]
    return {"fibres": "".join(lines)} if lines else {}


def head_view(side: str) -> dict[str, Any]:
    """A head in profile: drawn for the left side, mirrored for the right."""

    def put(shape: Shape) -> Shape:
        return shape if side == "left" else place(mirror(shape), 1, heads.SIZE, 0)

    inside = [flatten(put(heads.contour()))]
    return {
        "width": heads.SIZE,
        "height": heads.SIZE,
        "label": HEAD_LABELS["head_" + side],
        "outline": [path(put(heads.contour()))],
        "lines": [path(put(nodes(row)), closed=False) for row in heads.LINES],
        "zones": [
            entry("zone", name, "midline" if name in heads.MIDLINE else side, [put(shape)], inside)
            for name, shape in heads.ZONES.items()
        ],
        "muscles": [
            {
                **entry("muscle", name, side, [put(shape)], inside),
                "depth": depth,
                **fibres_of(name, fibres.HEAD, put),
            }
            for name, (depth, shape) in heads.MUSCLES.items()
        ],
    }


def pick(layer: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """The named entries of a layer, in its order."""
    return {name: shape for name, shape in layer.items() if name in names}


def front_views() -> dict[str, Any]:
    """Front of the body and front of the neck."""
    body = both_halves(figure.half_outline(figure.FOOT_FRONT))
    bust = both_halves(figure.half_bust(VIEWS["neck_front"].top + 222))
    near = zones.NECK_FRONT_CROP
    return {
        "front": body_view(
            VIEWS["front"], [body], figure.FRONT_LINES, (zones.FRONT, zones.FRONT_MIDLINE, muscles_front.FRONT)
        ),
        "neck_front": body_view(
            VIEWS["neck_front"],
            [bust],
            figure.NECK_FRONT_LINES,
            (
                pick(zones.FRONT, near),
                pick(zones.FRONT_MIDLINE, near),
                pick(muscles_front.FRONT, muscles_front.NECK_CROP),
            ),
            directions=fibres.FRONT,
        ),
    }


def back_views() -> dict[str, Any]:
    """Back of the body (with the soles as insets) and back of the neck."""
    body = both_halves(figure.half_outline(figure.FOOT_BACK))
    bust = both_halves(figure.half_bust(VIEWS["neck"].top + 222))
    near = zones.NECK_CROP
    return {
        "back": body_view(
            VIEWS["back"],
            [body, figure.sole(), mirror(figure.sole())],
            figure.BACK_LINES + figure.SOLE_LINES,
            (zones.BACK, zones.BACK_MIDLINE, muscles_back.BACK),
            zones.BACK_EXTRA,
        ),
        "neck": body_view(
            VIEWS["neck"],
            [bust],
            figure.NECK_LINES,
            (pick(zones.BACK, near), pick(zones.BACK_MIDLINE, near), pick(muscles_back.BACK, muscles_back.NECK_CROP)),
            directions=fibres.BACK,
        ),
    }


def mirror_centres(view: dict[str, Any]) -> None:
    """Where a shape has several middles, left and right take the same one."""
    for layer_name, layer in (("zone", view["zones"]), ("muscle", view["muscles"])):
        right = {shape[layer_name]: shape["centre"] for shape in layer if shape["side"] == "right"}
        for shape in layer:
            if shape["side"] == "left":
                x, y = right[shape[layer_name]]
                shape["centre"] = [view["width"] - x, y]


def chart() -> dict[str, Any]:
    front, back = front_views(), back_views()
    for view in (*front.values(), *back.values()):
        mirror_centres(view)
    return {
        "version": VERSION,
        "views": {
            "neck": back["neck"],
            "neck_front": front["neck_front"],
            "head_left": head_view("left"),
            "head_right": head_view("right"),
            "back": back["back"],
            "front": front["front"],
        },
    }


def main() -> None:
    text = json.dumps(chart(), ensure_ascii=False, separators=(",", ":"))
    TARGET.write_text(text + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(text) / 1000:.0f} kB")


if __name__ == "__main__":
    main()
