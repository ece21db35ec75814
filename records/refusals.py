"""What the records app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from errors.texts import register

register(
    {
        "invalid.anchor": _("An anchor is a sequence number, a colon and 64 hexadecimal digits. Copy it again."),
        "no_longer_current": _(
            "A newer version replaced this, or it was marked as entered in error. Open the current version."
        ),
        "not_signed": _("This is still a draft. Change the draft instead."),
    }
)
