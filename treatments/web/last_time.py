"""What was done last time, for the top of the session screen; and how much of it one tap may bring back."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

import catalogue
from assessments.models import Assessment
from assessments.web.labels import SIDES
from records.rules import plain_json
from treatments import labels, rules
from treatments.models import Session

# An answer that the patient gave so lately is not asked again: product proposal, one visit's length.
SAME_VISIT = timedelta(hours=2)


def read_last(people: list[UUID], *, before: Session) -> dict[str, Any] | None:
    """Return the newest signed session that stands, as the screen shows it; None if there is none."""
    sessions = Session.objects.of_patients(people).with_parts().select_related("signed_by").newest_first()
    standing = sessions.exclude(signed_at=None).filter(record__mark=None)
    last = standing.exclude(subject_id=before.subject_id).first()
    if last is None:
        return None
    pain_rows = [m for m in last.measures.all() if m.kind == "pain" and m.timing in (None, "immediate")]
    pains = {row.phase: f"{float(row.value):g}" for row in pain_rows}
    return {
        "session": last,
        "by": last.signed_by.name if last.signed_by else "",
        "rows": [_row(intervention) for intervention in last.interventions.all()],
        "pain": " → ".join(pains[phase] for phase in ("before", "after") if phase in pains),
        "response": last.response,
    }


def _row(intervention: Any) -> dict[str, Any]:
    repeated = rules.repeat_dose(intervention.technique, intervention.dose)
    return {
        "technique": intervention.technique,
        "label": _(rules.TECHNIQUES[intervention.technique].label),
        "place": _place(intervention.muscle_id, intervention.side),
        "dose": labels.describe_dose(intervention.dose, is_brief=True),
        "response": intervention.response,
        "trigger_point": str(intervention.trigger_point_id) if intervention.trigger_point_id else "",
        "muscle": intervention.muscle_id,
        "side": intervention.side,
        "repeat": None if repeated is None else plain_json(repeated),
    }


def _place(muscle: str | None, side: str | None) -> str:
    return f"{_(catalogue.MUSCLES[muscle]['name'])} · {SIDES[side]}" if muscle and side else ""


def add_to_points(points: list[dict[str, Any]], last: dict[str, Any] | None, offered: list[str]) -> None:
    """
    Give each point what was done to it last time: `last` in words, `repeat` as rows that one tap brings back.

    :param offered: the clinic's techniques; one that it has hidden since is not brought back
    """
    for point in points:
        rows = [row for row in (last or {}).get("rows", ()) if _is_of(row, point)]
        point["last"] = [f"{row['label']} {row['dose']}".strip() for row in rows]
        point["repeat"] = [
            {"technique": row["technique"], "dose": row["repeat"]}
            for row in rows
            if row["repeat"] is not None and row["technique"] in offered
        ]


def _is_of(row: dict[str, Any], point: dict[str, Any]) -> bool:
    if row["trigger_point"]:
        return bool(row["trigger_point"] == point["id"])
    return (row["muscle"], row["side"]) == (point["muscle"], point["side"])


def known_pain(people: list[UUID], *, at: datetime) -> dict[str, Any] | None:
    """Return the pain of an exam of this very visit, draft or signed: the value, and when it was asked."""
    exams = Assessment.objects.of_patients(people).filter(performed_at__gt=at - SAME_VISIT, performed_at__lte=at)
    exam = exams.filter(record__mark=None).exclude(pain_now=None).order_by("-performed_at").first()
    return {"value": exam.pain_now, "at": exam.performed_at.isoformat()} if exam else None
