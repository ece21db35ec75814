"""The question after the last treatment, on the session screen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from treatments.adverse_events import labels, queries, rules
from treatments.models import Session
from treatments.rules import TECHNIQUES


def question_of(session: Session, patient_ids: list[UUID]) -> dict[str, Any] | None:
    """Return what is asked about the last treatment before this session; None if there was none."""
    earlier = queries.treatment_to_ask_about(patient_ids, before=session.performed_at)
    return question(earlier) if earlier is not None else None


def question(earlier: rules.EarlierTreatment) -> dict[str, Any]:
    return {
        "about": earlier.session_id,
        "performed_at": earlier.performed_at,
        "techniques": ", ".join(_(TECHNIQUES[technique].label) for technique in earlier.techniques),
        "answers": list(labels.ANSWERS.items()),
    }
