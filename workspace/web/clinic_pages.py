"""The clinic's own settings, for owners: the first page of Settings, and those that span apps."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages as toasts
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from accounts import actions as accounts
from accounts import clinic_settings, places, policies
from accounts.models import Clinic
from accounts.rules import IDLE_LOCK_CHOICES, LETTER_TEXT_MAX, TECHNIQUES
from accounts.web.pages import PageRequest, page, seen_revision
from api.bodies import takes_large_body
from assessments.actions import set_rule_set
from assessments.rules import RULE_SETS
from errors import form_fields
from errors.exceptions import Invalid
from errors.texts import message_of
from messaging import actions as messaging
from messaging.engine import read_sending
from treatments.rules import TECHNIQUES as TECHNIQUE_TABLE
from workspace.letters import letterhead_of

CLASSIFICATION, DOCUMENTATION_ONLY = "classification", "documentation_only"


@page(scope="patients:read", action="page.settings")
def index(request: PageRequest) -> HttpResponse:
    """Every page of the section that this person may open."""
    return render(request, "workspace/settings/index.html")


def save_form(form: forms.Form, action: Callable[[], object]) -> bool:
    """Act on a valid form; what the action refuses is shown at its field. Return whether it was done."""
    if not form.is_valid():
        return False
    try:
        with transaction.atomic():
            action()
    except Invalid as refusal:
        for error in refusal.errors:
            name = error.pointer.strip("/")
            form.add_error(name if name in form.fields else None, message_of(error))
    return not form.errors


def show(request: PageRequest, template: str, form: forms.Form, **context: Any) -> HttpResponse:
    status = 400 if form.errors else 200
    return render(request, f"workspace/settings/{template}.html", {"form": form, **context}, status=status)


def initial_of(clinic: Clinic, form: type[forms.Form]) -> dict[str, Any]:
    return {name: getattr(clinic, name) for name in form.base_fields if hasattr(clinic, name)}


# --- Clinic and letterhead ------------------------------------------------------------------------------------


class ClinicForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name of the clinic"), max_length=200)
    address = forms.CharField(
        label=gettext_lazy("Address"),
        required=False,
        max_length=LETTER_TEXT_MAX,
        widget=forms.Textarea({"rows": 3}),
        help_text=gettext_lazy("At the top of letters. Empty: the address of the first site."),
    )
    phone = forms.CharField(
        label=gettext_lazy("Phone number for patients"),
        required=False,
        max_length=40,
        widget=forms.TextInput({"type": "tel"}),
        help_text=gettext_lazy("On letters and in every message that asks patients to call."),
    )
    reply_to = forms.EmailField(
        label=gettext_lazy("Reply address for mails"),
        required=False,
        help_text=gettext_lazy("Answers of patients go there. Empty: patients cannot answer."),
    )
    letter_footer = forms.CharField(
        label=gettext_lazy("Last lines of letters"),
        required=False,
        max_length=LETTER_TEXT_MAX,
        widget=forms.Textarea({"rows": 2}),
        help_text=gettext_lazy("Such as owner, register, bank account."),
    )
    country = form_fields.ChoiceField(label=gettext_lazy("Country"))
    time_zone = form_fields.ChoiceField(
        label=gettext_lazy("Time zone"),
        help_text=gettext_lazy("Hours and the calendar are shown in it. Booked appointments keep their moment."),
    )
    language = form_fields.ChoiceField(
        label=gettext_lazy("Language of messages to patients"),
        choices=settings.LANGUAGES,
        help_text=gettext_lazy(
            "For patients whose own language is not recorded. Each colleague chooses the language of the pages."
        ),
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        country: Any = self.fields["country"]
        country.choices = places.countries(get_language() or "en")
        zone: Any = self.fields["time_zone"]
        near = places.time_zones_by_country().get(initial["country"], [])
        zone.choices = [
            (_("In this country"), [(name, name) for name in near]),
            (_("Elsewhere"), [(name, name) for name in sorted(available_timezones()) if name not in near]),
        ]


@page(scope="", action="page.settings.clinic", methods="GET POST")
def clinic(request: PageRequest) -> HttpResponse:
    policies.require_owner(request.actor)
    sending = read_sending(request.clinic.pk)
    initial = {
        **initial_of(request.clinic, ClinicForm),
        "language": request.clinic.locale.partition("-")[0],
        "phone": sending.phone,
        "reply_to": sending.reply_to,
    }
    form = ClinicForm(request.POST or None, initial=initial)
    if request.method == "POST" and save_form(form, lambda: save_clinic(request, form.cleaned_data)):
        toasts.success(request, _("Saved."))
        return redirect("clinic_settings")
    return show(request, "clinic", form, **letterhead_context(request.clinic))


def save_clinic(request: PageRequest, sent: Mapping[str, Any]) -> None:
    """:raises Invalid, RevisionChanged:"""
    own = {name: sent[name] for name in ("name", "address", "letter_footer", "country", "time_zone")}
    locale = f"{sent['language']}-{sent['country']}"
    clinic_settings.change(values={**own, "locale": locale}, revision=seen_revision(request.POST), by=request.actor)
    messaging.set_sending(values={"phone": sent["phone"], "reply_to": sent["reply_to"]}, by=request.actor)


def letterhead_context(clinic: Clinic) -> dict[str, Any]:
    head = letterhead_of(clinic)
    logo = f"data:image/png;base64,{base64.b64encode(head.logo).decode()}" if head.logo else ""
    return {"head": head, "logo": logo}


@page(scope="", action="page.settings.logo", methods="POST")
@takes_large_body
def logo(request: PageRequest) -> HttpResponse:
    """Put a logo on letters, or take it off; the picture is part of the page, so nothing serves it by itself."""
    upload = request.FILES.get("logo")
    if upload is None and "remove" not in request.POST:
        raise Invalid.at("/logo", "not_a_picture")
    clinic_settings.set_logo(upload=upload.read() if upload is not None else None, by=request.actor)
    toasts.success(request, _("Saved."))
    return redirect("clinic_settings")


# --- Security -------------------------------------------------------------------------------------------------


class SecurityForm(forms.Form):
    idle_lock_min = form_fields.TypedChoiceField(
        label=gettext_lazy("Lock an untouched screen after"),
        coerce=int,
        required=False,
        empty_value=None,
        help_text=gettext_lazy("Nothing is lost: the page stays as it was, and opens with the password or a passkey."),
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        most = settings.IDLE_LOCK_S // 60
        lock: Any = self.fields["idle_lock_min"]
        lock.choices = [
            ("", _("{n} minutes, as the service has it").format(n=most)),
            *((n, _("{n} minutes").format(n=n)) for n in IDLE_LOCK_CHOICES if n < most),
        ]


@page(scope="", action="page.settings.security", methods="GET POST")
def security(request: PageRequest) -> HttpResponse:
    policies.require_owner(request.actor)
    form = SecurityForm(request.POST or None, initial=initial_of(request.clinic, SecurityForm))

    def save() -> None:
        clinic_settings.change(values=form.cleaned_data, revision=seen_revision(request.POST), by=request.actor)

    if request.method == "POST" and save_form(form, save):
        toasts.success(request, _("Saved."))
        return redirect("clinic_security")
    return show(request, "security", form)


# --- Findings -------------------------------------------------------------------------------------------------


class FindingsForm(forms.Form):
    mode = form_fields.ChoiceField(
        label=gettext_lazy("What pages, the API and new documents show"),
        widget=forms.RadioSelect,
        choices=[
            (CLASSIFICATION, gettext_lazy("Findings with their classification (active, latent, …)")),
            (DOCUMENTATION_ONLY, gettext_lazy("Documentation only: findings without any computed class")),
        ],
    )
    rule_set = form_fields.ChoiceField(
        label=gettext_lazy("Rule set for new exams"),
        widget=forms.RadioSelect,
        help_text=gettext_lazy(
            "Exams that have begun keep theirs. Each finding shows by which rule set it was classified."
        ),
    )
    pressure_unit = form_fields.ChoiceField(
        label=gettext_lazy("Unit of pressure pain thresholds"),
        widget=forms.RadioSelect,
        choices=[("kPa", "kPa"), ("kgf/cm2", "kgf/cm²")],
        help_text=gettext_lazy("How they are entered and shown. The record keeps kPa."),
    )

    def __init__(self, data: Any = None, *, initial: Mapping[str, Any]) -> None:
        super().__init__(data, initial=dict(initial))
        rule_set: Any = self.fields["rule_set"]
        rule_set.choices = [(code, _(about.label)) for code, about in RULE_SETS.items()]


@page(scope="", action="page.clinic_display", methods="GET POST")
def findings(request: PageRequest) -> HttpResponse:
    """Classification shown, or documentation only; by which rules, and in which unit."""
    policies.require_owner(request.actor)
    mode = CLASSIFICATION if request.clinic.shows_classification else DOCUMENTATION_ONLY
    form = FindingsForm(request.POST or None, initial={**initial_of(request.clinic, FindingsForm), "mode": mode})
    if request.method == "POST" and save_form(form, lambda: save_findings(request, form.cleaned_data)):
        toasts.success(request, _("Saved."))
        return redirect("clinic_display")
    return show(request, "findings", form)


def save_findings(request: PageRequest, sent: Mapping[str, Any]) -> None:
    """:raises Invalid, RevisionChanged:"""
    clinic_settings.change(
        values={"pressure_unit": sent["pressure_unit"]}, revision=seen_revision(request.POST), by=request.actor
    )
    set_rule_set(rule_set=sent["rule_set"], by=request.actor)
    shows = sent["mode"] == CLASSIFICATION
    if shows != request.clinic.shows_classification:
        accounts.set_display_mode(clinic=request.clinic, shows_classification=shows, revision=None, by=request.actor)


# --- Techniques -----------------------------------------------------------------------------------------------


@page(scope="", action="page.settings.techniques", methods="GET POST")
def techniques(request: PageRequest) -> HttpResponse:
    """Which techniques the treatment screen offers, and in which order; each button saves."""
    policies.require_owner(request.actor)
    if request.method == "POST":
        revision = seen_revision(request.POST)
        clinic_settings.change(values={"techniques": sent_order(request.POST)}, revision=revision, by=request.actor)
        toasts.success(request, _("Saved."))
        return redirect("clinic_techniques")
    offered = request.clinic.techniques or TECHNIQUES
    rows = [
        {"code": code, "label": _(TECHNIQUE_TABLE[code].label), "is_offered": code in offered}
        for code in [*offered, *(code for code in TECHNIQUES if code not in offered)]
    ]
    return render(
        request, "workspace/settings/techniques.html", {"rows": rows, "is_own": bool(request.clinic.techniques)}
    )


def sent_order(sent: Any) -> list[str]:
    """
    Return the offered techniques in the order that a form says, after the move that it asks for.

    :raises Invalid: nothing would be left to choose from
    """
    if "reset" in sent:
        return list(TECHNIQUES)
    order, shown = sent.getlist("order"), set(sent.getlist("shown"))
    for name, step in (("up", -1), ("down", 1)):
        if sent.get(name) in order:
            at = order.index(sent[name])
            to = min(max(at + step, 0), len(order) - 1)
            order[at], order[to] = order[to], order[at]
    offered = [code for code in order if code in shown]
    if not offered:
        raise Invalid.at("/techniques", "required.technique_offered")
    return offered
