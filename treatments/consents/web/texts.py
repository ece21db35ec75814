"""The clinic's consent texts and how long a consent holds: for the owner."""

from __future__ import annotations

from typing import Any

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts import policies
from accounts.models import Clinic
from accounts.web.pages import PageRequest, page
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of
from treatments.consents import actions, default_texts, labels, queries
from treatments.models import ConsentText


@page(scope="treatments:read", action="page.consent_texts", methods="GET POST")
def consent_texts(request: PageRequest) -> HttpResponse:
    """Every text, the product's or the clinic's own, to read and to change; each version stays."""
    policies.require_owner(request.actor)
    problem, failed = "", None
    if request.method == "POST":
        try:
            return save_days(request) if "valid_days" in request.POST else save_text(request)
        except Invalid as refusal:
            problem, failed = message_of(refusal.errors[0]), key_of(request.POST)
    versions: dict[tuple[str, str, str], list[ConsentText]] = {}
    for row in ConsentText.objects.select_related("made_by").order_by("-version"):
        versions.setdefault((row.technique_class, row.region, row.language), []).append(row)
    lines = []
    for text in queries.all_texts():
        key = (text.technique_class, text.region, text.language)
        text_values = {"text": text.text, "risks": "\n".join(text.risks)}
        if key == failed:
            text_values = {name: request.POST.get(name, "") for name in text_values}
        lines.append(
            {
                "key": "-".join(key),
                "class": labels.TECHNIQUE_CLASSES[text.technique_class],
                "region": labels.REGIONS[text.region],
                "language": labels.LANGUAGES[text.language],
                "about": text,
                "shown": text_values,
                "versions": versions.get(key, []),
                "problem": problem if key == failed else "",
            }
        )
    days = Clinic.objects.values_list("consent_valid_days", flat=True).get(pk=request.clinic.pk)
    context = {"lines": lines, "valid_days": days, "days_problem": problem if failed is None else ""}
    return render(request, "treatments/consents/texts.html", context, status=400 if problem else 200)


def key_of(sent: Any) -> tuple[str, str, str] | None:
    key = (sent.get("technique_class", ""), sent.get("region", ""), sent.get("language", ""))
    return key if key in default_texts.ALL else None


def save_text(request: PageRequest) -> HttpResponse:
    """:raises Invalid, NotFound:"""
    key = key_of(request.POST)
    if key is None:
        raise NotFound
    technique_class, region, language = key
    text = "" if "default" in request.POST else request.POST.get("text", "")
    risks = [] if "default" in request.POST else request.POST.get("risks", "").splitlines()
    actions.save_text(
        technique_class=technique_class,
        region=region,
        language=language,
        text=text,
        risks=[risk for risk in risks if risk.strip()],
        by=request.actor,
        at=timezone.now(),
    )
    toasts.success(request, _("Saved as a new version."))
    return redirect("consent_texts")


def save_days(request: PageRequest) -> HttpResponse:
    """:raises Invalid:"""
    text = request.POST.get("valid_days", "").strip()
    is_number = text.isascii() and text.isdigit() and len(text) < 6
    days = int(text) if is_number else 0 if text else None
    actions.set_valid_days(days=days, by=request.actor)
    toasts.success(request, _("Saved."))
    return redirect("consent_texts")
