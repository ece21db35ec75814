"""Rows of the worklist that lead to a patient's outcome measures."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from worklist.links import register_links
from worklist.models import Item


def link_to_outcomes(item: Item, scopes: Collection[str]) -> str:
    return reverse("outcomes", args=[item.patient_id]) if "assessments:read" in scopes else ""


register_links(["measure_due", "mood_screen"], link_to_outcomes)
