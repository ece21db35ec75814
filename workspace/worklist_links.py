"""Rows of the worklist that lead to an exam or a session: the page that shows both is here."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from worklist.links import register_links
from worklist.models import Item

SCOPES = {"exam": "assessments", "session": "treatments"}  # the first half of the scope


def link_to_exam(item: Item, scopes: Collection[str]) -> str:
    return link_to_document("exam", item, scopes)


def link_to_session(item: Item, scopes: Collection[str]) -> str:
    return link_to_document("session", item, scopes)


def link_to_draft(item: Item, scopes: Collection[str]) -> str:
    """Where the draft is finished, for a person who may write it."""
    kind_code = item.facts.get("what")
    if kind_code not in SCOPES:
        return ""
    if f"{SCOPES[kind_code]}:write" in scopes:
        return reverse(kind_code, args=[item.about_id])
    return link_to_document(kind_code, item, scopes)


def link_to_document(kind: str, item: Item, scopes: Collection[str]) -> str:
    return reverse("document", args=[kind, item.about_id]) if f"{SCOPES[kind]}:read" in scopes else ""


register_links(["referral", "referral_withdrawn"], link_to_exam)
register_links(["needling_follow_up"], link_to_session)
register_links(["unsigned"], link_to_draft)
