"""Labels of the patients app's codes, in the reader's language."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

SEXES = {"female": _("female"), "male": _("male"), "other": _("other"), "unknown": _("not known")}
STATUSES = {"in_care": _("in care"), "discharged": _("discharged"), "deceased": _("deceased")}
