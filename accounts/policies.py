"""Who may do what, decided from a person's roles in one clinic."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from accounts import queries
from accounts.models import Clinic, Membership, User
from accounts.rules import EACH_SIGNATURE, proof_holds, scopes_of_roles
from errors.exceptions import Forbidden
from identity.actor import Actor

CLINIC_IN_SESSION = "clinic_id"  # the clinic that a person chose after signing in


class NoAuthor(Forbidden):
    reason = "no_author"


class OwnersOnly(Forbidden):
    reason = "owners_only"


class ProofRequired(Forbidden):
    reason = "proof_required"


def actor_for_person(
    user: User, clinic_id: UUID, *, ip: str | None, request_id: str | None, proved_at: datetime | None
) -> Actor | None:
    """
    The person at work in that clinic, or None if they do not belong to it. Call inside a scope with their id.

    :param proved_at: when they last proved who they are
    """
    roles = queries.roles(clinic_id=clinic_id, user_id=user.pk)
    if not roles:
        return None
    return Actor(
        clinic_id=clinic_id,
        scopes=scopes_of_roles(roles),
        user_id=user.pk,
        ip=ip,
        request_id=request_id,
        proved_at=proved_at,
    )


def may_administer(user: User, clinic_id: UUID) -> bool:
    """Owners of the clinic, and support. Call inside its scope."""
    return user.is_active and (user.is_superuser or "owner" in queries.roles(clinic_id=clinic_id, user_id=user.pk))


def is_owner(by: Actor) -> bool:
    """Whether the person at work is an owner of the clinic; a program on its own is none. Call inside its scope."""
    return by.user_id is not None and "owner" in queries.roles(clinic_id=by.clinic_id, user_id=by.user_id)


def require_owner(by: Actor) -> None:
    """:raises OwnersOnly:"""
    if not is_owner(by):
        raise OwnersOnly


def require_administration(by: Actor) -> None:
    """
    Let owners and support pass; "support" is the pages' name for it, which no API client has.

    :raises OwnersOnly:
    """
    if by.client_id != "support":
        require_owner(by)


def clinics_of(user: User) -> list[Clinic]:
    """The clinics that the person works for; all of them for support."""
    if user.is_superuser:
        return list(Clinic.objects.order_by("name"))
    memberships = Membership.objects.active().filter(user=user)
    return list(Clinic.objects.filter(pk__in=memberships.values("clinic_id")).order_by("name"))


def default_clinic(user: User, clinics: list[Clinic]) -> Clinic | None:
    """
    Return the clinic in which a person begins after signing in: the only one, or where they were last.

    :param clinics: those that they work for now
    """
    if len(clinics) == 1:
        return clinics[0]
    return next((clinic for clinic in clinics if clinic.pk == user.last_clinic_id), None)


def require_author(by: Actor) -> UUID:
    """
    The therapist whose name goes under a document.

    :raises NoAuthor: the actor is not, or is no longer, a therapist of this clinic
    """
    author_id = by.author_id
    if author_id is None or "therapist" not in queries.roles(clinic_id=by.clinic_id, user_id=author_id):
        raise NoAuthor
    return author_id


def require_proof(by: Actor, *, at: datetime) -> bool:
    """
    Let a person sign only soon enough after they have proved who they are; a program acts by its approval (ADR 29).

    :returns: whether the proof is for one signature only; then the caller sees to it that it is used once
    :raises ProofRequired:
    """
    if by.user_id is None:
        return False
    mode = queries.signing_proof(by.clinic_id)
    if mode == EACH_SIGNATURE and by.client_id is not None:
        raise ProofRequired("proof_required.app")
    if not proof_holds(mode, proved_at=by.proved_at, at=at):
        if by.client_id is not None:
            raise ProofRequired("proof_required.sign_in")
        raise ProofRequired
    return mode == EACH_SIGNATURE


def require_member(by: Actor) -> UUID:
    """
    The person of the clinic who records something, in any role.

    :raises NoAuthor: the actor is not, or is no longer, a member of this clinic
    """
    author_id = by.author_id
    if author_id is None or not queries.roles(clinic_id=by.clinic_id, user_id=author_id):
        raise NoAuthor("no_author.member")
    return author_id
