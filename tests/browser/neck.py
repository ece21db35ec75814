"""The neck case of `examples/record_a_visit.py`, done by a finger or by keys, and what it cost."""

from __future__ import annotations

from typing import Any

# Muscle, then band, spot, referral, recognition; `zone` where the referral goes.
CASE = [
    ("trapezius_upper", "tra", "present", "present", "absent", "yes", None),
    ("levator_scapulae", "lev", "present", "present", "present", "no", "neck.shoulder_angle/right"),
    ("suboccipitals", "sub", "present", "absent", None, None, None),
    ("scm_sternal", "stern", "present", "absent", "absent", None, None),
]
CLASSES = ["active", "latent", "indeterminate", "no_trigger_point"]
KEY = {"present": "1", "absent": "2", "yes": "1", "no": "2"}

# From the touch to the next frame that is painted, as the browser itself sees it.
WATCH = """() => {
  window.answers = [];
  addEventListener('pointerdown', () => {
    const from = performance.now();
    const painted = () => window.answers.push(performance.now() - from);
    const done = () => requestAnimationFrame(() => setTimeout(painted));
    addEventListener('click', done, {once: true, capture: true});
  }, true);
}"""


class Touches:
    """A finger on the tablet. Counts; waits `pace_ms` before each touch, as a person would."""

    def __init__(self, page: Any, pace_ms: int = 0) -> None:
        self.page, self.pace_ms, self.count = page, pace_ms, 0

    def tap(self, where: Any) -> None:
        if self.pace_ms:
            self.page.wait_for_timeout(self.pace_ms)
        (self.page.locator(where) if isinstance(where, str) else where).tap()
        self.count += 1

    def tap_chart(self, muscle: str, side: str) -> None:
        """Where the muscle's middle is on the chart; on the front of the neck, if the back does not show it."""
        if not self.page.locator(f'.muscle[data-muscle="{muscle}"]').count():
            self.tap('[data-view="neck_front"]')
        if self.pace_ms:
            self.page.wait_for_timeout(self.pace_ms)
        at = self.page.evaluate(
            """([muscle, side]) => {
              const shape = document.querySelector(`.muscle[data-muscle="${muscle}"][data-side="${side}"]`);
              const middle = new DOMPoint(Number(shape.dataset.x), Number(shape.dataset.y));
              const point = middle.matrixTransform(shape.getScreenCTM());
              return [point.x, point.y];
            }""",
            [muscle, side],
        )
        self.page.touchscreen.tap(*at)
        self.count += 1


def sign(page: Any, name: str, value: str) -> Any:
    return page.locator(f'details[open] input[data-path$="/{name}"][type=radio][value="{value}"]')


def by_touch(page: Any, finger: Touches) -> list[int]:
    """Record the case; returns how many touches each finding took."""
    cost = []
    for muscle, _letters, band, spot, referred, recognised, zone in CASE:
        before = finger.count
        finger.tap_chart(muscle, "right")
        name = page.evaluate("m => document.querySelector('body-chart').catalogue.muscles[m].n", muscle)
        finger.tap(page.locator("#found button", has_text=name).first)
        page.wait_for_selector(f'details[open][data-called^="{name}"]')
        for field, value in (("taut_band", band), ("hypersensitive_spot", spot), ("referred_pain", referred)):
            if value:
                finger.tap(sign(page, field, value))
        if zone:
            finger.tap(f'details[open] [data-zone-key="{zone}"]')
        if recognised:
            finger.tap(sign(page, "recognised", recognised))
        cost.append(finger.count - before)
    return cost


def by_keys(page: Any, pace_ms: int = 0) -> list[int]:
    """Record the case without touching anything; returns how many keys each finding took."""
    cost = []

    def press(key: str) -> None:
        if pace_ms:
            page.wait_for_timeout(pace_ms)
        page.keyboard.press(key)
        cost[-1] += 1

    for muscle, letters, band, spot, referred, recognised, zone in CASE:
        cost.append(0)
        press("Escape")
        press("n")
        for letter in letters:
            press(letter)
        name = page.evaluate("m => document.querySelector('body-chart').catalogue.muscles[m].n", muscle)
        page.wait_for_selector(f"#found button:has-text('{name}')")
        options = page.locator("#found button").all_inner_texts()
        for _step in range(next(i for i, text in enumerate(options) if text.startswith(name) and "right" in text) + 1):
            press("ArrowDown")
        press("Enter")
        page.wait_for_selector(f'details[open][data-called^="{name}"]')
        for value in (band, spot, referred):
            if value:
                press(KEY[value])
            press("ArrowDown")
        if recognised:
            press(KEY[recognised])
        if zone:
            press("r")
            keys = page.locator("details[open] [data-zone-key]")
            target = [k.get_attribute("data-zone-key") for k in keys.all()].index(zone)
            for _step in range(target):
                press("Tab")
            press("Enter")
    return cost
