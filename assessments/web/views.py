"""The exam screen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET
from rest_framework import serializers

import catalogue
from accounts.queries import shows_classification
from accounts.web.pages import PageRequest, page
from api.fields import many
from assessments import documents, drawings, exam_paths, point_queries, queries, rules
from assessments.actions import EXAM
from assessments.api.serializers import AssessmentChanges, FindingInput
from assessments.documents import COMPUTED_OF_FINDING, ExamParts
from assessments.models import Assessment
from assessments.red_flags import FlagState
from assessments.web import chart as charts
from assessments.web import labels, matters, red_flags
from identity.actor import Actor
from patients import labels as patient_labels
from patients.queries import identities
from records.documents import in_order
from records.web import autosave

KPA, KGF = "kPa", "kgf/cm²"
# Movements that the screen shows at once; the others are one choice away. (movement, its sides)
USUAL_MOVEMENTS: list[tuple[str, list[str | None]]] = [
    ("cervical.flexion", [None]),
    ("cervical.extension", [None]),
    ("cervical.lateral_flexion", ["left", "right"]),
    ("cervical.rotation", ["left", "right"]),
]


class DraftFinding(FindingInput):
    """A finding on an open screen: it has its id, and may wait for a second look."""

    computed = frozenset(COMPUTED_OF_FINDING) - {"id"}

    id = serializers.UUIDField()
    unreviewed = serializers.BooleanField(required=False, default=False)


class Draft(AssessmentChanges):
    findings = many(DraftFinding, at_most=200)


def derive(exam: Assessment, parts: ExamParts, by: Actor) -> dict[str, Any]:
    """What the screen shows and nobody enters: classes, missing tests, mean thresholds, the gate, suggestions."""
    known = point_queries.numbered_points(exam.patient_id, leave_out=exam.subject_id)
    points = {point.id: point for point in known}
    return {
        "findings": {
            str(f.pk): {
                **({"class": f.class_code, "missing": f.missing_tests} if shows_classification() else {}),
                **point_json(points[f.trigger_point_id], points),
                "mean_kpa": float(mean) if (mean := rules.mean_ppt_kpa(f.ppt_kpa)) is not None else None,
            }
            for f in parts.findings
        },
        "points": [
            {"id": str(p.id), "number": p.number, "muscle": p.muscle, "side": p.side, "place": p.place}
            for p in known
            if p.was_seen and p.merged_into is None
        ],
        "gate": {"action": exam.gate_action, "blocking": exam.gate_blocking},
        "drawing": drawings.screen_json(parts),
        "matters": matters.screen_json(exam, parts),
    }


def point_json(point: point_queries.NumberedPoint, points: dict[UUID, point_queries.NumberedPoint]) -> dict[str, Any]:
    """The point of a finding: the one that counts, its number, and whether it was seen before."""
    counted = points.get(point.merged_into, point) if point.merged_into else point
    return {
        "trigger_point": str(counted.id),
        "number": counted.number,
        "known": counted.was_seen or (point.was_seen and counted is not point),
    }


SCREEN = autosave.DraftScreen(kind=EXAM, shape=Draft, derive=derive)


@page(scope="assessments:write", action="page.exam.start", methods="POST")
def start(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Begin an exam, or go on with the one that this therapist has begun for the patient."""
    draft = autosave.start(request, SCREEN, patient_id)
    # From the list of questions to ask, straight to the questions.
    place = "#red_flags" if request.POST.get("to") == "red_flags" else ""
    return redirect(reverse("exam", args=[draft.pk]) + place)


@page(scope="assessments:write", action="page.exam")
def exam(request: PageRequest, exam_id: UUID) -> HttpResponse:
    assessment = autosave.find(SCREEN, exam_id)
    request.trace.saw(assessment.patient_id)
    if assessment.is_signed:
        return redirect("document", "exam", exam_id)
    return render(request, "assessments/exam.html", context(request, assessment))


def context(request: PageRequest, exam: Assessment) -> dict[str, Any]:
    parts = documents.get_parts(exam)
    flat = EXAM.flatten(exam, parts)
    rule_set = rules.RULE_SETS[exam.rule_set]
    unit = KPA if request.clinic.pressure_unit == "kPa" else KGF
    last = last_exam(request, exam)
    screen = {
        "url": reverse("exam_changes", args=[exam.pk]),
        "now": timezone.now().isoformat(),
        "revision": exam.revision,
        "flat": flat,
        "derived": derive(exam, parts, request.actor),
        "rows": EXAM.row_lists,
        # Without them the screen computes no class: documentation-only mode.
        "rules": rules_json(rule_set) if shows_classification() else None,
        "last": last_points(last) if last else [],
        "unit": unit,
        "factor": 1 if unit == KPA else float(rules.KPA_PER_KGF_CM2),
        "ppt_soft_kpa": [float(limit) for limit in rules.PPT_SOFT_KPA],
        "red_flags": list(rules.RED_FLAGS),
        "red_flags_asked": [code for code, flag in rules.RED_FLAGS.items() if flag.is_mandatory],
        "texts": labels.texts(labels.SCREEN),
        "signs": labels.texts(labels.SIGNS),
        "classes": labels.texts(labels.CLASSES) if shows_classification() else {},
        "qualities": labels.texts(labels.QUALITIES),
    }
    return {
        "exam": exam,
        "patient": exam.patient,
        "alerts": exam.patient.alerts.current(),
        "screen": screen,
        "words": labels,
        "last": last,
        "criteria_signs": ["taut_band", "hypersensitive_spot", "referred_pain"],
        "more_signs": rules.CONFIRMATORY_SIGNS,
        "pain_scale": range(rules.PAIN[0], rules.PAIN[1] + 1),
        "red_flag_groups": red_flags.sheet_groups(load_flags(request, exam)),
        "red_flag_proposal": red_flags.PROPOSAL,
        "sides": patient_labels.ALERT_SIDES,
        "movements": movement_rows(flat),
        "other_movements": other_movements(),
        "unit": unit,
        "factor": screen["factor"],
        "chart_url": reverse("chart", args=[charts.version(), translation.get_language()]),
        "rule_set": rule_set,
    }


def load_flags(request: PageRequest, exam: Assessment) -> FlagState:
    """The patient's red flags without this exam."""
    people = identities(clinic_id=request.clinic.pk, patient_id=exam.patient_id)
    return queries.flag_state(people, at=timezone.now(), leave_out=exam.subject_id)


def rules_json(rule_set: rules.RuleSet) -> dict[str, Any]:
    """A rule set as data, by which the screen classifies while it is being filled in."""
    return {
        "formula": formula_json(rule_set.formula),
        "waived": sorted(rule_set.waived_if_unreachable),
        "cheapest": rules.CHEAPEST_FIRST,
        "label": _(rule_set.label),
    }


def formula_json(formula: rules.AtLeast) -> dict[str, Any]:
    """A rule set's formula as data; `static/js/kleene.js` reads it."""
    parts = [part if isinstance(part, str) else formula_json(part) for part in formula.parts]
    return {"count": formula.count, "parts": parts}


def last_exam(request: PageRequest, exam: Assessment) -> Assessment | None:
    """The exam before this one that still stands, to bring points from."""
    people = identities(clinic_id=request.clinic.pk, patient_id=exam.patient_id)
    before = Assessment.objects.of_patients(people).filter(performed_at__lt=exam.performed_at).exclude(pk=exam.pk)
    return before.exclude(signed_at=None).exclude(record__mark__isnull=False).with_parts().newest_first().first()


def last_points(last: Assessment) -> list[dict[str, Any]]:
    """The points of an exam, as rows that a new exam may take over."""
    flat = exam_paths.flatten(documents.assessment_content(last))
    numbers = point_queries.numbers_of(finding.trigger_point_id for finding in last.findings.all())
    kept = []
    for finding in in_order(last.findings.all()):
        row = f"findings/{finding.pk}/"
        fields = {path.removeprefix(row): value for path, value in flat.items() if path.startswith(row)}
        fields.pop("ordinal", None)
        fields.pop("notes", None)
        # The same point, whatever is changed about its place.
        fields["trigger_point"] = str(finding.trigger_point_id)
        kept.append({"id": str(finding.pk), "number": numbers[finding.trigger_point_id], "fields": fields})
    return kept


def movement_rows(flat: dict[str, Any]) -> list[dict[str, Any]]:
    usual = [(code, side) for code, sides in USUAL_MOVEMENTS for side in sides]
    parts = (path.split("/") for path in flat if path.startswith("range_of_motion/"))
    recorded = {(code, side) for _list, code, side, *_field in parts}
    more = sorted(recorded - {(code, side or exam_paths.NO_SIDE) for code, side in usual})
    return [movement_row(code, side) for code, side in [*usual, *more]]


def movement_row(code: str, side: str | None) -> dict[str, Any]:
    low, high = rules.rom_limits_deg(code)
    label = _(catalogue.MOVEMENTS[code])
    sided = side not in (None, exam_paths.NO_SIDE)
    return {
        "path": f"range_of_motion/{code}/{side or exam_paths.NO_SIDE}",
        "label": f"{label}, {labels.SIDES[str(side)]}" if sided else label,
        "low": low,
        "high": high,
    }


def other_movements() -> list[dict[str, Any]]:
    usual = {code for code, _sides in USUAL_MOVEMENTS}
    rest = [code for code in catalogue.MOVEMENTS if code not in usual]
    return [movement_row(code, side) for code in rest for side in ("left", "right", None)]


@page(scope="assessments:write", action="page.exam.save", methods="GET POST")
def changes(request: PageRequest, exam_id: UUID) -> HttpResponse:
    return autosave.changes(request, SCREEN, exam_id)


@page(scope="assessments:write", action="page.exam.discard", methods="POST")
def discard(request: PageRequest, exam_id: UUID) -> HttpResponse:
    return autosave.discard(request, SCREEN, exam_id)


@require_GET
def chart(request: HttpRequest, version: str, language: str) -> HttpResponse:
    """The chart and its words: the same for everybody, so browsers may keep it; a new version has a new address."""
    if version != charts.version() or language not in dict(settings.LANGUAGES):
        raise Http404
    response = HttpResponse(charts.answer(language), content_type="application/json")
    response["Content-Encoding"] = "gzip"
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    return response
