"""A clinic's own pictures in the steps of a programme; `uploads.pictures` takes them in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from errors.exceptions import Problems
from homecare.models import Picture

EDGE_PX = 640


def find_unknown_pictures(steps: Sequence[Mapping[str, Any]]) -> Problems:
    """Name each step whose picture the clinic does not have."""
    problems = Problems()
    picture_ids = {UUID(step["picture"]) for step in steps if step.get("picture")}
    known_ids = set(Picture.objects.filter(pk__in=picture_ids).values_list("pk", flat=True)) if picture_ids else set()
    for number, step in enumerate(steps):
        if step.get("picture") and UUID(step["picture"]) not in known_ids:
            problems.add(f"/steps/{number}/picture", "unknown.picture")
    return problems
