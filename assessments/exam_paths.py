"""An assessment's content as a flat map of paths, and back. See `records.editing`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assessments.chart_versions import CURRENT, current_place
from records.editing import Flat, below, rows_of
from records.rules import plain_json

ROWS = ["findings"]
HEAD = ["performed_at", "pain_now", "pain_worst_24h", "pain_best_24h", "current_symptom", "rule_set", "notes"]
NO_SIDE = "-"  # the side of a movement that has none
ASKED_EACH = "asked_each"  # how a red flag was asked, unless the path `source` says otherwise
MARKED = "marked"  # a zone in the pain drawing without an intensity
NOT_OF_ROW = {
    "id", "referred_to", "referred_quality", "limit_reasons", "ppt_mean_kpa", "criteria", "class", "rule_set",
    "rule_set_version", "missing_tests", "trigger_point",
}  # fmt: skip


def flatten(content: Mapping[str, Any], *, unreviewed: frozenset[str] = frozenset()) -> Flat:
    """
    :param content: as `documents.assessment_content` makes it
    :param unreviewed: ids of findings brought from the last exam that nobody has confirmed yet
    """
    content = plain_json(content)
    flat: Flat = {name: content[name] for name in HEAD}
    for answer in content["red_flags"]:
        row = f"red_flags/{answer['code']}"
        flat |= {f"{row}/answer": answer["answer"], f"{row}/note": answer["note"], f"{row}/side": answer["side"]}
        flat[f"{row}/source"] = answer["source"] if answer["source"] != ASKED_EACH else None
        flat |= {f"{row}/regions/{region}": True for region in answer["regions"]}
    for mark in content["pain_drawing"]:
        intensity = mark["intensity"]
        flat[f"pain_drawing/{mark['zone']}/{mark['side']}"] = MARKED if intensity is None else intensity
    for movement in content["range_of_motion"]:
        row = f"range_of_motion/{movement['movement']}/{movement['side'] or NO_SIDE}"
        flat |= {f"{row}/{name}": movement[name] for name in ("degrees", "painful", "device")}
    for ordinal, finding in enumerate(content["findings"]):
        row = f"findings/{finding['id']}"
        flat |= {f"{row}/{name}": value for name, value in finding.items() if name not in NOT_OF_ROW}
        if finding["point"]:
            flat[f"{row}/point"] = _point_today(finding)
        flat |= {f"{row}/referred_to/{zone['zone']}/{zone['side']}": True for zone in finding["referred_to"]}
        flat |= {f"{row}/referred_quality/{quality}": True for quality in finding["referred_quality"]}
        flat |= {f"{row}/limit_reasons/{name}": why for name, why in finding["limit_reasons"].items()}
        flat[f"{row}/ordinal"] = ordinal
        flat[f"{row}/unreviewed"] = True if str(finding["id"]) in unreviewed else None
    return {path: value for path, value in flat.items() if value is not None and value != [] and value != ""}


def _point_today(finding: Mapping[str, Any]) -> dict[str, Any]:
    """The point as today's chart has it; a draft is brought to it when it is opened."""
    place = current_place(**finding["point"], muscle=finding["muscle"], side=finding["side"])
    return {"view": place.view, "x": place.x, "y": place.y, "chart": CURRENT}


def unflatten(flat: Flat) -> dict[str, Any]:
    """The content in the API's shape, each finding with its `id` and `unreviewed`."""
    content: dict[str, Any] = {name: flat.get(name) for name in HEAD if name in flat or name.startswith("pain_")}
    content["notes"] = flat.get("notes", "")
    content["red_flags"] = [
        {
            "code": code,
            "answer": answer.get("answer", "not_asked"),
            "note": answer.get("note", ""),
            "source": answer.get("source", ASKED_EACH),
            "regions": list(below(answer, "regions")),
            "side": answer.get("side"),
        }
        for code, answer in rows_of(flat, "red_flags").items()
    ]
    content["pain_drawing"] = [
        {"zone": zone, "side": side, "intensity": None if value == MARKED else value}
        for zone, sides in rows_of(flat, "pain_drawing").items()
        for side, value in sides.items()
    ]
    content["range_of_motion"] = [
        {"movement": code, "side": None if side == NO_SIDE else side, **values}
        for code, fields in rows_of(flat, "range_of_motion").items()
        for side, values in _by_first(fields).items()
    ]
    content["findings"] = [_finding(key, fields) for key, fields in rows_of(flat, "findings").items()]
    return content


def tidy(flat: Flat) -> Flat:
    """Without what a changed sign takes along: zones of a referral that is none, the method of no twitch."""
    gone = []
    for path in flat:
        parts = path.split("/")
        if (
            len(parts) > 2
            and parts[0] == "red_flags"
            and not _fits_answer(parts[2], flat.get(f"red_flags/{parts[1]}/answer"))
        ):
            gone.append(path)
        if len(parts) < 3 or parts[0] != "findings":
            continue
        row = f"findings/{parts[1]}"
        if parts[2] in ("referred_to", "referred_quality") and flat.get(f"{row}/referred_pain") != "present":
            gone.append(path)
        if parts[2] == "twitch_method" and flat.get(f"{row}/local_twitch") not in ("present", "absent"):
            gone.append(path)
    return {path: value for path, value in flat.items() if path not in gone} if gone else flat


def _fits_answer(name: str, answer: object) -> bool:
    """Whether a field of a red flag may stand beside its answer: only a yes is about a part of the body."""
    if name in ("regions", "side"):
        return bool(answer == "yes")
    return name != "source" or bool(answer == "no")


def row_paths(flat: Flat) -> dict[str, list[str]]:
    """For each list of the content the paths of its rows, in the content's order."""
    movements = rows_of(flat, "range_of_motion")
    drawing = rows_of(flat, "pain_drawing")
    return {
        "findings": [f"findings/{key}" for key in rows_of(flat, "findings")],
        "red_flags": [f"red_flags/{code}" for code in rows_of(flat, "red_flags")],
        "range_of_motion": [
            f"range_of_motion/{m}/{side}" for m, fields in movements.items() for side in _by_first(fields)
        ],
        "pain_drawing": [f"pain_drawing/{zone}/{side}" for zone, sides in drawing.items() for side in sides],
    }


def _by_first(fields: Flat) -> dict[str, Flat]:
    rows: dict[str, Flat] = {}
    for name, value in fields.items():
        side, _, rest = name.partition("/")
        rows.setdefault(side, {})[rest] = value
    return rows


def _finding(key: str, fields: Flat) -> dict[str, Any]:
    plain = {name: value for name, value in fields.items() if "/" not in name and name != "ordinal"}
    zones = (path.rpartition("/") for path in below(fields, "referred_to"))
    return {
        **plain,
        "id": key,
        "unreviewed": bool(fields.get("unreviewed")),
        "referred_to": [{"zone": zone, "side": side} for zone, _, side in zones],
        "referred_quality": list(below(fields, "referred_quality")),
        "limit_reasons": below(fields, "limit_reasons"),
    }
