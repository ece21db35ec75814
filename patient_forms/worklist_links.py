"""Rows of the worklist that lead to the review of a form."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from patient_forms.actions import WAITS
from worklist.links import register_links
from worklist.models import Item


def link_to_review(item: Item, scopes: Collection[str]) -> str:
    return reverse("form_review", args=[item.about_id]) if "assessments:write" in scopes else ""


register_links([WAITS], link_to_review)
