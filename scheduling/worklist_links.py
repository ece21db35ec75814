"""Rows of the worklist that lead to an appointment."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from worklist.links import register_links
from worklist.models import Item

VISITS = ["no_show", "cannot_come", "cannot_treat", "not_arrived", "closed_over", "hours_gone"]


def link_to_appointment(item: Item, scopes: Collection[str]) -> str:
    return reverse("appointment", args=[item.about_id]) if "scheduling:read" in scopes else ""


register_links(VISITS, link_to_appointment)
