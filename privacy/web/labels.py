"""The words of the pages about the rights of patients."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from privacy import rules

CASES = {
    rules.RESTRICTION: _("Restricted"),
    rules.ERASURE: _("To be erased"),
    rules.LEGAL_HOLD: _("Legal hold"),
}
ENDINGS = {
    rules.RESTRICTION: _("Lift restriction"),
    rules.ERASURE: _("Undo erasure"),
    rules.LEGAL_HOLD: _("Lift hold"),
}
