"""What allauth asks of us: who may sign up (nobody), where requests come from."""

from __future__ import annotations

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest
from django.utils.translation import get_language

from accounts import tasks
from api.throttling import client_address


class Adapter(DefaultAccountAdapter):
    """Accounts are made by a clinic's owner, never by whoever finds the page."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_address(request) or "0.0.0.0"  # noqa: S104 - no address is known; nothing is bound

    def send_mail(self, template_prefix: str, email: str, context: object) -> None:
        """
        By a worker, and the same for every address: neither the page nor the time that it takes tells who has an
        account. The only mail that allauth is let send here is the one with the link for a new password.
        """
        tasks.send_reset_link.delay(email, get_language() or "")

    def add_message(self, *arguments: object, **options: object) -> None:
        """Pages say themselves what happened."""
