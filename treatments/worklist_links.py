"""Rows of the worklist that lead to an adverse event or to a treatment plan."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from worklist.links import register_links
from worklist.models import Item


def link_to_event(item: Item, scopes: Collection[str]) -> str:
    return reverse("adverse_event", args=[item.patient_id, item.about_id]) if "treatments:read" in scopes else ""


def link_to_plan(item: Item, scopes: Collection[str]) -> str:
    return reverse("treatment_plan", args=[item.about_id]) if "treatments:read" in scopes else ""


register_links(["plan_review_due"], link_to_plan)
register_links(["serious_event", "unconfirmed_event"], link_to_event)
