"""Reads of the advice after needling."""

from __future__ import annotations

from uuid import UUID

import catalogue
from messaging.texts import language_of
from patients.models import Patient
from treatments.aftercare import rules, texts
from treatments.models import Aftercare, Session
from treatments.rules import TECHNIQUES


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
