"""The body chart in a real Chromium: markers, zoom, layers."""

from __future__ import annotations

import itertools
import math

import pytest
from playwright.sync_api import expect

from tests import builders

pytestmark = pytest.mark.long
MARKER_PX = 24  # across
CENTRES = """() => [...document.querySelectorAll('body-chart .point circle:not(.reach)')].map((circle) => {
  const box = circle.getBoundingClientRect();
  return [box.x + box.width / 2, box.y + box.height / 2];
})"""
# Six points within 86 px of each other, two of them on the same spot.
CLOSE = [(0.52, 0.5), (0.53, 0.51), (0.53, 0.51), (0.54, 0.5), (0.55, 0.53), (0.52, 0.54)]


@pytest.fixture
def open_exam(person, writer, patient_id):
    """Return an exam screen with six points that lie close together."""
    findings = [
        builders.finding(place=str(number), new_point=True, point={"view": "neck", "x": x, "y": y, "chart": 2})
        for number, (x, y) in enumerate(CLOSE)
    ]
    made = writer.post(f"/patients/{patient_id}/assessments/", json=builders.exam(findings=findings)).json()
    page = person().sign_in()
    page.goto(f"/exams/{made['id']}/")
    page.wait_for_selector("body[data-ready]")
    return page


def nearest(page):
    places = page.evaluate(CENTRES)
    assert len(places) == len(CLOSE)
    return min(math.dist(one, other) for one, other in itertools.combinations(places, 2))


def test_markers_spread_apart_and_a_line_leads_to_the_place(open_exam):
    assert nearest(open_exam) >= MARKER_PX
    assert open_exam.locator("body-chart line.lead").count() >= 2


def test_plus_zooms_to_the_points(open_exam):
    before = open_exam.get_attribute("body-chart svg", "viewBox").split()
    open_exam.click("body-chart .tools button >> nth=0")
    left, top, width, height = map(float, open_exam.get_attribute("body-chart svg", "viewBox").split())
    assert width < float(before[2])
    for x, y in CLOSE:
        assert left <= x * 600 <= left + width
        assert top <= y * 600 <= top + height
    assert nearest(open_exam) >= MARKER_PX


def test_the_deep_layer_shows_what_lies_below(open_exam):
    shape = open_exam.locator('body-chart .muscle[data-muscle="suboccipitals"][data-side="left"]')
    expect(shape).to_have_css("fill-opacity", "0")
    open_exam.click("body-chart [data-depth=deep]")
    expect(shape).not_to_have_css("fill-opacity", "0")
    expect(open_exam.locator("body-chart [data-depth=deep]")).to_have_attribute("aria-pressed", "true")
    surface = open_exam.locator('body-chart .muscle[data-muscle="trapezius_upper"][data-side="left"]')
    expect(surface).to_have_css("fill-opacity", "0")
