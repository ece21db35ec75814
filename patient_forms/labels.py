"""Words for the states of a form."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

STATUSES = {
    "sent": _("Sent"),
    "answered": _("To review"),
    "accepted": _("Accepted"),
    "dismissed": _("Dismissed"),
    "cancelled": _("Cancelled"),
}
