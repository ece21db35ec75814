"""Audit events about people and programs that are not, or not yet, at work in a clinic."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest

from accounts import policies
from accounts.models import User
from audit import actions as audit
from database import tenancy
from identity.actor import Actor
from identity.proxies import client_address


def log_for_person(
    action: str, user: User, request: HttpRequest | None = None, *, outcome: str = audit.Outcome.OK, code: str = ""
) -> None:
    """
    Add an event about a person's account: in each clinic that they work for, so that its owners see it.

    Support belongs to no clinic; what it does with its own account is kept without one.
    """
    with tenancy.scope(None, user_id=user.pk):
        clinics: list[UUID | None] = [] if user.is_superuser else [clinic.pk for clinic in policies.clinics_of(user)]
    for clinic_id in clinics or [None]:
        audit.log(
            action, by=actor_of(request, clinic_id, user_id=user.pk), outcome=outcome, code=code, target_id=user.pk
        )


def log_for_stranger(
    action: str, request: HttpRequest | None, *, outcome: str = audit.Outcome.REFUSED, code: str
) -> None:
    """Count a refusal of somebody unknown: the first of its kind is an event, the others are one more later."""
    audit.log_stranger(
        action,
        outcome=outcome,
        code=code,
        ip=client_address(request) or None if request is not None else None,
        request_id=getattr(request, "request_id", ""),
    )


def actor_of(
    request: HttpRequest | None, clinic_id: UUID | None, *, user_id: UUID | None = None, client_id: str | None = None
) -> Actor:
    """The person or program of a request outside a clinic's pages."""
    return Actor(
        clinic_id=clinic_id,  # type: ignore[arg-type] # support's own events belong to no clinic
        scopes=frozenset(),
        user_id=user_id,
        client_id=client_id,
        ip=client_address(request) or None if request is not None else None,
        request_id=getattr(request, "request_id", None),
    )
