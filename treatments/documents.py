"""A session as JSON: the same content that the API answers with and that is signed."""

from __future__ import annotations

from typing import Any

from assessments.documents import document_head, in_order
from treatments import rules
from treatments.models import Intervention, Session


def session_content(session: Session) -> dict[str, Any]:
    """What was done, in the API's names. Needs `with_parts`."""
    return {
        "performed_at": session.performed_at,
        "interventions": [intervention_json(i) for i in in_order(session.interventions.all())],
        "measures": [
            {
                "id": m.pk,
                "kind": m.kind,
                "phase": m.phase,
                "timing": m.timing,
                "value": m.value,
                "measured_at": m.measured_at,
                "trigger_point": m.trigger_point_id,
                "movement": m.movement_id,
                "side": m.side,
            }
            for m in in_order(session.measures.all())
        ],
        "overrides": [{"code": o.code, "reason": o.reason} for o in in_order(session.overrides.all())],
        "limit_reasons": session.limit_reasons,
        "response": session.response,
        "notes": session.notes,
    }


def intervention_json(intervention: Intervention) -> dict[str, Any]:
    dose = intervention.dose
    return {
        "id": intervention.pk,
        "technique": intervention.technique,
        "trigger_point": intervention.trigger_point_id,
        "muscle": intervention.muscle_id,
        "side": intervention.side,
        "dose": dose,
        "total_mg": rules.total_mg(dose.get("volume_ml"), dose.get("concentration_pct")),
        "limit_reasons": intervention.limit_reasons,
        "response": intervention.response,
    }


def session_json(session: Session) -> dict[str, Any]:
    return {**document_head(session), **session_content(session)}
