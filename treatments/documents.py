"""A session as JSON: the same content that the API answers with and that is signed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from records.documents import document_head, in_order
from treatments import rules
from treatments.models import AdverseEventAnswer, Aftercare, Intervention, Measure, Override, Session


@dataclass(frozen=True)
class SessionParts:
    """The rows of a session, as they were read or as an action has just written them."""

    interventions: Sequence[Intervention]
    measures: Sequence[Measure]
    overrides: Sequence[Override]
    adverse_events_asked: Sequence[AdverseEventAnswer]


def get_parts(session: Session) -> SessionParts:
    """Return the rows of a session that was read `with_parts`."""
    return SessionParts(
        interventions=list(session.interventions.all()),
        measures=list(session.measures.all()),
        overrides=list(session.overrides.all()),
        adverse_events_asked=list(session.adverse_events_asked.all()),
    )


def session_content(session: Session, parts: SessionParts | None = None) -> dict[str, Any]:
    """
    What was done, in the API's names.

    :param parts: None: the session was read `with_parts`
    """
    parts = parts or get_parts(session)
    return {
        "performed_at": session.performed_at,
        "interventions": [intervention_json(i) for i in in_order(parts.interventions)],
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
            for m in in_order(parts.measures)
        ],
        **overrides_json(parts.overrides),
        "weight_kg": session.weight_kg,
        **answers_json(parts.adverse_events_asked),
        "limit_reasons": session.limit_reasons,
        "response": session.response,
        "notes": session.notes,
        **({"safety": session.safety} if session.safety is not None else {}),
    }


def overrides_json(rows: Sequence[Override]) -> dict[str, list[dict[str, Any]]]:
    """What was passed and what was acknowledged, each by name."""
    overrides, acknowledged = [], []
    for row in in_order(rows):
        by_name = {"code": row.code, "by": row.given_by_id, "at": row.given_at}
        if row.kind == Override.Kind.ACKNOWLEDGEMENT:
            acknowledged.append(by_name)
        else:
            overrides.append({**by_name, "reason": row.reason, "seen_by": row.seen_by, "seen_at": row.seen_at})
    return {"overrides": overrides, "acknowledged": acknowledged}


def answers_json(rows: Sequence[AdverseEventAnswer]) -> dict[str, Any]:
    """
    What the patient said about problems after earlier sessions.

    Nothing if nobody asked: documents that were signed before the question existed keep their content.
    """
    answers = [{"about": a.about_id, "answer": a.answer} for a in in_order(rows)]
    return {"adverse_events_asked": answers} if answers else {}


def aftercare_content(given: Sequence[Aftercare]) -> dict[str, Any]:
    """The advice that was given by the time of signing; nothing if none was."""
    rows = [aftercare_row(advice) for advice in given]
    return {"aftercare": rows} if rows else {}


def aftercare_row(advice: Aftercare) -> dict[str, Any]:
    """One handing over of the advice, as signed documents keep it."""
    names = ("how", "language", "text_version", "given_at")
    return {**{name: getattr(advice, name) for name in names}, "given_by": advice.given_by_id}


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


def session_json(session: Session, parts: SessionParts | None = None) -> dict[str, Any]:
    content = session_content(session, parts)
    return {**document_head(session), "adverse_events_asked": [], "safety": None, **content}
