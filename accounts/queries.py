"""Reads that every request makes: plain SQL, which the ORM would take longer to write than PostgreSQL to answer."""

from __future__ import annotations

from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import F, OuterRef, Q, Subquery
from django.utils import timezone
from oauth2_provider.models import AccessToken, RefreshToken

from accounts.models import ApiClient, Clinic, Competency, Membership, User
from accounts.rules import ALWAYS, EXPIRES_SOON, NEEDLING_COMPETENCIES, ONCE_RECORDED, TECHNIQUES, KnownCompetency
from database import tenancy
from database.expressions import CurrentClinic
from database.sql import first, run_prepared


class Token(NamedTuple):
    """
    An access token with its client and person.

    :ivar acts_for_id: the therapist, only once they have agreed
    :ivar user_id: None for a program on its own
    :ivar signed_in_at: when the person last signed in, with whichever browser
    """

    expires: datetime
    scope: str
    clinic_id: UUID
    client_id: str
    allowed_scopes: str
    acts_for_id: UUID | None
    user_id: UUID | None
    user_is_active: bool | None
    signed_in_at: datetime | None


# SQL, because every request runs them; see docs/adr/0006.
BY_CHECKSUM = """
    SELECT t.expires, t.scope, c.clinic_id, c.client_id, c.allowed_scopes,
        CASE WHEN c.acts_for_approved_at IS NOT NULL THEN c.acts_for_id END, u.id, u.is_active, u.last_login
    FROM oauth2_provider_accesstoken t
    JOIN accounts_apiclient c ON c.id = t.application_id
    LEFT JOIN accounts_user u ON u.id = t.user_id
    WHERE t.token_checksum = %s
"""
ROLES = """
    SELECT m.role FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.clinic_id = %s AND m.user_id = %s AND m.is_active AND u.is_active
"""


def token(checksum: str) -> Token | None:
    """
    :param checksum: SHA-256 of the token, in hex
    """
    rows = first(BY_CHECKSUM, [checksum])
    return Token(*rows[0]) if rows else None


def roles(*, clinic_id: UUID, user_id: UUID) -> set[str]:
    """The active roles of a person in a clinic, as far as the transaction's scope shows them."""
    return {role for (role,) in run_prepared(ROLES, [clinic_id, user_id])}


def shows_classification() -> bool:
    """
    Return whether the clinic of the current scope shows computed classes, or is in documentation-only mode.

    One statement a scope at most, and only where something would show a class. Without a clinic: True.
    """
    return tenancy.look_up("shows_classification", _load_shows_classification)


def clinic_country(clinic_id: UUID) -> str:
    """ISO 3166-1 of the clinic of the current scope; one statement a scope at most."""
    return tenancy.look_up("country", lambda: str(Clinic.objects.values_list("country", flat=True).get(pk=clinic_id)))


def hidden_techniques(clinic_id: UUID) -> frozenset[str]:
    """
    Return the techniques that the clinic does not offer: what is recorded keeps them, nothing new uses them.

    One statement a scope at most.
    """
    return tenancy.look_up("hidden_techniques", lambda: _load_hidden_techniques(clinic_id))


def _load_hidden_techniques(clinic_id: UUID) -> frozenset[str]:
    offered = Clinic.objects.values_list("techniques", flat=True).filter(pk=clinic_id).first()
    return frozenset(TECHNIQUES) - frozenset(offered) if offered else frozenset()


def remember_clinic(clinic: Clinic) -> None:
    """Let what is known of the scope's clinic answer questions that would be asked of the database otherwise."""
    tenancy.remember("country", clinic.country)
    tenancy.remember("shows_classification", clinic.shows_classification)
    tenancy.remember("signing_proof", clinic.signing_proof)


def signing_proof(clinic_id: UUID) -> str:
    """Return when people prove again who they are before they sign: one of `SIGNING_PROOFS`."""
    return tenancy.look_up(
        "signing_proof", lambda: Clinic.objects.values_list("signing_proof", flat=True).get(pk=clinic_id)
    )


def _load_shows_classification() -> bool:
    in_scope = Clinic.objects.filter(pk=CurrentClinic())
    return in_scope.values_list("shows_classification", flat=True).first() is not False


def clinic_zone(clinic_id: UUID) -> ZoneInfo:
    """The time zone that a clinic's days and times are in."""
    return ZoneInfo(Clinic.objects.values_list("time_zone", flat=True).get(pk=clinic_id))


# --- What belongs to a person, in every clinic ------------------------------------------------------------------


def memberships_of(user: User) -> list[Membership]:
    """Where a person works. Call inside a scope with their id, which shows their rows in every clinic."""
    rows = Membership.objects.active().filter(user=user).select_related("clinic")
    return list(rows.order_by("clinic__name", "role"))


def programs_that_act_for(user: User) -> list[ApiClient]:
    """Programs that name the person, approved or not; those that wait for an answer first."""
    rows = ApiClient.objects.filter(acts_for=user).select_related("clinic")
    return list(rows.order_by(F("acts_for_approved_at").asc(nulls_first=True), "clinic__name", "name"))


def apps_of(user: User) -> list[ApiClient]:
    """Apps that can act as the person now: with an access token, or with a refresh token to get one."""
    now = timezone.now()
    refreshing = RefreshToken.objects.filter(user=user, revoked=None).values("application_id")
    using = AccessToken.objects.filter(user=user, expires__gt=now).values("application_id")
    newest = AccessToken.objects.filter(user=user, application_id=OuterRef("pk")).order_by("-created")
    rows = ApiClient.objects.filter(Q(pk__in=refreshing) | Q(pk__in=using)).select_related("clinic")
    rows = rows.annotate(token_made_at=Subquery(newest.values("created")[:1]))
    return list(rows.order_by("clinic__name", "name"))


def list_alarm_recipients(user_id: UUID | None, clinic_id: UUID) -> list[UUID]:
    """The therapist; if there is none, or they have left, the clinic's owners: an alarm is never sent to nobody."""
    members = Membership.objects.active().filter(clinic_id=clinic_id)
    if user_id is not None and members.filter(user_id=user_id, role="therapist").exists():
        return [user_id]
    owners = list(members.filter(role="owner").values_list("user_id", flat=True))
    return owners or list(members.filter(role="therapist").values_list("user_id", flat=True))


# --- Competencies ---------------------------------------------------------------------------------------------


def competencies_of(user_id: UUID, clinic_id: UUID) -> list[KnownCompetency]:
    """What this clinic has recorded for a person, expired ones too."""
    rows = Competency.objects.filter(clinic_id=clinic_id, user_id=user_id).order_by("technique")
    return [KnownCompetency(code, valid_until) for code, valid_until in rows.values_list("technique", "valid_until")]


def requires_basic(clinic_id: UUID) -> bool:
    """Whether plain needling needs proof of the basic training in this clinic, by its own setting."""
    setting = Clinic.objects.values_list("basic_training", flat=True).get(pk=clinic_id)
    if setting != ONCE_RECORDED:
        return setting == ALWAYS
    return Competency.objects.filter(clinic_id=clinic_id, technique__in=NEEDLING_COMPETENCIES).exists()


def expiring_competencies(clinic_id: UUID, *, today: date) -> list[Competency]:
    """Those that end within 60 days or have ended, of people who still treat here; the first to end first."""
    therapists = Membership.objects.active().filter(clinic_id=clinic_id, role="therapist")
    rows = Competency.objects.filter(
        clinic_id=clinic_id, valid_until__lte=today + EXPIRES_SOON, user_id__in=therapists.values("user_id")
    )
    return list(rows.select_related("user").order_by("valid_until", "user__name", "technique"))
