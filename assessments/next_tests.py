"""Which tests still matter in an exam, and how each class came about: from an exam's rows."""

from __future__ import annotations

from accounts.queries import shows_classification
from assessments import class_trace, drawings
from assessments.class_trace import SHOWN, NextTest, Spot, Trace
from assessments.documents import ExamParts
from assessments.models import Assessment
from records.documents import in_order


def list_spots(parts: ExamParts) -> list[Spot]:
    return [
        Spot(finding.pk, finding.muscle_id, finding.side, finding.signs, finding.recognised)
        for finding in in_order(parts.findings)
    ]


def list_tests(exam: Assessment, parts: ExamParts) -> list[NextTest]:
    """The tests that still matter in an exam; none in documentation-only mode."""
    if not shows_classification():
        return []
    drawing = drawings.drawing_json(parts)
    # What the drawing suggests, as far as the exam screen shows it, and what is still unexplained.
    suggested = [*drawing["suggestions"][:SHOWN], *drawing["still_to_test"][:SHOWN]]
    muscles = dict.fromkeys((row["muscle"], row["side"]) for row in suggested)
    return class_trace.find_tests(
        list_spots(parts), muscles, current_symptom=exam.current_symptom, rule_set=exam.rule_set
    )


def list_traces(exam: Assessment, parts: ExamParts) -> list[tuple[Spot, Trace]]:
    """How the class of each finding came about; none in documentation-only mode."""
    if not shows_classification():
        return []
    return [
        (
            spot,
            class_trace.trace_class(
                spot.signs,
                recognised=spot.recognised,
                current_symptom=exam.current_symptom,
                rule_set=exam.rule_set,
            ),
        )
        for spot in list_spots(parts)
    ]
