"""Programs: the API clients of the clinic. A secret is shown once, in the answer that made it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import actions, policies
from accounts.models import ApiClient, Membership, User
from accounts.rules import SCOPES
from accounts.web.pages import PageRequest, page
from errors import form_fields
from errors.exceptions import NotFound
from workspace.web.clinic_pages import save_form


class ProgramForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    scopes = form_fields.MultipleChoiceField(
        label=gettext_lazy("What it may do"),
        widget=forms.CheckboxSelectMultiple,
        choices=[(scope, gettext_lazy(text)) for scope, text in SCOPES.items()],
    )
    acts_for = form_fields.ChoiceField(
        label=gettext_lazy("Records and signs for"),
        required=False,
        help_text=gettext_lazy("Only once that therapist has agreed, under Account."),
    )
    redirect_uris = forms.CharField(
        label=gettext_lazy("Redirect addresses"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Only for an app through which people sign in. Empty: a program on its own."),
    )
    allowed_origins = forms.CharField(
        label=gettext_lazy("Origins"),
        required=False,
        max_length=2000,
        help_text=gettext_lazy("Only for an app that runs in a browser: https://app.example, separated by spaces."),
    )

    def __init__(self, data: Any = None, *, therapists: list[User]) -> None:
        super().__init__(data)
        acts_for: Any = self.fields["acts_for"]
        acts_for.choices = [("", _("nobody")), *((str(user.pk), user.name) for user in therapists)]


@page(scope="", action="page.settings.programs", methods="GET POST")
def programs(request: PageRequest) -> HttpResponse:
    """The programs that reach this clinic's data, and a form for one more."""
    policies.require_owner(request.actor)
    members = Membership.objects.active().filter(clinic=request.clinic, role="therapist")
    therapists = list(User.objects.filter(pk__in=members.values("user_id")).order_by("name"))
    form = ProgramForm(request.POST or None, therapists=therapists)
    made: list[tuple[ApiClient, str | None]] = []

    def register() -> None:
        sent = form.cleaned_data
        made.append(
            actions.register_client(
                clinic=request.clinic,
                name=sent["name"],
                scopes=" ".join(sent["scopes"]),
                acts_for=next((user for user in therapists if str(user.pk) == sent["acts_for"]), None),
                redirect_uris=sent["redirect_uris"],
                allowed_origins=sent["allowed_origins"],
                by=request.actor,
            )
        )

    if request.method == "POST" and save_form(form, register):
        [(client, secret)] = made
        if secret:
            return show_secret(request, client, secret)
        toasts.success(request, _("Saved."))
        return redirect("programs")
    clients = ApiClient.objects.filter(clinic=request.clinic).select_related("acts_for").order_by("name", "pk")
    lines = [(client, [_(SCOPES[scope]) for scope in client.allowed_scopes.split()]) for client in clients]
    context = {"form": form, "lines": lines}
    return render(request, "workspace/settings/programs.html", context, status=400 if form.errors else 200)


def show_secret(request: PageRequest, client: ApiClient, secret: str) -> HttpResponse:
    return render(request, "workspace/settings/program_secret.html", {"client": client, "secret": secret})


def find_client(request: PageRequest, client_id: int) -> ApiClient:
    """:raises NotFound: also another clinic's"""
    client = ApiClient.objects.filter(pk=client_id, clinic=request.clinic).first()
    if client is None:
        raise NotFound
    policies.require_owner(request.actor)
    return client


@page(scope="", action="page.settings.program.secret", methods="POST")
def rotate(request: PageRequest, client_id: int) -> HttpResponse:
    client = find_client(request, client_id)
    return show_secret(request, client, actions.rotate_secret(client=client, by=request.actor))


@page(scope="", action="page.settings.program.revoke", methods="POST")
def revoke(request: PageRequest, client_id: int) -> HttpResponse:
    actions.remove_client(client=find_client(request, client_id), by=request.actor)
    toasts.success(request, _("The program has no access any more."))
    return redirect("programs")
