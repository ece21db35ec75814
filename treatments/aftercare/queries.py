"""Reads of the advice after needling."""

from __future__ import annotations

from dataclasses import dataclass, replace
from uuid import UUID

import catalogue
from errors.exceptions import NotFound
from messaging.texts import language_of
from patients.models import Patient
from treatments.aftercare import rules, texts
from treatments.models import Aftercare, AftercareText, Session
from treatments.rules import TECHNIQUES

CLINIC_VERSION = "clinic "  # how the names of a clinic's own versions begin


def list_given(session: Session) -> list[Aftercare]:
    """Return how and when the advice was given, in any version of the session; the first one first."""
    rows = Aftercare.objects.filter(session__subject_id=session.subject_id).order_by("given_at", "id")
    return list(rows.select_related("given_by"))


def list_muscles(session: Session) -> list[str | None]:
    """Return the muscles that were needled; None for an intervention without one. Needs `with_parts`."""
    rows = session.interventions.all()
    return [row.muscle_id for row in rows if TECHNIQUES[row.technique].breaks_skin]


def needs_warning(session: Session) -> bool:
    """Return whether a muscle was needled that the lung is near."""
    return rules.needs_warning(filter(None, list_muscles(session)), catalogue.MUSCLES)


def language_for(patient: Patient, clinic_locale: str) -> str:
    """Return the language of the advice: the patient's, or the clinic's."""
    language = language_of(patient.in_use.language, clinic_locale)
    return language if language in texts.LANGUAGES else texts.LANGUAGES[0]


def find_newest(*, session_id: UUID, patient_id: UUID) -> Aftercare | None:
    """Return the advice that was last sent to the patient about a session."""
    sent = Aftercare.objects.filter(session_id=session_id, patient_id=patient_id, how=rules.LINK)
    return sent.order_by("-given_at", "-id").first()


@dataclass(frozen=True)
class CurrentAdvice:
    """
    The advice that is handed over today, in one language.

    :ivar version: `2026-11`, or `clinic 3`
    """

    language: str
    version: str
    is_clinics: bool
    advice: texts.Advice


def current_advice(language: str) -> CurrentAdvice:
    """
    Return the advice with the clinic's newest own text, or the product's if it has none.

    The warning of pneumothorax is always the product's, so that no clinic can leave it out.
    """
    own = AftercareText.objects.filter(language=language).order_by("-version").first()
    if own is None or not own.expected:
        return CurrentAdvice(language, texts.VERSION, False, texts.ALL[language])
    return CurrentAdvice(language, f"{CLINIC_VERSION}{own.version}", True, with_own_text(own))


def with_own_text(own: AftercareText) -> texts.Advice:
    default = texts.ALL[own.language]
    return replace(default, expected_title=own.expected_title or default.expected_title, expected=tuple(own.expected))


def advice_given(row: Aftercare) -> texts.Advice:
    """
    Return the advice as it was handed over.

    :raises NotFound: the version that it names does not exist
    """
    if not row.text_version.startswith(CLINIC_VERSION):
        return texts.ALL[row.language]
    number = int(row.text_version.removeprefix(CLINIC_VERSION))
    own = AftercareText.objects.filter(language=row.language, version=number).first()
    if own is None:
        raise NotFound
    return with_own_text(own)
