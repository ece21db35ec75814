"""The bars at the bottom of the exam and the session: every button in reach of a thumb, in each language."""

from __future__ import annotations

import pytest

from tests.browser.bars import find_faults
from tests.browser.conftest import saved

pytestmark = pytest.mark.processes
SIZES = [(320, 568), (360, 640), (390, 844), (412, 915), (768, 1024)]


def every_size():
    """Each size upright and on its side."""
    for width, height in SIZES:
        yield width, height
        yield height, width


@pytest.mark.parametrize("locale", ["en", "de"])
@pytest.mark.parametrize("touch", [True, False])
def test_every_button_of_the_bars_is_in_reach(person, patient_id, locale, touch):
    therapist = person(locale=locale, has_touch=touch, reduced_motion="reduce")
    page = therapist.sign_in()
    faults = []
    for name, open_screen in (("exam", therapist.new_exam), ("session", therapist.new_session)):
        open_screen(page, patient_id)
        for width, height in every_size():
            page.set_viewport_size({"width": width, "height": height})
            faults += [f"{name}, {width} x {height}: {fault}" for fault in find_faults(page, ".foot")]
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                faults.append(f"{name}, {width} x {height}: wider than the screen")
    assert faults == []


@pytest.mark.parametrize("locale", ["en", "de"])
def test_the_bar_with_every_count_covers_neither_the_page_nor_a_message(person, patient_id, locale):
    therapist = person(locale=locale, reduced_motion="reduce")
    page = therapist.sign_in()
    therapist.new_exam(page, patient_id)
    page.click("[data-open=red-flags]")
    page.locator("[data-flag=psych_safety]").scroll_into_view_if_needed()
    page.locator("[data-all-no]").scroll_into_view_if_needed()
    page.click("[data-all-no]:enabled")
    page.keyboard.press("Escape")
    page.locator("[data-count]").evaluate_all("(counts) => counts.forEach((count) => (count.textContent ||= '12'))")
    page.locator("[data-toasts]").evaluate("(box) => (box.innerHTML = '<div class=toast>Saved</div>')")
    saved(page)
    for width, height in every_size():
        page.set_viewport_size({"width": width, "height": height})
        assert find_faults(page, ".foot") == [], (width, height)
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        top_of_bar = page.locator(".foot").bounding_box()["y"]
        for selector in (".work > :last-child", ".toast"):
            box = page.locator(selector).bounding_box()
            assert box["y"] + box["height"] <= top_of_bar, (selector, width, height)
