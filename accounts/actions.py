"""Everything that changes who works for a clinic, and which programs do."""

from __future__ import annotations

import secrets
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from oauth2_provider.models import AccessToken, Grant, RefreshToken

from accounts import policies, queries
from accounts.models import ApiClient, Clinic, Membership, User
from accounts.rules import BASIC_TRAINING, ROLES, SCOPES, SIGNING_PROOFS, is_origin
from audit import actions as audit
from database import tenancy
from database.revisions import check_revision
from errors.exceptions import Conflict, Forbidden, Invalid, NotFound
from identity.actor import Actor


class LastOwner(Conflict):
    reason = "last_owner"


class NotYours(Forbidden):
    reason = "not_yours"


@transaction.atomic
def end_membership(*, membership: Membership, by: Actor) -> None:
    """
    Take a role away; tokens of the person stop working with their next request.

    :raises OwnersOnly:
    :raises LastOwner: nobody would be left who answers for the clinic
    """
    policies.require_administration(by)
    owners = Membership.objects.active().filter(clinic=membership.clinic, role="owner").select_for_update(of=("self",))
    if membership.role == "owner" and not any(owner.pk != membership.pk for owner in owners):
        raise LastOwner
    membership.is_active = False
    membership.save(update_fields=["is_active"])
    audit.log("membership.end", by=by, target_id=membership.pk, code=membership.role)


@transaction.atomic
def add_role(*, user: User, role: str, by: Actor) -> Membership:
    """
    Give a colleague one more role. Who does not work here yet is invited instead (`invitations.invite`).

    :raises OwnersOnly:
    :raises Invalid: the role does not exist
    :raises NotFound: they have no role here
    """
    policies.require_administration(by)
    if role not in ROLES:
        raise Invalid.at("/role", "unknown_code.role", choices=list(ROLES))
    if not queries.roles(clinic_id=by.clinic_id, user_id=user.pk):
        raise NotFound
    membership, _is_new = Membership.objects.update_or_create(
        clinic_id=by.clinic_id, user=user, role=role, defaults={"is_active": True}
    )
    audit.log("membership.add", by=by, target_id=membership.pk, code=role)
    return membership


@transaction.atomic
def deactivate_person(*, clinic: Clinic, user: User, by: Actor) -> None:
    """
    End every role that a person has in the clinic, and their account if they work nowhere else.

    Another clinic's people stay as they are, and the owner does not learn of them. Triggers end tokens and approvals.

    :raises OwnersOnly:
    :raises LastOwner: nobody would be left who answers for the clinic
    """
    policies.require_administration(by)
    for membership in Membership.objects.filter(clinic=clinic, user=user, is_active=True):
        end_membership(membership=membership, by=by)
    with tenancy.scope(clinic.pk, user_id=user.pk):
        works_elsewhere = Membership.objects.filter(user=user, is_active=True).exists()
    if not works_elsewhere and not user.is_superuser:
        User.objects.filter(pk=user.pk).update(is_active=False)
    audit.log("person.deactivate", by=by, target_id=user.pk)


@transaction.atomic
def report_misuse(*, user: User, at: datetime) -> None:
    """
    End what a stranger could use of an account: its password, and all that stands on it.

    Triggers end tokens, unused codes and calendar feeds; sessions end because their hash covers the password. Until a
    new one is chosen nothing else opens.
    """
    user.set_unusable_password()
    user.password_change_required_at = at
    user.save(update_fields=["password", "password_change_required_at"])
    ApiClient.objects.filter(acts_for=user).update(acts_for_approved_at=None)


@transaction.atomic
def end_app(*, client: ApiClient, by: Actor) -> None:
    """End what an app may do as the person at the screen: its tokens, and codes that it has not used yet."""
    mine = {"user_id": by.user_id, "application_id": client.pk}
    Grant.objects.filter(**mine).delete()
    RefreshToken.objects.filter(**mine, revoked=None).update(revoked=Now())
    AccessToken.objects.filter(**mine, expires__gt=Now()).update(expires=Now())
    audit.log("api_client.end_for_person", by=by, target_id=by.user_id, code=client.client_id)


@transaction.atomic
def set_display_mode(*, clinic: Clinic, shows_classification: bool, revision: int | None, by: Actor) -> None:
    """
    Show computed classes, or keep to documentation only. What was signed before stays as it was signed.

    :param clinic: the actor's own
    :raises accounts.policies.OwnersOnly:
    :raises database.revisions.RevisionChanged: somebody has changed a setting of the clinic since
    """
    policies.require_owner(by)
    _lock_settings(clinic.pk, revision)
    Clinic.objects.filter(pk=clinic.pk).update(shows_classification=shows_classification)
    mode = "classification" if shows_classification else "documentation_only"
    audit.log("clinic.display_mode", by=by, target_id=clinic.pk, code=mode)


def _lock_settings(clinic_id: UUID, revision: int | None) -> None:
    check_revision(Clinic.objects.select_for_update(no_key=True).get(pk=clinic_id), revision)


@transaction.atomic
def set_signing_proof(*, clinic: Clinic, mode: str, revision: int | None, by: Actor) -> None:
    """
    Say when people prove again who they are before they sign: once per sign-in, or at every signature.

    :param clinic: the actor's own
    :raises accounts.policies.OwnersOnly:
    :raises Invalid: not one of `SIGNING_PROOFS`
    :raises database.revisions.RevisionChanged: somebody has changed a setting of the clinic since
    """
    policies.require_owner(by)
    if mode not in SIGNING_PROOFS:
        raise Invalid.at("/signing_proof", "unknown_code.signing_proof", choices=list(SIGNING_PROOFS))
    _lock_settings(clinic.pk, revision)
    Clinic.objects.filter(pk=clinic.pk).update(signing_proof=mode)
    audit.log("clinic.signing_proof", by=by, target_id=clinic.pk, code=mode)


@transaction.atomic
def register_client(
    *,
    clinic: Clinic,
    name: str,
    scopes: str,
    acts_for: User | None,
    redirect_uris: str,
    allowed_origins: str = "",
    by: Actor,
) -> tuple[ApiClient, str | None]:
    """
    Let a program in. With redirect URIs it is a public app through which people sign in; without, a program on its own.

    :param allowed_origins: of a public app that runs in a browser: from where it calls, separated by spaces
    :param acts_for: has no effect until that therapist agrees (`approve_client`)
    :returns: the client, and the secret of a program, to hand over once
    :raises OwnersOnly:
    :raises Invalid: a scope does not exist, the therapist is none of this clinic, or an origin is none
    """
    policies.require_administration(by)
    if not name.strip():
        raise Invalid.at("/name", "required.program_name")
    unknown = sorted(set(scopes.split()) - set(SCOPES))
    if unknown:
        raise Invalid.at("/allowed_scopes", "unknown_scope", scopes=unknown)
    if not scopes.split():
        raise Invalid.at("/allowed_scopes", "unknown_scope.none")
    if acts_for and "therapist" not in queries.roles(clinic_id=clinic.pk, user_id=acts_for.pk):
        raise Invalid.at("/acts_for", "not_a_therapist")
    is_app = bool(redirect_uris.strip())
    if not all(is_origin(origin) for origin in allowed_origins.split()) or (allowed_origins.strip() and not is_app):
        raise Invalid.at("/allowed_origins", "invalid.origins")
    secret = None if is_app else secrets.token_urlsafe(32)
    client = ApiClient.objects.create(
        clinic=clinic,
        name=name,
        allowed_scopes=" ".join(scopes.split()),
        acts_for=acts_for,
        redirect_uris=redirect_uris,
        allowed_origins=" ".join(allowed_origins.split()),
        client_type=ApiClient.CLIENT_PUBLIC if is_app else ApiClient.CLIENT_CONFIDENTIAL,
        authorization_grant_type=(ApiClient.GRANT_AUTHORIZATION_CODE if is_app else ApiClient.GRANT_CLIENT_CREDENTIALS),
        client_secret=secret or "",
    )
    audit.log("api_client.register", by=by, code=client.client_id)
    return client, secret


@transaction.atomic
def rotate_secret(*, client: ApiClient, by: Actor) -> str:
    """
    Give a program a new secret; the old one, and the tokens that it got, end at once.

    :returns: the secret, to hand over once
    :raises OwnersOnly:
    :raises NotFound: the client is an app, which has none, or another clinic's
    """
    policies.require_administration(by)
    if client.client_type != ApiClient.CLIENT_CONFIDENTIAL or client.clinic_id != by.clinic_id:
        raise NotFound
    client.client_secret = secret = secrets.token_urlsafe(32)
    client.save(update_fields=["client_secret"])
    AccessToken.objects.filter(application_id=client.pk, expires__gt=Now()).update(expires=Now())
    audit.log("api_client.rotate_secret", by=by, code=client.client_id)
    return secret


@transaction.atomic
def approve_client(*, client: ApiClient, by: Actor) -> None:
    """
    Let a program record and sign in one's own name. A trigger allows it in that person's own session only.

    :param by: the person at the screen, in a scope with their id; never a program or an app
    :raises NotYours: the program names somebody else
    :raises NoAuthor: the person is not a therapist of the program's clinic
    """
    _require_named(client, by)
    policies.require_author(by)
    ApiClient.objects.filter(pk=client.pk, acts_for_approved_at=None).update(acts_for_approved_at=Now())
    audit.log("api_client.approve", by=by, target_id=by.user_id, code=client.client_id)


@transaction.atomic
def withdraw_client_approval(*, client: ApiClient, by: Actor) -> None:
    """
    End what a program does in one's own name, with its next request. Nobody needs to be a therapist for that.

    :raises NotYours: the program names somebody else
    """
    _require_named(client, by)
    ApiClient.objects.filter(pk=client.pk).update(acts_for_approved_at=None)
    audit.log("api_client.withdraw_approval", by=by, target_id=by.user_id, code=client.client_id)


def _require_named(client: ApiClient, by: Actor) -> None:
    if by.client_id is not None or client.acts_for_id != by.user_id or client.clinic_id != by.clinic_id:
        raise NotYours


@transaction.atomic
def remove_client(*, client: ApiClient, by: Actor) -> None:
    """
    Shut a program out at once: its tokens go with it.

    :raises OwnersOnly:
    """
    policies.require_administration(by)
    audit.log("api_client.remove", by=by, code=client.client_id)
    client.delete()


@transaction.atomic
def set_basic_training(*, setting: str, revision: int | None, by: Actor) -> None:
    """
    Say whether plain needling needs proof of the basic training in this clinic.

    :raises accounts.policies.OwnersOnly:
    :raises Invalid: not one of `BASIC_TRAINING`
    :raises database.revisions.RevisionChanged: somebody has changed a setting of the clinic since
    """
    policies.require_owner(by)
    if setting not in BASIC_TRAINING:
        raise Invalid.at("/basic_training", "unknown_code.basic_training", choices=list(BASIC_TRAINING))
    _lock_settings(by.clinic_id, revision)
    Clinic.objects.filter(pk=by.clinic_id).update(basic_training=setting)
    audit.log("competency.settings", by=by, code=setting)
