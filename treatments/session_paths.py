"""A session's content as a flat map of paths, and back. See `records.editing`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from records.editing import Flat, below, rows_of
from records.rules import plain_json

ROWS = ["interventions", "measures"]
HEAD = ["performed_at", "response", "notes", "weight_kg"]
OF_INTERVENTION = ["technique", "trigger_point", "muscle", "side", "response"]
OF_OVERRIDE = ["reason", "seen_by", "seen_at"]
OF_MEASURE = ["kind", "phase", "timing", "value", "measured_at", "trigger_point", "movement", "side"]


def flatten(content: Mapping[str, Any], *, unreviewed: frozenset[str] = frozenset()) -> Flat:
    """
    :param content: as `documents.session_content` makes it, each measure with its `id`
    :param unreviewed: ids of interventions brought from the last session that nobody has confirmed yet
    """
    content = plain_json(content)
    flat: Flat = {name: content[name] for name in HEAD}
    flat |= {f"limit_reasons/{name}": why for name, why in content["limit_reasons"].items()}
    for override in content["overrides"]:
        flat |= {f"overrides/{override['code']}/{name}": override.get(name) for name in OF_OVERRIDE}
    flat |= {f"acknowledged/{row['code']}": True for row in content["acknowledged"]}
    flat |= {f"adverse_events_asked/{row['about']}": row["answer"] for row in content.get("adverse_events_asked", ())}
    for ordinal, intervention in enumerate(content["interventions"]):
        row = f"interventions/{intervention['id']}"
        flat |= {f"{row}/{name}": intervention[name] for name in OF_INTERVENTION}
        flat |= {f"{row}/dose/{name}": value for name, value in intervention["dose"].items()}
        flat |= {f"{row}/limit_reasons/{name}": why for name, why in intervention["limit_reasons"].items()}
        flat[f"{row}/ordinal"] = ordinal
        flat[f"{row}/unreviewed"] = True if str(intervention["id"]) in unreviewed else None
    for ordinal, measure in enumerate(content["measures"]):
        row = f"measures/{measure['id']}"
        flat |= {f"{row}/{name}": measure[name] for name in OF_MEASURE}
        flat[f"{row}/ordinal"] = ordinal
    return {path: value for path, value in flat.items() if value is not None and value != ""}


def unflatten(flat: Flat) -> dict[str, Any]:
    """The content in the API's shape, each intervention and measure with its `id`."""
    content: dict[str, Any] = {"response": flat.get("response", ""), "notes": flat.get("notes", "")}
    if "performed_at" in flat:
        content["performed_at"] = flat["performed_at"]
    content["limit_reasons"] = below(flat, "limit_reasons")
    content["weight_kg"] = flat.get("weight_kg")
    content["overrides"] = [
        {"code": code, "reason": "", **{name: fields[name] for name in OF_OVERRIDE if name in fields}}
        for code, fields in rows_of(flat, "overrides").items()
    ]
    content["acknowledged"] = [{"code": code} for code, dose in below(flat, "acknowledged").items() if dose]
    content["adverse_events_asked"] = [
        {"about": session_id, "answer": answer} for session_id, answer in below(flat, "adverse_events_asked").items()
    ]
    content["interventions"] = [
        {
            "id": key,
            **{name: fields[name] for name in OF_INTERVENTION if name in fields},
            "dose": below(fields, "dose"),
            "limit_reasons": below(fields, "limit_reasons"),
            "unreviewed": bool(fields.get("unreviewed")),
        }
        for key, fields in rows_of(flat, "interventions").items()
    ]
    content["measures"] = [
        {"id": key, **{name: fields[name] for name in OF_MEASURE if name in fields}}
        for key, fields in rows_of(flat, "measures").items()
    ]
    return content


def row_paths(flat: Flat) -> dict[str, list[str]]:
    """For each list of the content the paths of its rows, in the content's order."""
    return {
        "interventions": [f"interventions/{key}" for key in rows_of(flat, "interventions")],
        "measures": [f"measures/{key}" for key in rows_of(flat, "measures")],
        "overrides": [f"overrides/{code}" for code in rows_of(flat, "overrides")],
        "acknowledged": [f"acknowledged/{code}" for code in below(flat, "acknowledged")],
        "adverse_events_asked": [f"adverse_events_asked/{about}" for about in below(flat, "adverse_events_asked")],
    }
