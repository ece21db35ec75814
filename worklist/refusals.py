"""What the worklist refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import Text, labels, register
from worklist.web import labels as words

register(
    {
        "already_done": _("This was already done by someone else. Reload the worklist."),
        "nobody_takes_it": _("Only a person can take this item, and this program does not act for one."),
        "outcome_unknown": Text(_("Choose one of these outcomes: %(choices)s."), choices=labels(words.OUTCOMES)),
        "invalid.snooze_until": _("Choose a time from now on, at most one year ahead."),
        "invalid.snooze_days": _("Snooze for 1, 3 or 7 days."),
    }
)
