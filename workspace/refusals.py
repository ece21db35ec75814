"""What the workspace refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from clinic.refusals import register

register({"required.addendum": _("The addendum is empty. Enter its text.")})
