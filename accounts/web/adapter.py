"""What allauth asks of us: who may sign up (nobody), where requests come from."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from clinic.api.throttling import client_address


class Adapter(DefaultAccountAdapter):
    """Accounts are made by a clinic's owner, never by whoever finds the page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "0.0.0.0"  # noqa: S104 - no address is known; nothing is bound

    def add_message(self, *arguments: object, **options: object) -> None:
        """Pages say themselves what happened."""
