"""Whether a thumb reaches every control of a bar."""

from __future__ import annotations

from typing import Any

TARGET_PX = 48
BOXES = """(bar) => [...bar.querySelectorAll("button, a")]
  .filter((control) => control.checkVisibility())
  .map((control) => {
    const {left, top, right, bottom} = control.getBoundingClientRect();
    const middle = document.elementFromPoint((left + right) / 2, (top + bottom) / 2);
    return {name: control.textContent.trim(), left, top, right, bottom, hit: control.contains(middle)};
  })"""


def find_faults(page: Any, selector: str) -> list[str]:
    """Name each control of a bar that is small, off screen or covered, and each pair that overlaps."""
    size = page.viewport_size
    boxes = page.locator(selector).evaluate(BOXES)
    assert boxes, f"{selector} has no control"
    faults = []
    for box in boxes:
        width, height = box["right"] - box["left"], box["bottom"] - box["top"]
        if min(width, height) < TARGET_PX - 0.5:
            faults.append(f"{box['name']} is {width:.0f} x {height:.0f} px")
        if box["left"] < 0 or box["right"] > size["width"] or box["top"] < 0 or box["bottom"] > size["height"]:
            faults.append(f"{box['name']} is off screen")
        elif not box["hit"]:
            faults.append(f"{box['name']} is covered")
    for number, first in enumerate(boxes):
        faults += [
            f"{first['name']} and {second['name']} overlap" for second in boxes[number + 1 :] if overlap(first, second)
        ]
    return faults


def overlap(first: dict[str, float], second: dict[str, float]) -> bool:
    across = first["left"] < second["right"] and second["left"] < first["right"]
    return across and first["top"] < second["bottom"] and second["top"] < first["bottom"]
