"""Competencies that end soon, and what the clinic asks for: for the owner."""

from __future__ import annotations

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import actions, policies, queries
from accounts.models import Clinic
from accounts.rules import BASIC_TRAINING, COMPETENCIES
from accounts.web.pages import PageRequest, page, seen_revision


@page(scope="scheduling:read", action="page.competencies", methods="GET POST")
def competencies(request: PageRequest) -> HttpResponse:
    policies.require_owner(request.actor)
    if request.method == "POST":
        setting, revision = request.POST.get("basic_training", ""), seen_revision(request.POST)
        actions.set_basic_training(setting=setting, revision=revision, by=request.actor)
        toasts.success(request, _("Saved."))
        return redirect("competencies")
    today = timezone.now().astimezone(queries.clinic_zone(request.clinic.pk)).date()
    rows = queries.expiring_competencies(request.clinic.pk, today=today)
    context = {
        "lines": [(row, _(COMPETENCIES[row.technique]), row.valid_until < today) for row in rows if row.valid_until],
        "setting": Clinic.objects.values_list("basic_training", flat=True).get(pk=request.clinic.pk),
        "settings": [(code, _(label)) for code, label in BASIC_TRAINING.items()],
    }
    return render(request, "accounts/competencies.html", context)
