"""When people prove again who they are before they sign: an owner's setting."""

from __future__ import annotations

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from accounts import actions, policies
from accounts.rules import SIGNING_PROOFS
from accounts.web.pages import PageRequest, page, seen_revision


@page(scope="", action="page.signing_proof", methods="GET POST")
def signing_proof(request: PageRequest) -> HttpResponse:
    """Once per sign-in, or at every signature."""
    policies.require_owner(request.actor)
    if request.method == "POST":
        mode, revision = request.POST.get("signing_proof", ""), seen_revision(request.POST)
        actions.set_signing_proof(clinic=request.clinic, mode=mode, revision=revision, by=request.actor)
        toasts.success(request, _("Saved."))
        return redirect("signing_proof")
    choices = [(code, _(label)) for code, label in SIGNING_PROOFS.items()]
    return render(request, "accounts/signing_proof.html", {"choices": choices})
