"""
Links that stand for a person without an account: one token, one purpose, one patient.

A token is 160 bits, made from the link's id with the service's secret, so that a message that is tried again carries
the same one; the database keeps its SHA-256 only.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac

from database import tenancy
from database.expressions import new_id
from database.sql import run_prepared
from messaging.models import Link
from patients.models import Patient

TOKEN_BYTES = 20
WRONG_ANSWERS = 5  # so many wrong years of birth close a link
# SQL: the ORM sets no configuration.
PRESENT = "SELECT set_config('palpate.link_sha256', %s, true)"


def token_of(link_id: UUID) -> str:
    """The link's token: 27 characters, unguessable without the service's secret."""
    digest = salted_hmac("palpate.link", str(link_id), algorithm="sha256").digest()[:TOKEN_BYTES]
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def digest(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def make(*, purpose: str, patient_id: UUID, about_id: UUID, expires_at: datetime, clinic_id: UUID) -> Link:
    """A new link. Its message carries the token; nobody else ever sees it."""
    link_id = new_id()
    return Link.objects.create(
        id=link_id,
        clinic_id=clinic_id,
        patient_id=patient_id,
        purpose=purpose,
        about_id=about_id,
        expires_at=expires_at,
        token_sha256=digest(token_of(link_id)),
    )


def can_be_opened(patient: Patient) -> bool:
    """Whoever opens a link on a new device is asked for the year of birth."""
    return patient.in_use.birth_date is not None


def url_of(link: Link) -> str:
    """The address that a message carries. After a change of the service's secret the link gets its new token here."""
    token = token_of(link.pk)
    if bytes(link.token_sha256) != digest(token):
        link.token_sha256 = digest(token)
        link.save(update_fields=["token_sha256"])
    return _address(link.purpose, token)


def _address(purpose: str, token: str) -> str:
    return f"{settings.PUBLIC_URL}/{'s' if purpose == 'stop' else 'c'}/{token}/"


def sample() -> str:
    """An address as long as each of them is, of no link."""
    return _address("check_in", "-" * 27)


def worklist_url() -> str:
    """Where somebody of the clinic finds what waits; they sign in there."""
    return f"{settings.PUBLIC_URL}/worklist/"


def is_open(link: Link, at: datetime) -> bool:
    return link.revoked_at is None and link.used_at is None and at < link.expires_at


@contextmanager
def presenting(token: str) -> Iterator[bytes]:
    """A transaction that sees, of all clinics, the one row that this secret stands for; gives the secret's SHA-256."""
    with tenancy.scope(None):
        run_prepared(PRESENT, [digest(token).hex()])
        yield digest(token)
        run_prepared(PRESENT, [""])


@contextmanager
def open_scope(token: str) -> Iterator[Link | None]:
    """
    The link of a token, open or not, in a transaction that sees this one row and nothing else; None if there is none.

    Known or not, it is the same one query.
    """
    with presenting(token) as sha256:
        yield Link.objects.filter(token_sha256=sha256).first()


def revoke(*, patient_id: UUID, purposes: list[str], at: datetime) -> int:
    """Close every open link of a patient for these purposes."""
    open_ones = Link.objects.filter(patient_id=patient_id, purpose__in=purposes, revoked_at=None, used_at=None)
    return open_ones.update(revoked_at=at)


def note_opening(link: Link) -> None:
    Link.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now())


def stop_link(*, clinic_id: UUID, patient_id: UUID) -> Link:
    """The patient's link to stop messages; one for all their mails. It outlives every message that carries it."""
    link = Link.objects.filter(patient_id=patient_id, purpose="stop", revoked_at=None).first()
    never = datetime(9999, 1, 1, tzinfo=timezone.now().tzinfo)
    return link or make(
        purpose="stop", patient_id=patient_id, about_id=patient_id, expires_at=never, clinic_id=clinic_id
    )
