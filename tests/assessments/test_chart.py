"""The drawing: complete, in place, and as its scripts write it."""

from __future__ import annotations

import json
import re

import pytest

import catalogue
from assessments.web import chart, labels
from dev.chart import draw

VIEWS = chart.DRAWING
SMALLEST = 12


@pytest.mark.long
def test_the_file_is_what_the_scripts_draw():
    path = draw.TARGET
    assert json.loads(path.read_text()) == json.loads(json.dumps(draw.chart()))


def test_every_zone_and_muscle_is_drawn_on_its_sides():
    zones = {(s["zone"], s["side"]) for view in VIEWS.values() for s in view["zones"]}
    muscles = {(s["muscle"], s["side"]) for view in VIEWS.values() for s in view["muscles"]}
    sides = {True: ["left", "right"], False: ["midline"]}
    assert zones == {(key, side) for key, zone in catalogue.ZONES.items() for side in sides[zone["sided"]]}
    assert muscles == {(key, side) for key, muscle in catalogue.MUSCLES.items() for side in muscle["sides"]}


@pytest.mark.parametrize("name", VIEWS)
def test_left_and_right_mirror_each_other(name):
    view = VIEWS[name]
    if name.startswith("head"):
        assert {s["side"] for s in view["muscles"]} == {name.removeprefix("head_")}
        return
    for kind, key in (("zones", "zone"), ("muscles", "muscle")):
        centres = {(s[key], s["side"]): s["centre"] for s in view[kind]}
        for (code, side), (x, y) in centres.items():
            if side == "left":
                other_x, other_y = centres[code, "right"]
                assert abs(x + other_x - view["width"]) <= 8, code
                assert abs(y - other_y) <= 8, code


def test_the_patients_right_is_at_the_viewers_left_from_the_front_only():
    for name, is_front in (("front", True), ("neck_front", True), ("back", False), ("neck", False)):
        view = VIEWS[name]
        x = next(s["centre"][0] for s in view["muscles"] if s["side"] == "right")
        assert (x < view["width"] / 2) is is_front, name


NUMBERS = {"M": 2, "m": 2, "l": 2, "t": 2, "q": 4, "c": 6}


def ends(path):
    """The points that a path comes through."""
    x = y = 0.0
    for command, numbers in re.findall(r"([MmlqtcZz])([^MmlqtcZz]*)", path):
        values = [float(value) for value in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", numbers)]
        step = NUMBERS.get(command, 1)
        for at in range(0, len(values), step):
            dx, dy = values[at + step - 2 : at + step]
            x, y = (dx, dy) if command == "M" else (x + dx, y + dy)
            yield x, y


def test_zones_are_large_enough_to_touch():
    for name, view in VIEWS.items():
        for shape in view["zones"]:
            points = list(ends(shape["path"]))
            for axis in (0, 1):
                values = [point[axis] for point in points]
                assert max(values) - min(values) >= SMALLEST - 1, (name, shape["zone"])


def test_every_view_has_its_name():
    assert set(VIEWS) == set(labels.VIEWS)
