"""The page behind the link of an invitation."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import password_validation
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts import invitations
from accounts.models import Invitation, User
from accounts.web.pages import PageRequest, render_refusal
from database import tenancy
from errors.exceptions import DomainError
from identity.proxies import client_address


class NewAccount(forms.Form):
    name = forms.CharField(label=_("Your name, as it stands under a signature"), max_length=200)
    registration_no = forms.CharField(
        label=_("Professional registration number, if any"), required=False, max_length=100
    )
    password1 = forms.CharField(label=_("Password"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    password2 = forms.CharField(
        label=_("Password (again)"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def __init__(self, *arguments: Any, email: str, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.email = email

    def clean(self) -> dict[str, Any]:
        sent: dict[str, Any] = super().clean() or {}
        password = sent.get("password1")
        if password and sent.get("password2") and password != sent["password2"]:
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
        invitations.accept_as_new(
            token=token,
            name=sent["name"],
            registration_no=sent["registration_no"],
            password=sent["password1"],
            ip=client_address(request) or None,
            at=timezone.now(),
        )
        return redirect("account_login")
    context = {"invitation": invitation, "form": form, "bare": True}
    return render(request, "accounts/accept_invitation.html", context, status=400 if form.errors else 200)


def _confirm(request: PageRequest, token: str, invitation: Invitation, user: User) -> HttpResponse:
    if request.user.pk != user.pk:
        raise invitations.NotInvited
    if request.method == "POST":
        invitations.accept_as_user(token=token, user=user, ip=client_address(request) or None, at=timezone.now())
        return redirect("choose_clinic")
    return render(request, "accounts/accept_invitation.html", {"invitation": invitation, "bare": True})
