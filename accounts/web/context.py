"""What every page knows: who looks, what they may do, where the lock is."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts import policies
from accounts.models import User
from accounts.rules import READING
from accounts.web.emergency import LASTS_S
from accounts.web.settings_nav import settings_groups


def page(request: HttpRequest) -> dict[str, Any]:
    asked = {
        "second_factor_days": getattr(request, "second_factor_days", None),
        "emergency_until": getattr(request, "emergency_until", None),
    }
    actor, clinic = getattr(request, "actor", None), getattr(request, "clinic", None)
    if actor is None or clinic is None or not isinstance(request.user, User):
        return {"may": {}, **asked}
    shown = actor.scopes & READING if asked["emergency_until"] else actor.scopes
    scopes = {scope.replace(":", "_"): True for scope in shown}
    may = {**scopes, "administer": policies.may_administer(request.user, clinic.pk)}
    lock_s = clinic.idle_lock_min * 60 if clinic.idle_lock_min else settings.IDLE_LOCK_S
    return {
        "may": may,
        "actor": actor,
        # No session, no lock: the hour of an emergency ends by itself.
        "idle_lock_s": LASTS_S if asked["emergency_until"] else min(lock_s, settings.IDLE_LOCK_S),
        **asked,
        "settings_groups": partial(settings_groups, request.path, may),
    }
