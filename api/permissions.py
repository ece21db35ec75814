"""Deny by default: a view that states nothing lets nobody in."""

from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from errors.exceptions import Forbidden
from identity.actor import Actor


class MissingScope(Forbidden):
    reason = "missing_scope"


class DenyAll(BasePermission):
    def has_permission(self, request: Request, view: Any) -> bool:
        return False


class HasScopes(BasePermission):
    """Let callers in whose scopes cover the view's `scopes` for this method; the refusal names what is missing."""

    def has_permission(self, request: Request, view: Any) -> bool:
        actor = request.auth
        if not isinstance(actor, Actor):
            return False
        method = "get" if request.method == "HEAD" else (request.method or "").lower()
        needed: str | None = view.scopes.get(method)
        if needed is None:  # OPTIONS, or a method that the view does not have: 405 comes later
            return True
        if needed and needed not in actor.scopes:
            raise MissingScope(params={"scope": needed}, extra={"scope": needed})
        return True
