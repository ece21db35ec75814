"""Words for the codes of treatment plans."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REACHED = {
    "yes": _("reached"),
    "partly": _("partly reached"),
    "no": _("not reached"),
    "not_measured": _("not measured"),
}
