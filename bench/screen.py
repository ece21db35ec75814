"""
The exam screen in a real Chromium: from touch to painted answer, beside the browser's own limit in the same run (a bare
page whose button changes its text), and a whole exam at a person's pace.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from dev import browser as chromium
from dev.screenshots import demo
from dev.stack import say
from tests.browser import neck

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page

ROUNDS = 5
PACE_MS = 700  # a person who knows the screen: a touch every 0.7 s
BARE = """<!doctype html><meta name="viewport" content="width=device-width"><button style="font-size:40px">0</button>
<script>
  document.querySelector('button').onclick = (e) => { e.target.textContent = Number(e.target.textContent) + 1; };
</script>"""


def run() -> None:
    path = chromium.install()
    if path is None:
        say("no Chromium: the exam screen was not measured.")
        return
    from playwright.sync_api import sync_playwright

    with demo() as (url, facts), sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chromium.FLAGS)
        context = browser.new_context(viewport={"width": 1180, "height": 820}, has_touch=True)
        page = context.new_page()
        sign_in(page, url, facts)
        ours, bare, costs = [], [], []
        for round_ in range(ROUNDS):
            costs = record(page, url, f"Bench{round_}", 0)
            ours += page.evaluate("window.answers")
            bare += limit(context)
        started = time.monotonic()
        record(page, url, "Pace", PACE_MS)
        paced = time.monotonic() - started
        report(ours, bare, costs, paced)
        browser.close()


def sign_in(page: Page, url: str, facts: dict[str, Any]) -> None:
    user = next(u for u in facts["users"] if u["role"] == "therapist" and u["clinic"] == "harbour")
    page.goto(f"{url}/account/login/")
    page.fill("#id_login", user["email"])
    page.fill("#id_password", user["password"])
    page.click("main .button.wide")
    page.wait_for_url(f"{url}/")


def record(page: Page, url: str, name: str, pace_ms: int) -> list[int]:
    """The neck case of a new patient; touches per finding."""
    page.goto(f"{url}/patients/new/")
    page.fill("#id_family_name", name)
    page.click("main form .button")
    page.wait_for_selector("form[action$='/exams/new/']")
    page.click("form[action$='/exams/new/'] button")
    page.wait_for_selector("body[data-ready]")
    page.evaluate(neck.WATCH)
    return neck.by_touch(page, neck.Touches(page, pace_ms))


def limit(context: BrowserContext) -> list[float]:
    page = context.new_page()
    page.set_content(BARE)
    page.evaluate(neck.WATCH)
    for _touch in range(25):
        page.tap("button")
    answers_ms: list[float] = page.evaluate("window.answers")
    page.close()
    return answers_ms


def report(ours: list[float], bare: list[float], costs: list[int], paced_s: float) -> None:
    def at(values: list[float], part: float) -> float:
        return sorted(values)[int(len(values) * part)]

    print("\nThe exam screen, neck case by touch (from pointer down to the frame after the answer)")
    print(f"  touches a finding             {costs}")
    for name, values in (("Palpate", ours), ("bare page", bare)):
        print(
            f"  {name:<10} median {at(values, 0.5):5.1f} ms   p95 {at(values, 0.95):5.1f} ms   ({len(values)} touches)"
        )
    print(f"  ratio of the medians          {at(ours, 0.5) / at(bare, 0.5):.2f}")
    print(f"  four points, a touch every {PACE_MS / 1000} s: {paced_s:.0f} s, opening the screen included")


if __name__ == "__main__":
    run()
