"""Open red flags on the builder: what they stop, and the reasons that are given for them."""

from __future__ import annotations

from typing import Any

from django.http import QueryDict
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from assessments.red_flag_table import ACKNOWLEDGE, RED_FLAGS, STOP
from errors.exceptions import Invalid
from homecare import queries, safety
from homecare.models import Programme
from homecare.programmes import safety_stops


def parse_overrides(post: QueryDict) -> list[safety.Override]:
    """
    The reasons that are given for open red flags.

    :raises Invalid: a time is none
    """
    overrides: list[safety.Override] = []
    for code in RED_FLAGS:
        values = {name: post.get(f"{name}-{code}", "").strip() for name in ("override", "seen_by", "seen_at")}
        if not any(values.values()):
            continue
        try:
            seen_at = parse_datetime(values["seen_at"])
        except ValueError:
            seen_at = None
        if values["seen_at"] and seen_at is None:
            raise Invalid.at(f"/overrides/{len(overrides)}/seen_at", "invalid.time")
        if seen_at is not None and timezone.is_naive(seen_at):
            seen_at = timezone.make_aware(seen_at)
        overrides.append(
            safety.Override(
                code, values["override"], given_at=timezone.now(), seen_by=values["seen_by"], seen_at=seen_at
            )
        )
    return overrides


def stop_lines(
    programme: Programme, known: safety_stops.KnownSafety, post: QueryDict | None = None
) -> list[dict[str, Any]]:
    """Each open red flag that stops a step, or asks for caution, with what was given for it."""
    before = {earlier["code"]: earlier for earlier in latest_overrides(programme)}
    lines = []
    for earlier in known.flags:
        row, override = RED_FLAGS[earlier.flag.code], before.get(earlier.flag.code, {})
        lines.append(
            {
                "code": earlier.flag.code,
                "row": row,
                "is_stop": earlier.level == STOP,
                "takes_reason": earlier.level == ACKNOWLEDGE or (earlier.level == STOP and row.is_overridable),
                "level": earlier.level,
                "answered_at": earlier.flag.answered_at,
                "steps": ", ".join(str(number + 1) for number in earlier.steps),
                "reason": post.get(f"override-{earlier.flag.code}", "") if post else override.get("reason", ""),
                "seen_by": post.get(f"seen_by-{earlier.flag.code}", "") if post else override.get("seen_by", ""),
                "seen_at": post.get(f"seen_at-{earlier.flag.code}", "")
                if post
                else (override.get("seen_at") or "")[:16],
            }
        )
    return lines


def latest_overrides(programme: Programme) -> list[dict[str, Any]]:
    version, _steps = queries.current_version(programme)
    return version.overrides if version else []
