"""What django-oauth-toolkit asks about scopes and clients."""

from __future__ import annotations

from typing import Any

from oauth2_provider.scopes import BaseScopes

from accounts.models import ApiClient
from accounts.rules import SCOPES


class ClientScopes(BaseScopes):
    """A client's own list of scopes is both what it may ask for and what it gets when it asks for nothing."""

    def get_all_scopes(self) -> dict[str, str]:
        return dict(SCOPES)

    def get_available_scopes(
        self, application: ApiClient | None = None, request: object = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return application.allowed_scopes.split() if application else list(SCOPES)

    def get_default_scopes(
        self, application: ApiClient | None = None, request: object = None, *args: Any, **kwargs: Any
    ) -> list[str]:
        return self.get_available_scopes(application)
