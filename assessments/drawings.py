"""What a pain drawing says together with the findings: from an exam's rows to suggestions and explained share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from accounts.queries import shows_classification
from assessments import suggestions
from assessments.chart_zones import find_zones
from assessments.documents import ExamParts
from assessments.models import Finding, Referral
from assessments.suggestions import Explanation, FeltZones, SidedZone, Suggestion
from records.documents import in_order

PRESENT = "present"


class ZoneJson(TypedDict):
    zone: str
    side: str


class SuggestionJson(TypedDict):
    muscle: str
    side: str
    score: float
    covers: list[ZoneJson]
    usually_also: list[ZoneJson]
    pattern_checked: bool
    often_together: list[str]


class DrawingJson(TypedDict):
    """`explained` and the fields after it compare the drawing with the findings; all lists are empty without one."""

    weights_version: int
    drawn: list[ZoneJson]
    suggestions: list[SuggestionJson]
    explained: list[ZoneJson]
    unexplained: list[ZoneJson]
    still_to_test: list[SuggestionJson]


def list_drawn(parts: ExamParts) -> list[SidedZone]:
    return [SidedZone(mark.zone_id, mark.side) for mark in in_order(parts.pain_marks)]


def list_felt(parts: ExamParts) -> list[FeltZones]:
    """Where the pain of each finding is."""
    return [
        FeltZones(finding.muscle_id, finding.side, _felt(finding, parts.referrals.get(finding.pk, ())))
        for finding in in_order(parts.findings)
    ]


def _felt(finding: Finding, referrals: Sequence[Referral]) -> frozenset[SidedZone]:
    """The zones where it was felt: the referral if there was one, and the spot if it is tender and on the chart."""
    zones: frozenset[SidedZone] = frozenset()
    if finding.referred_pain == PRESENT:
        zones |= {SidedZone(referral.zone_id, referral.side) for referral in referrals}
    at = (finding.point_view, finding.point_x, finding.point_y)
    if finding.hypersensitive_spot == PRESENT and at[0] is not None and at[1] is not None and at[2] is not None:
        zones |= find_zones(at[0], at[1], at[2])
    return zones


def explain(parts: ExamParts) -> Explanation | None:
    """Compare drawing and findings; none without a drawing, and none in documentation-only mode."""
    drawn = list_drawn(parts)
    if not drawn or not shows_classification():
        return None
    return suggestions.explain_drawing(drawn, list_felt(parts))


def drawing_json(parts: ExamParts) -> DrawingJson:
    """Everything as the API answers it; in documentation-only mode the drawing alone."""
    explanation = explain(parts)
    drawn = list_drawn(parts)
    return {
        "weights_version": suggestions.WEIGHTS.version,
        "drawn": [_zone(zone) for zone in drawn],
        "suggestions": [_suggestion(s) for s in suggestions.suggest_muscles(drawn)] if explanation else [],
        "explained": [_zone(zone) for zone in explanation.explained] if explanation else [],
        "unexplained": [_zone(zone) for zone in explanation.unexplained] if explanation else [],
        "still_to_test": [_suggestion(s) for s in explanation.still_to_test] if explanation else [],
    }


def screen_json(parts: ExamParts) -> DrawingJson | None:
    """As much of it as the exam screen shows; none where it shows nothing."""
    if explain(parts) is None:
        return None
    whole = drawing_json(parts)
    return {**whole, "suggestions": whole["suggestions"][: suggestions.SHOWN]}


def _zone(zone: SidedZone) -> ZoneJson:
    return {"zone": zone.zone, "side": zone.side}


def _suggestion(suggestion: Suggestion) -> SuggestionJson:
    return {
        "muscle": suggestion.muscle,
        "side": suggestion.side,
        "score": suggestion.score,
        "covers": [_zone(zone) for zone in suggestion.covers],
        "usually_also": [_zone(zone) for zone in suggestion.usually_also],
        "pattern_checked": suggestion.is_checked,
        "often_together": list(suggestions.list_together(suggestion.muscle)),
    }
