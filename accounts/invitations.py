"""People join a clinic by accepting its invitation; until then, its owner learns nothing about them."""

from __future__ import annotations

import hashlib
from datetime import datetime
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from accounts import policies, tasks
from accounts.models import Clinic, Invitation, Membership, User
from accounts.rules import INVITATION_VALID, ROLES
from audit import actions as audit
from database import tenancy
from database.expressions import fold_address
from errors.exceptions import Conflict, Forbidden, Invalid, Problems
from identity.actor import Actor

CLINIC_DIGITS = 32  # a link's token begins with its clinic, which row-level security needs to find the rest


class InvitationClosed(Conflict):
    reason = "invitation_closed"


class NotInvited(Forbidden):
    reason = "not_invited"


@transaction.atomic
def invite(*, clinic: Clinic, email: str, role: str, by: Actor, at: datetime) -> Invitation:
    """
    Offer a role to an address, and mail the link. The same for every address, whether it has an account or not.

    An open invitation to the same address and role is mailed again, with a new link and a new expiry.

    :raises OwnersOnly:
    :raises Invalid: the role does not exist, or the address is none
    """
    policies.require_administration(by)
    if role not in ROLES:
        raise Invalid.at("/role", "unknown_code.role", choices=list(ROLES))
    problems = Problems()
    email = checked_email(email, problems, "/email")
    problems.raise_if_any()
    assert by.user_id is not None
    invitation, is_new = Invitation.objects.get_or_create(
        clinic=clinic,
        email__same_address=email,
        role=role,
        accepted_at=None,
        withdrawn_at=None,
        defaults={"email": email, "invited_by_id": by.user_id, "expires_at": at + INVITATION_VALID},
    )
    if not is_new:
        return resend(invitation=invitation, by=by, at=at)
    audit.log("invitation.send", by=by, target_id=invitation.pk, code=role)
    tasks.send_invitation.delay_on_commit(str(clinic.pk), str(invitation.pk))
    return invitation


def checked_email(email: str, problems: Problems, pointer: str) -> str:
    """Return an address without blanks around it; one that is none becomes a problem."""
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError:
        problems.add(pointer, "not_an_email")
    return email


@transaction.atomic
def resend(*, invitation: Invitation, by: Actor, at: datetime) -> Invitation:
    """
    Mail a new link; the old one stops working with it.

    :raises OwnersOnly:
    :raises InvitationClosed: accepted or withdrawn
    """
    policies.require_administration(by)
    invitation = _lock_open(invitation.pk)
    invitation.expires_at, invitation.token_sha256 = at + INVITATION_VALID, ""
    invitation.save(update_fields=["expires_at", "token_sha256"])
    audit.log("invitation.resend", by=by, target_id=invitation.pk, code=invitation.role)
    tasks.send_invitation.delay_on_commit(str(invitation.clinic_id), str(invitation.pk))
    return invitation


@transaction.atomic
def withdraw(*, invitation: Invitation, by: Actor, at: datetime) -> None:
    """
    Take the offer back; its link stops working.

    :raises OwnersOnly:
    :raises InvitationClosed: accepted or withdrawn
    """
    policies.require_administration(by)
    invitation = _lock_open(invitation.pk)
    invitation.withdrawn_at = at
    invitation.save(update_fields=["withdrawn_at"])
    audit.log("invitation.withdraw", by=by, target_id=invitation.pk, code=invitation.role)


def clinic_of(token: str) -> UUID | None:
    """The clinic that a link's token names; None if it names none."""
    try:
        return UUID(hex=token[:CLINIC_DIGITS])
    except ValueError:
        return None


def find(token: str, *, at: datetime) -> Invitation:
    """
    Return the open invitation of a link. Call inside its clinic's scope.

    :raises InvitationClosed: unknown, expired, accepted, withdrawn, or mailed again since
    """
    checksum = hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
    row = Invitation.objects.filter(token_sha256=checksum).select_related("clinic").first()
    if row is None or row.accepted_at or row.withdrawn_at or row.expires_at <= at:
        raise InvitationClosed
    return row


def invited_user(invitation: Invitation) -> User | None:
    """The account of the address, which then confirms in its own session; one that was deactivated begins again."""
    return User.objects.filter(email__same_address=invitation.email, is_active=True).first()


@transaction.atomic
def accept_as_user(*, token: str, user: User, ip: str | None, at: datetime) -> Membership:
    """
    Take the role, as the person of the invited address who is signed in.

    :raises NotInvited: another person's invitation
    :raises InvitationClosed:
    """
    clinic_id = clinic_of(token)
    with tenancy.scope(clinic_id, user_id=user.pk):
        invitation = _lock_open(find(token, at=at).pk)
        if fold_address(user.email) != fold_address(invitation.email) or not user.is_active:
            raise NotInvited
        return _join(invitation, user, ip=ip, at=at)


@transaction.atomic
def accept_as_new(
    *, token: str, name: str, registration_no: str, password: str | None, ip: str | None, at: datetime
) -> Membership:
    """
    Make an account with a password of one's own and take the role. The mailed link proves the address.

    :param password: validated; None: there is none, because the person signs in with a passkey
    :raises NotInvited: the address has an account, which must sign in
    :raises InvitationClosed:
    """
    with tenancy.scope(clinic_of(token)):
        invitation = _lock_open(find(token, at=at).pk)
        user = User.objects.filter(email__same_address=invitation.email).first()
        if user is not None and (user.is_active or user.is_superuser):
            raise NotInvited
        if user is None:
            user = User(email=invitation.email)
        user.name, user.registration_no, user.is_active = name, registration_no, True
        user.set_password(password)
        user.save()
    with tenancy.scope(invitation.clinic_id, user_id=user.pk):
        return _join(invitation, user, ip=ip, at=at)


def _join(invitation: Invitation, user: User, *, ip: str | None, at: datetime) -> Membership:
    membership, _is_new = Membership.objects.update_or_create(
        clinic_id=invitation.clinic_id, user=user, role=invitation.role, defaults={"is_active": True}
    )
    invitation.accepted_at, invitation.accepted_by, invitation.token_sha256 = at, user, ""
    invitation.save(update_fields=["accepted_at", "accepted_by", "token_sha256"])
    by = Actor(clinic_id=invitation.clinic_id, scopes=frozenset(), user_id=user.pk, ip=ip)
    audit.log("invitation.accept", by=by, target_id=invitation.pk, code=invitation.role)
    audit.log("membership.add", by=by, target_id=membership.pk, code=invitation.role)
    return membership


def _lock_open(invitation_id: UUID) -> Invitation:
    row = Invitation.objects.select_for_update().get(pk=invitation_id)
    if row.accepted_at or row.withdrawn_at:
        raise InvitationClosed
    return row
