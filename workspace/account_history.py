"""What happened to a person's account, in words that they understand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_noop

from accounts.models import User
from database import tenancy
from database.sql import run_prepared

SHOWN, READ = 50, 400  # an event is kept once for each clinic of the person
LABELS = {
    ("auth.sign_in", "ok"): gettext_noop("Signed in"),
    ("auth.sign_in", "refused"): gettext_noop("Sign-in refused"),
    ("auth.second_factor", "refused"): gettext_noop("Second factor refused"),
    ("auth.unlock", "refused"): gettext_noop("Unlocking refused"),
    ("auth.password_change", "ok"): gettext_noop("Password changed"),
    ("auth.password_reset", "ok"): gettext_noop("Password changed by mailed link"),
    ("auth.password_reset_link", "ok"): gettext_noop("Link for a new password mailed"),
    ("auth.second_factor_add", "ok"): gettext_noop("Second factor added"),
    ("auth.second_factor_remove", "ok"): gettext_noop("Second factor removed"),
    ("auth.second_factor_renew", "ok"): gettext_noop("Recovery codes renewed"),
    ("auth.session_end", "ok"): gettext_noop("Other sessions ended"),
    ("auth.not_me", "ok"): gettext_noop("Misuse reported"),
}
# As in the header User-Agent; the first that fits, because each browser names its ancestors too.
BROWSERS = {"Edg": "Edge", "OPR": "Opera", "Firefox": "Firefox", "Chrome": "Chrome", "Safari": "Safari"}
SYSTEMS = {
    "iPhone": "iPhone", "iPad": "iPad", "Android": "Android", "Windows": "Windows", "Mac OS X": "macOS",
    "Linux": "Linux",
}  # fmt: skip


@dataclass(frozen=True)
class AccountEvent:
    """
    One line of the history.

    :ivar label: not translated yet
    """

    at: datetime
    label: str
    is_refusal: bool
    ip: Any


def events_of(user: User) -> list[AccountEvent]:
    """Return what happened to an account, the newest first, each once."""
    with tenancy.scope(None, user_id=user.pk):
        rows = run_prepared("SELECT * FROM audit_account_events(%s)", [READ])
    events: dict[tuple[Any, ...], AccountEvent] = {}
    for at, action, outcome, code, ip, request_id in rows:
        label = LABELS.get((action, outcome))
        if label is not None:
            same = (request_id or at.replace(microsecond=0), action, outcome, code)
            events.setdefault(same, AccountEvent(at, label, outcome != "ok", ip))
    return list(events.values())[:SHOWN]


def browser_name(agent: str) -> str:
    """Return browser and system of a User-Agent header, as in "Firefox, Windows"; empty if none is known."""
    found = [next((name for mark, name in names.items() if mark in agent), "") for names in (BROWSERS, SYSTEMS)]
    return ", ".join(name for name in found if name)
