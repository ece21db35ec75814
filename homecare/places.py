"""Where a step is meant: a small picture of the body with the muscle on its side, from the project's own chart."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

import catalogue

VIEWS = catalogue.CHART_VIEWS
# Those that look at a part of the body come first; the whole body only where no other shows the muscle.
CLOSE_VIEWS = ["neck", "neck_front", "head_left", "head_right"]
MARGIN = 70  # of the chart's units around a muscle, so that one sees where on the body it lies


def picture(muscle: str, side: str | None, place: str) -> SafeString:
    """
    Return the picture as inline SVG; nothing for a muscle that the chart does not show.

    :param place: the muscle and side in words, for who does not see it
    """
    drawn = _find_drawing(muscle, side)
    if not drawn:
        return mark_safe("")
    label = gettext("Where: {place}").format(place=place)
    return format_html(
        '<svg class="place-drawing" role="img" aria-label="{}" viewBox="{}" '
        'xmlns="http://www.w3.org/2000/svg"><title>{}</title>{}</svg>',
        label,
        drawn[0],
        label,
        mark_safe(drawn[1]),  # noqa: S308 - paths of our own file
    )


@lru_cache(maxsize=512)
def _find_drawing(muscle: str, side: str | None) -> tuple[str, str] | None:
    """The part of a view to look at, and its shapes."""
    for name in [*CLOSE_VIEWS, *(view for view in VIEWS if view not in CLOSE_VIEWS)]:
        view = VIEWS[name]
        shapes = [s for s in view["muscles"] if s["muscle"] == muscle and s["side"] in (side, "midline")]
        if shapes:
            outline = "".join(f'<path class="body" d="{path}"/>' for path in view["outline"])
            lines = "".join(f'<path class="line" d="{path}"/>' for path in view["lines"])
            marked = "".join(f'<path class="here" d="{shape["path"]}"/>' for shape in shapes)
            return _frame(view, shapes, is_close=name in CLOSE_VIEWS), outline + lines + marked
    return None


def _frame(view: dict[str, Any], shapes: list[dict[str, Any]], *, is_close: bool) -> str:
    """A close view whole; of the whole body, a square around the muscle that is wide enough to know it by."""
    width, height = view["width"], view["height"]
    if is_close:
        return f"0 0 {width} {height}"
    middle = sum(shape["centre"][1] for shape in shapes) / len(shapes)
    top = min(max(0, middle - width / 2 - MARGIN), height - width - 2 * MARGIN)
    return f"0 {top:.0f} {width} {width + 2 * MARGIN}"
