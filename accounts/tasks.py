"""What workers do for those who have an account."""

from __future__ import annotations

import hashlib
import secrets
import smtplib
from typing import Any
from uuid import UUID

from allauth.account.app_settings import PASSWORD_RESET_TOKEN_GENERATOR
from allauth.account.utils import user_pk_to_url_str
from celery import shared_task
from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts import queries
from accounts.models import Invitation, Membership, User
from accounts.rules import INVITATION_VALID, ROLES
from accounts.trail import log_for_person
from database import tenancy


@shared_task(
    autoretry_for=(OSError, smtplib.SMTPException),
    retry_backoff=5,
    max_retries=5,
    expires=settings.PASSWORD_RESET_TIMEOUT,
)
def send_reset_link(email: str, language: str) -> int:
    """
    Mail a link for a new password to whoever signs in with this address; nobody, if there is no such account.

    A mail server that is away is asked again for some minutes. Twice is harmless: either link works, once.
    """
    users = User.objects.filter(email__same_address=email.strip(), is_active=True)
    for user in users:
        key = {"uidb36": user_pk_to_url_str(user), "key": PASSWORD_RESET_TOKEN_GENERATOR().make_token(user)}
        facts = {
            "link": settings.PUBLIC_URL + reverse("account_reset_password_from_key", kwargs=key),
            "minutes": settings.PASSWORD_RESET_TIMEOUT // 60,
        }
        with override(language):
            subject = _("A new password for Palpate")
            send_mail(subject, render_to_string("accounts/new_password.txt", facts), None, [user.email])
        # By the worker, so that the page takes as long for an address without an account.
        log_for_person("auth.password_reset_link", user)
    return len(users)


@shared_task(autoretry_for=(OSError, smtplib.SMTPException), retry_backoff=5, max_retries=5)
def tell_owners_of_misuse(user_id: str) -> int:
    """Mail the owners of each clinic of a person who said that a sign-in was not theirs. Returns how many mails."""
    user = User.objects.get(pk=user_id)
    with tenancy.scope(None, user_id=user.pk):
        clinics = {membership.clinic for membership in queries.memberships_of(user)}
    sent = 0
    for clinic in clinics:
        with tenancy.scope(clinic.pk):
            owners = Membership.objects.active().filter(clinic=clinic, role="owner").exclude(user=user)
            addresses = list(owners.values_list("user__email", flat=True))
        with override(clinic.locale.partition("-")[0]):
            subject = _("Someone else used an account of %(clinic)s") % {"clinic": clinic.name}
            text = render_to_string("accounts/misuse.txt", {"person": user.name, "clinic": clinic.name})
        for address in addresses:
            send_mail(subject, text, None, [address])
            sent += 1
    return sent


@shared_task(autoretry_for=(OSError, smtplib.SMTPException), retry_backoff=5, max_retries=5)
def send_invitation(clinic_id: str, invitation_id: str) -> bool:
    """
    Mail the link of an invitation; nothing, if it was accepted or withdrawn since.

    The link is made here and kept as a checksum only, so no queue holds it. A second try mails a new link.
    """
    token = UUID(clinic_id).hex + secrets.token_urlsafe(32)
    with tenancy.scope(UUID(clinic_id)):
        waiting = Invitation.objects.filter(pk=invitation_id, accepted_at=None, withdrawn_at=None)
        if not waiting.update(token_sha256=hashlib.sha256(token.encode()).hexdigest()):
            return False
        invitation = Invitation.objects.select_related("clinic").get(pk=invitation_id)
    facts: dict[str, Any] = {
        "link": settings.PUBLIC_URL + reverse("accept_invitation", kwargs={"token": token}),
        "clinic": invitation.clinic.name,
        "days": INVITATION_VALID.days,
    }
    with override(invitation.clinic.locale.partition("-")[0]):
        facts["role"] = _(ROLES[invitation.role])
        subject = _("Invitation to %(clinic)s") % facts
        send_mail(subject, render_to_string("accounts/invitation.txt", facts), None, [invitation.email])
    return True
