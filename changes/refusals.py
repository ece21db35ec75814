"""What the changes app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "invalid.webhook_url": _(
            "Enter an https address on the public internet, of at most %(most)s characters, without a user name."
        ),
        "invalid.webhook_kinds": _("Choose only what you may read: %(choices)s."),
        "required.kinds": _("Choose at least one kind of change."),
        "too_many_webhooks": _("A clinic has at most %(most)s webhooks. Remove one first."),
        "webhook_ended": _("The receiver has ended this webhook. Resume it, or remove it."),
    }
)
