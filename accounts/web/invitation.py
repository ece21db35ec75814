"""The pages behind links: of an invitation, and of the set-up of the first clinic."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth import login, password_validation
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import founding, invitations, places
from accounts.models import Invitation, User
from accounts.rules import ROLES
from accounts.web.pages import PageRequest, render_refusal
from database import tenancy
from errors import form_fields
from errors.exceptions import DomainError, Invalid
from errors.texts import message_of
from identity.proxies import client_address


class NewAccount(forms.Form):
    name = forms.CharField(label=_("Your name, as it stands under a signature"), max_length=200)
    registration_no = forms.CharField(
        label=_("Professional registration number, if any"), required=False, max_length=100
    )
    password1 = forms.CharField(
        label=_("Password (12 characters or more)"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    password2 = forms.CharField(
        label=_("Password (again)"), required=False, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *arguments: Any, email: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.email = email
        self.by_passkey = "passkey" in self.data

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or {}
        if self.by_passkey:
            return sent
        password = sent.get("password1")
        if not password:
            self.add_error("password1", _("Enter a password, or choose to sign in with a passkey."))
        elif password != sent.get("password2"):
            self.add_error("password2", _("The two passwords differ."))
        if password:
            try:
                password_validation.validate_password(password, User(email=self.email, name=sent.get("name", "")))
            except forms.ValidationError as refusal:
                self.add_error("password1", refusal)
        return sent


@never_cache
@require_http_methods(["GET", "POST"])
def accept_invitation(request: PageRequest, token: str) -> HttpResponse:
    """Show who invites and as what; accept with a new account, or as the person who is signed in."""
    try:
        clinic_id = invitations.clinic_of(token)
        with tenancy.scope(clinic_id):
            invitation = invitations.find(token, at=timezone.now())
        user = invitations.invited_user(invitation)
        if user is None:
            return _begin(request, token, invitation)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        return _confirm(request, token, invitation, user)
    except DomainError as refusal:
        return render_refusal(request, refusal)


def _begin(request: PageRequest, token: str, invitation: Invitation) -> HttpResponse:
    form = NewAccount(request.POST or None, email=invitation.email)
    if request.method == "POST" and form.is_valid():
        sent = form.cleaned_data
        membership = invitations.accept_as_new(
            token=token,
            name=sent["name"],
            registration_no=sent["registration_no"],
            password=None if form.by_passkey else sent["password1"],
            ip=client_address(request) or None,
            at=timezone.now(),
        )
        if not form.by_passkey:
            return redirect("account_login")
        # The link has proved who this is; without a password there is no other way in until the passkey is there.
        login(request, membership.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return redirect("mfa_add_webauthn")
    context = {**facts_of(invitation), "form": form}
    return render(request, "accounts/accept_invitation.html", context, status=400 if form.errors else 200)


def _confirm(request: PageRequest, token: str, invitation: Invitation, user: User) -> HttpResponse:
    if request.user.pk != user.pk:
        raise invitations.NotInvited
    if request.method == "POST":
        invitations.accept_as_user(token=token, user=user, ip=client_address(request) or None, at=timezone.now())
        return redirect("choose_clinic")
    return render(request, "accounts/accept_invitation.html", facts_of(invitation))


def facts_of(invitation: Invitation) -> dict[str, Any]:
    return {"invitation": invitation, "role": gettext(ROLES[invitation.role]), "bare": True}


class NewClinic(forms.Form):
    name = forms.CharField(label=_("Name of the clinic"), max_length=200)
    country = form_fields.ChoiceField(label=_("Country"))
    language = form_fields.ChoiceField(label=_("Language of messages to patients"), choices=settings.LANGUAGES)
    owner = forms.EmailField(
        label=_("Your e-mail address"), help_text=_("You sign in with it. You become the clinic's owner.")
    )

    def __init__(self, data: Any = None, *, language: str) -> None:
        super().__init__(data, initial={"language": language})
        country: Any = self.fields["country"]
        country.choices = [("", _("Choose a country")), *places.countries(language)]


@never_cache
@require_http_methods(["GET", "POST"])
def found_clinic(request: PageRequest, token: str) -> HttpResponse:
    """Make the first clinic of this service, and go on to its owner's account."""
    try:
        founding.check_setup_token(token)
        form = NewClinic(request.POST or None, language=(get_language() or "en").partition("-")[0])
        if request.method == "POST" and form.is_valid():
            try:
                invitation_token = founding.found_first_clinic(
                    token=token,
                    name=form.cleaned_data["name"],
                    country=form.cleaned_data["country"],
                    time_zone="",
                    language=form.cleaned_data["language"],
                    owner_email=form.cleaned_data["owner"],
                    at=timezone.now(),
                )
                return redirect("accept_invitation", token=invitation_token)
            except Invalid as refusal:
                for error in refusal.errors:
                    form.add_error(error.pointer[1:], message_of(error))
    except DomainError as refusal:
        return render_refusal(request, refusal)
    context = {"form": form, "bare": True}
    return render(request, "accounts/found_clinic.html", context, status=400 if form.errors else 200)
