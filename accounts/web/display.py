"""How the clinic shows what the rules compute: an owner's setting."""

from __future__ import annotations

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import actions, policies
from accounts.web.pages import PageRequest, page, seen_revision
from errors import form_fields

CLASSIFICATION, DOCUMENTATION_ONLY = "classification", "documentation_only"


class DisplayForm(forms.Form):
    mode = form_fields.ChoiceField(
        label=gettext_lazy("What pages, the API and new documents show"),
        widget=forms.RadioSelect,
        choices=[
            (CLASSIFICATION, gettext_lazy("Findings with their classification (active, latent, …)")),
            (DOCUMENTATION_ONLY, gettext_lazy("Documentation only: findings without any computed class")),
        ],
    )


@page(scope="", action="page.clinic_display", methods="GET POST")
def display(request: PageRequest) -> HttpResponse:
    """Classification shown, or documentation only."""
    policies.require_owner(request.actor)
    mode = CLASSIFICATION if request.clinic.shows_classification else DOCUMENTATION_ONLY
    form = DisplayForm(request.POST or None, initial={"mode": mode})
    if request.method == "POST" and form.is_valid():
        shows = form.cleaned_data["mode"] == CLASSIFICATION
        actions.set_display_mode(
            clinic=request.clinic, shows_classification=shows, revision=seen_revision(request.POST), by=request.actor
        )
        toasts.success(request, _("Saved."))
        return redirect("clinic_display")
    return render(request, "accounts/display.html", {"form": form}, status=400 if form.errors else 200)
