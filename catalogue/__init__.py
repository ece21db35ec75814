"""
The muscle catalogue as this release ships it: muscles, body zones, test movements, needling cautions.

`load_catalogue` copies it to the database, where foreign keys and searches need it. See NOTICE.md for its sources.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

_BYTES = (Path(__file__).parent / "muscles.json").read_bytes()
_DATA: dict[str, Any] = json.loads(_BYTES)

VERSION = f"{_DATA['schema_version']}+{hashlib.sha256(_BYTES).hexdigest()[:12]}"
MUSCLES: dict[str, dict[str, Any]] = {muscle["id"]: muscle for muscle in _DATA["muscles"]}
ZONES: dict[str, dict[str, Any]] = {zone["id"]: zone for zone in _DATA["zones"]}
MOVEMENTS: dict[str, str] = {movement["id"]: movement["label"] for movement in _DATA["movements"]}
CAUTIONS: dict[str, str] = {caution["code"]: caution["text"] for caution in _DATA["cautions"]}
SOURCES: dict[str, str] = _DATA["sources"]
# The body chart: view to its outline, zones and muscles. `python -m dev.chart.draw` writes it.
CHART_VIEWS: dict[str, Any] = json.loads((Path(__file__).parent / "chart.json").read_bytes())["views"]
ZONE_TO_MUSCLES: dict[str, list[dict[str, Any]]] = _DATA["zone_to_muscles"]

# Outcome measures: limits, direction, thresholds with their sources, bands. `assessments.measures` reads them.
_MEASURES: dict[str, Any] = json.loads((Path(__file__).parent / "measures.json").read_bytes())
MEASURES_VERSION: int = _MEASURES["version"]
MEASURES: dict[str, dict[str, Any]] = {measure["id"]: measure for measure in _MEASURES["measures"]}
THRESHOLD_SETS: dict[str, list[dict[str, Any]]] = _MEASURES["threshold_sets"]
# The words of the one-line entry (`assessments.one_line`): kind, what it means, and how it is said.
WORDS: list[dict[str, Any]] = json.loads((Path(__file__).parent / "words.json").read_bytes())["words"]
