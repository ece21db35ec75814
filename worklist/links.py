"""
Where a row of the worklist leads: each app registers the pages of its kinds in its module `worklist_links`, which is
imported when Django starts.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable

from django.core.exceptions import ImproperlyConfigured

from worklist import rules
from worklist.models import Item

# Takes the row and the scopes of the person who looks; returns "" if that person may not open the page.
FindLink = Callable[[Item, Collection[str]], str]
LINKS: dict[str, FindLink] = {}


def register_links(kinds: Iterable[str], find: FindLink) -> None:
    """
    Let rows of these kinds lead to a page.

    :raises ImproperlyConfigured: a kind is unknown, or leads to a page already
    """
    for item_kind in kinds:
        if item_kind not in rules.KINDS or item_kind in LINKS:
            raise ImproperlyConfigured(f"worklist kind {item_kind}: unknown, or it has a link already")
        LINKS[item_kind] = find


def find_link(item: Item, scopes: Collection[str]) -> str:
    """Return the address of what a row is about; empty if it has no page, or the person may not open it."""
    find = LINKS.get(item.kind)
    return find(item, scopes) if find else ""
