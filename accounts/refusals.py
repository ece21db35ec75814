"""What the accounts app refuses, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from clinic.refusals import register

register(
    {
        "missing_scope.page": _("Your role in this clinic does not include this page. Ask an owner of the clinic."),
    }
)
