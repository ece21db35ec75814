"""Rows of the worklist that lead to a home programme."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from worklist.links import register_links
from worklist.models import Item

PROGRAMMES = ["stop_event_twice", "programme_stopped", "pain_up", "silent", "review_due", "programme_ended"]


def link_to_programme(item: Item, scopes: Collection[str]) -> str:
    return reverse("programme", args=[item.about_id]) if "homecare:read" in scopes else ""


register_links(PROGRAMMES, link_to_programme)
