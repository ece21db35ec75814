"""
The body chart with the catalogue's names, as one answer that a browser keeps: it holds nobody's data.

The drawing itself is `catalogue/chart.json`, written by `dev.chart`.
"""

from __future__ import annotations

import gzip
import hashlib
from functools import lru_cache
from typing import Any

import orjson
from django.utils import translation
from django.utils.translation import gettext

import catalogue
from assessments.web import labels

DRAWING = catalogue.CHART_VIEWS


@lru_cache
def version() -> str:
    """Changes whenever the drawing or the catalogue does."""
    content = orjson.dumps([DRAWING, catalogue.MUSCLES, catalogue.ZONES], default=str)
    return hashlib.sha256(content).hexdigest()[:12]


@lru_cache
def answer(language: str) -> bytes:
    """Drawing, muscles, zones and words in a language, as gzipped JSON."""
    with translation.override(language):
        whole = {
            "version": catalogue.CHART_VERSION,
            "views": {name: {**view, "label": str(labels.VIEWS[name])} for name, view in DRAWING.items()},
            "muscles": {key: _muscle(muscle) for key, muscle in catalogue.MUSCLES.items()},
            "zones": {
                key: {
                    "n": gettext(zone["label"]),
                    "sided": zone["sided"],
                    "k": " ".join([gettext(zone["label"]), *zone["synonyms"]]).casefold(),
                }
                for key, zone in catalogue.ZONES.items()
            },
            "sides": labels.texts(labels.SIDES),
            "words": labels.texts(labels.CHART),
        }
    return gzip.compress(orjson.dumps(whole), compresslevel=9, mtime=0)


def _muscle(muscle: dict[str, Any]) -> dict[str, Any]:
    name = gettext(muscle["name"])
    return {
        "n": name,
        "l": muscle["latin"],
        "t": muscle["tier"],
        "p": muscle["referral"]["primary"],
        "s": muscle["referral"]["spillover"],
        # The usual zones were not compared with a published source; the screen says so.
        "u": not muscle["referral_checked_against_found_page"],
        "a": "; ".join(gettext(text) for text in muscle["aggravating"]),
        "f": "; ".join(gettext(text) for text in muscle["non_pain_phenomena"]),
        "k": f"{name} {muscle['name']} {muscle['latin']}".casefold(),
    }
