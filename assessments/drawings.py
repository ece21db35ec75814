"""What a pain drawing says together with the findings: from an exam's rows to suggestions and explained share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from accounts.queries import shows_classification
from assessments import drawing_extent, suggestions
from assessments.chart_zones import find_zones
from assessments.documents import ExamParts
from assessments.models import Assessment, Finding, PainMark, Referral
from assessments.point_queries import place_of
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


class ExtentJson(TypedDict):
    view: str
    percent: float


class ChangeJson(TypedDict):
    assessment: UUID
    performed_at: datetime
    gained: list[ZoneJson]
    lost: list[ZoneJson]
    same: list[ZoneJson]


class MeasuresJson(TypedDict):
    """What a drawing measures: no classification, so documentation-only mode has it, too."""

    extent_version: int
    extent: list[ExtentJson]
    intensity_sum: int | None
    since_last: ChangeJson | None


class DrawingJson(TypedDict):
    """`explained` and the fields after it compare the drawing with the findings; all lists are empty without one."""

    weights_version: int
    drawn: list[ZoneJson]
    suggestions: list[SuggestionJson]
    explained: list[ZoneJson]
    unexplained: list[ZoneJson]
    still_to_test: list[SuggestionJson]


@dataclass(frozen=True)
class LastDrawing:
    """The zones of the newest signed exam before an exam that has a drawing."""

    assessment_id: UUID
    performed_at: datetime
    zones: tuple[SidedZone, ...]


def find_last_drawing(exam: Assessment, people: list[UUID]) -> LastDrawing | None:
    """
    Return the drawing before this exam's; None if no earlier signed drawing still stands.

    :param people: all ids of the person's record
    """
    before = (
        Assessment.objects.of_patients(people)
        .filter(performed_at__lt=exam.performed_at, pain_marks__isnull=False)
        .exclude(signed_at=None)
        .exclude(record__mark__isnull=False)
        .exclude(subject_id=exam.subject_id)
        .newest_first()
        .values_list("pk", "performed_at")
        .first()
    )
    if before is None:
        return None
    marks = PainMark.objects.filter(assessment=before[0]).values_list("zone_id", "side")
    return LastDrawing(before[0], before[1], tuple(SidedZone(*mark) for mark in marks))


def measures_json(parts: ExamParts, last: LastDrawing | None) -> MeasuresJson:
    """Extent, sum of intensity, and what changed since the last drawing; nothing of it is stored."""
    drawn = list_drawn(parts)
    since: ChangeJson | None = None
    if last is not None and drawn:
        change = drawing_extent.compare_drawings(drawn, last.zones)
        since = {
            "assessment": last.assessment_id,
            "performed_at": last.performed_at,
            "gained": [_zone(zone) for zone in change.gained],
            "lost": [_zone(zone) for zone in change.lost],
            "same": [_zone(zone) for zone in change.same],
        }
    return {
        "extent_version": drawing_extent.VERSION,
        "extent": [{"view": e.view, "percent": e.percent} for e in drawing_extent.measure_extent(drawn)],
        "intensity_sum": drawing_extent.sum_intensity(mark.intensity for mark in parts.pain_marks),
        "since_last": since,
    }


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
    place = place_of(finding)
    if finding.hypersensitive_spot == PRESENT and place is not None:
        zones |= find_zones(place.view, place.x, place.y)
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
