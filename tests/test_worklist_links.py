"""Where the rows of the worklist lead: each app registers its own kinds. See also tests/scheduling/test_pages.py."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from worklist import rules
from worklist.links import LINKS, find_link, register_links
from worklist.models import Item

# About a message, a series, the waitlist or the patient, not about one page.
WITHOUT_PAGE = {
    "red_flag", "adverse_event", "series_short", "series_ended", "slot_free", "recall", "deceased",
    "message_failed",
    "message_uncertain",
}  # fmt: skip


def test_every_kind_leads_to_a_page_or_is_named_here():
    assert set(LINKS) == set(rules.KINDS) - WITHOUT_PAGE


def test_a_kind_has_one_link():
    for kind in ("no_show", "unheard_of"):
        with pytest.raises(ImproperlyConfigured, match=kind):
            register_links([kind], lambda item, scopes: "/")
    assert "unheard_of" not in LINKS


def test_a_row_without_a_page_leads_nowhere():
    assert find_link(Item(kind="recall"), ["scheduling:read"]) == ""
