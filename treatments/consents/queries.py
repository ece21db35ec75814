"""Reads of consents."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from treatments.consents.rules import KnownConsent
from treatments.models import Consent


def known_consents(patient_ids: Iterable[UUID]) -> list[KnownConsent]:
    """
    All consents of a patient, withdrawn and expired ones too, in one query.

    :param patient_ids: of one person, see `patients.queries.identities`
    """
    rows = Consent.objects.of_patients(list(patient_ids)).select_related("withdrawal").order_by("given_at", "id")
    return [consent.known for consent in rows.defer("text", "risks", "signature")]
