"""A client of a Palpate clinic's API."""

from palpate_client.clients import AsyncClient, Client
from palpate_client.mirror import Diverged, Mirror, Verdict
from palpate_client.protocol import Change, ChangePage, Problem
from palpate_client.records import NotWhole

__all__ = ["AsyncClient", "Change", "ChangePage", "Client", "Diverged", "Mirror", "NotWhole", "Problem", "Verdict"]
