"""Words for the codes of the advice after needling."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

WAYS = {"printed": _("Printed and handed over"), "link": _("Sent as a link")}
LANGUAGES = {"en": "English", "de": "Deutsch"}
