"""A clinic begins: from the command line, or from the set-up link of a service that has no clinic yet (ADR 32)."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime
from zoneinfo import available_timezones

from django.conf import settings
from django.core import signing
from django.db import transaction
from django.urls import reverse
from django.utils.text import slugify

from accounts import places
from accounts.invitations import checked_email
from accounts.models import Clinic, Invitation
from accounts.rules import INVITATION_VALID, LANGUAGES, SETUP_LINK_VALID
from audit import actions as audit
from database import tenancy
from database.sql import run_prepared
from errors.exceptions import Conflict, Problems
from identity.actor import Actor

SALT = "palpate.first-clinic"
ONE_AT_A_TIME = 3_207_016  # any number of our own: two who open the set-up link at once come one after the other


class SetUpClosed(Conflict):
    reason = "setup_closed"


def setup_link() -> str | None:
    """
    Return the address at which the first clinic is made, for the console; None once there is a clinic.

    It is signed with the service's secret and kept nowhere. It works until the first clinic exists, and for a day.
    """
    if Clinic.objects.exists():
        return None
    token = signing.dumps(secrets.token_urlsafe(12), salt=SALT)
    return settings.PUBLIC_URL + reverse("found_clinic", kwargs={"token": token})


def check_setup_token(token: str) -> None:
    """:raises SetUpClosed: forged, older than a day, or there is a clinic"""
    try:
        signing.loads(token, salt=SALT, max_age=SETUP_LINK_VALID)
    except signing.BadSignature:
        raise SetUpClosed from None
    if Clinic.objects.exists():
        raise SetUpClosed


def found_first_clinic(
    *, token: str, name: str, country: str, time_zone: str, language: str, owner_email: str, at: datetime
) -> str:
    """
    Make the first clinic of a service, once.

    :returns: the token of the owner's invitation
    :raises SetUpClosed: also for the second of two at once
    :raises Invalid: as `create_clinic`
    """
    with transaction.atomic():
        # SQL: the ORM has no advisory locks. It ends with the transaction.
        run_prepared("SELECT pg_advisory_xact_lock(%s)", [ONE_AT_A_TIME])
        check_setup_token(token)
        return create_clinic(
            name=name, country=country, time_zone=time_zone, language=language, owner_email=owner_email, at=at
        )


@transaction.atomic
def create_clinic(
    *, name: str, country: str, owner_email: str, at: datetime, time_zone: str = "", language: str = ""
) -> str:
    """
    Make a clinic and an invitation for its first owner; the caller passes the invitation on.

    :param country: ISO 3166-1, two letters; empty time zone and language follow from it
    :returns: the token of the invitation's link; only its checksum is kept
    :raises Invalid: each wrong value is named
    """
    country = country.strip().upper()
    problems = Problems()
    if not name.strip():
        problems.add("/name", "required.clinic_name")
    if country not in places.time_zones_by_country():
        problems.add("/country", "unknown_code.country")
    time_zone = time_zone or places.default_time_zone(country)
    if time_zone not in available_timezones():
        problems.add("/time_zone", "unknown_code.time_zone")
    language = language or places.default_language(country)
    if language not in LANGUAGES:
        problems.add("/language", "unknown_code.language", choices=list(LANGUAGES))
    email = checked_email(owner_email, problems, "/owner")
    problems.raise_if_any()
    clinic = Clinic.objects.create(
        slug=_free_slug(name), name=name.strip(), country=country, time_zone=time_zone, locale=f"{language}-{country}"
    )
    token = clinic.pk.hex + secrets.token_urlsafe(32)
    with tenancy.scope(clinic.pk):
        invitation = Invitation.objects.create(
            clinic=clinic,
            email=email,
            role="owner",
            invited_by=None,
            expires_at=at + INVITATION_VALID,
            token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        )
        by = Actor(clinic_id=clinic.pk, scopes=frozenset())
        audit.log("clinic.create", by=by, target_id=clinic.pk)
        audit.log("invitation.send", by=by, target_id=invitation.pk, code="owner")
    return token


def _free_slug(name: str) -> str:
    """Return a short name for addresses and commands that no clinic has."""
    base = slugify(name)[:40].strip("-") or "clinic"
    taken = set(Clinic.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return base if base not in taken else next(s for n in range(2, 10_000) if (s := f"{base}-{n}") not in taken)
