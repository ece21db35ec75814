"""
What a patient is told after needling, before they leave.

Source: domain facts, section 6.5 (pneumothorax warning, soreness) and section 13 (four pneumothoraces in one emergency
department: one came the same day, three the day after; so the warning is given at the visit, not only asked later).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

PRINTED, LINK = "printed", "link"
WAYS = [PRINTED, LINK]


def needs_warning(muscles: Iterable[str], catalogue: Mapping[str, Mapping[str, Any]]) -> bool:
    """
    Return whether a needled muscle is one that the lung is near.

    :param muscles: the muscles that were needled, as keys of the catalogue
    """
    return any(catalogue[muscle]["needling"]["requires_pneumothorax_disclosure"] for muscle in muscles)


TITLE_MOST, LINES_MOST, LINE_MOST = 200, 30, 500  # technical: what fits on a page that is handed over
