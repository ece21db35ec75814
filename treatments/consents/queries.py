"""Reads of consents and of their texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from accounts.rules import CONSENT_DAYS_MAX
from treatments.consents import default_texts, rules
from treatments.consents.rules import KnownConsent
from treatments.models import Consent, ConsentText

__all__ = ["CONSENT_DAYS_MAX", "CurrentText", "all_texts", "current_text", "list_consents", "newest_of_each"]


@dataclass(frozen=True)
class CurrentText:
    """
    The text that is read and signed today.

    :ivar version: `default 2026-11` or `clinic 3`
    """

    technique_class: str
    region: str
    language: str
    version: str
    text: str
    risks: tuple[str, ...]
    clinic_text_id: UUID | None = None

    @property
    def is_clinics(self) -> bool:
        return self.clinic_text_id is not None


def current_text(technique_class: str, region: str, language: str) -> CurrentText:
    """Return the clinic's newest text, or the product's if it has none."""
    own = (
        ConsentText.objects.filter(technique_class=technique_class, region=region, language=language)
        .order_by("-version")
        .first()
    )
    return _current(technique_class, region, language, own)


def all_texts() -> list[CurrentText]:
    """Return the current text of every class, region and language."""
    newest: dict[tuple[str, str, str], ConsentText] = {}
    for row in ConsentText.objects.order_by("version"):
        newest[row.technique_class, row.region, row.language] = row
    return [_current(*key, newest.get(key)) for key in default_texts.ALL]


def _current(technique_class: str, region: str, language: str, own: ConsentText | None) -> CurrentText:
    if own is not None and own.text:
        return CurrentText(
            technique_class, region, language, f"clinic {own.version}", own.text, tuple(own.risks), own.pk
        )
    default = default_texts.ALL[technique_class, region, language]
    version = f"default {default_texts.VERSION}"
    return CurrentText(technique_class, region, language, version, default.text, default.risks)


def list_consents(patient_ids: Iterable[UUID]) -> list[KnownConsent]:
    """
    All consents of a patient, withdrawn and expired ones too, in one query.

    :param patient_ids: of one person, see `patients.queries.identities`
    """
    rows = Consent.objects.of_patients(list(patient_ids)).select_related("withdrawal").order_by("given_at", "id")
    return [consent.known for consent in rows.defer("text", "risks", "signature")]


def newest_of_each(consents: Sequence[Consent], at: datetime) -> list[Consent]:
    """Return one consent for each class and region: a valid one if there is, else the newest."""
    best: dict[tuple[str, str], Consent] = {}
    for consent in sorted(consents, key=lambda c: (c.known.state(at) == "valid", c.given_at)):
        best[consent.technique_class, consent.region] = consent
    order = [(c, r) for c in rules.TECHNIQUE_CLASSES for r in rules.REGIONS]
    return [best[key] for key in order if key in best]
