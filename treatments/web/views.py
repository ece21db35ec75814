"""The session screen."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

from django.db.models import Q
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from rest_framework import serializers

import catalogue
from accounts.models import Clinic
from accounts.web.pages import PageRequest, page
from api.fields import many
from assessments import labels, measures
from assessments import rules as exam_rules
from assessments.models import Finding
from assessments.point_queries import trigger_points
from assessments.web import chart as charts
from assessments.web import labels as words
from assessments.web.views import KGF, KPA
from errors.exceptions import NotFound
from identity.actor import Actor
from patients.queries import identities
from records.web import autosave
from treatments import documents, limit_sources, rules
from treatments.actions import SESSION
from treatments.adverse_events.web.question import question_of
from treatments.api.serializers import InterventionInput, MeasureInput, SessionChanges
from treatments.documents import SessionParts
from treatments.models import Session
from treatments.web import last_time, safety

# Techniques whose hold is timed with the big button.
TIMED = [
    "ischemic_compression",
    "manual_pressure_release",
    "strain_counterstrain",
    "myofascial_release",
    "stretching",
    "self_release_teaching",
]


class DraftIntervention(InterventionInput):
    computed = frozenset({"total_mg"})

    id = serializers.UUIDField()
    unreviewed = serializers.BooleanField(required=False, default=False)


class DraftMeasure(MeasureInput):
    computed = frozenset()

    id = serializers.UUIDField()


class Draft(SessionChanges):
    interventions = many(DraftIntervention, at_most=200)
    measures = many(DraftMeasure, at_most=500)


def derive(session: Session, parts: SessionParts, by: Actor) -> dict[str, Any]:
    """What the screen shows and nobody enters: totals, what before and after come to, and what stands in the way."""
    content = documents.session_content(session, parts)
    return {
        "total_mg": {str(i["id"]): float(i["total_mg"]) for i in content["interventions"] if i["total_mg"] is not None},
        "changes": changes_in_words(content),
        **safety.screen_json(session, content, by=by, at=timezone.now()),
    }


def changes_in_words(content: dict[str, Any]) -> dict[str, str]:
    """Return for each measure after a treatment, by its id, what became of the one before."""
    rows = content["measures"]
    before = {measure_key(row): Decimal(row["value"]) for row in rows if row["phase"] == "before"}
    region_of = {key: muscle["region"] for key, muscle in catalogue.MUSCLES.items()}
    sentences = {}
    for row in rows:
        key = measure_key(row)
        if row["phase"] == "before" or key not in before:
            continue
        subject = measures.subject_of(row, content["interventions"], region_of)
        change = measures.compare(row["kind"], before[key], Decimal(row["value"]), subject)
        amount = labels.format_difference(change.difference, labels.UNITS[row["kind"]])
        sentences[str(row["id"])] = labels.describe_change(row["kind"], change, amount)
    return sentences


def measure_key(row: dict[str, Any]) -> tuple[Any, ...]:
    """What makes two measures the same one, before and after."""
    return row["kind"], row["trigger_point"], row["movement"], row["side"]


SCREEN = autosave.DraftScreen(kind=SESSION, shape=Draft, derive=derive)


@page(scope="treatments:write", action="page.session.start", methods="POST")
def start(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Begin a session, or go on with the one that this therapist has begun for the patient."""
    return redirect("session", autosave.start(request, SCREEN, patient_id).pk)


@page(scope="treatments:write", action="page.session")
def session(request: PageRequest, session_id: UUID) -> HttpResponse:
    session = autosave.find(SCREEN, session_id)
    request.trace.saw(session.patient_id)
    if session.is_signed:
        return redirect("document", "session", session_id)
    return render(request, "treatments/session.html", context(request, session))


def context(request: PageRequest, session: Session) -> dict[str, Any]:
    unit = KPA if request.clinic.pressure_unit == "kPa" else KGF
    factor = 1 if unit == KPA else float(exam_rules.KPA_PER_KGF_CM2)
    parts = documents.get_parts(session)
    flat = SESSION.flatten(session, parts)
    people = identities(clinic_id=request.clinic.pk, patient_id=session.patient_id)
    points = list_points(request, session.patient_id)
    last = last_time.read_last(people, before=session)
    last_time.add_to_points(points, last, offered_techniques(request.clinic))
    screen = {
        "url": reverse("session_changes", args=[session.pk]),
        "now": timezone.now().isoformat(),
        "revision": session.revision,
        "flat": flat,
        "derived": derive(session, parts, request.actor),
        "safety_url": reverse("session_safety", args=[session.pk]),
        "rows": SESSION.row_lists,
        "points": points,
        "pain_known": last_time.known_pain(people, at=timezone.now()),
        "techniques": {code: technique_json(code) for code in rules.TECHNIQUES},
        "unit": unit,
        "factor": factor,
        "texts": words.texts(words.SCREEN),
        "sides": words.texts(words.SIDES),
    }
    return {
        "session": session,
        "patient": session.patient,
        "alerts": session.patient.alerts.current(),
        "screen": screen,
        "last": last,
        "points": points,
        "techniques": [technique_form(code) for code in rules.TECHNIQUES],
        "offered": [(code, _(rules.TECHNIQUES[code].label)) for code in offered_techniques(request.clinic)],
        "pain_scale": range(exam_rules.PAIN[0], exam_rules.PAIN[1] + 1),
        "measures": [measure_slots(session, flat, None), *(measure_slots(session, flat, p["id"]) for p in points)],
        "asked": question_of(session, people),
        "unit": unit,
        "factor": factor,
        "chart_url": reverse("chart", args=[charts.version(), translation.get_language()]),
        "muscles": sorted((_(m["name"]), key) for key, m in catalogue.MUSCLES.items()),
        "words": words,
    }


def list_points(request: PageRequest, patient_id: UUID) -> list[dict[str, Any]]:
    """The patient's trigger points, the active ones first, with where they were touched last."""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    points = trigger_points(clinic_id=request.clinic.pk, patient_ids=people, after=None, limit=60)
    last_touch = {}
    ids = [p["id"] for p in points]
    touched = Finding.objects.filter(Q(trigger_point__in=ids) | Q(trigger_point__merged_into__in=ids))
    for finding in (
        touched.exclude(point_view=None).select_related("trigger_point").order_by("assessment__performed_at")
    ):
        counted = finding.trigger_point.merged_into_id or finding.trigger_point_id
        last_touch[counted] = {"view": finding.point_view, "x": finding.point_x, "y": finding.point_y}
    order = {"active": 0, "activity_undetermined": 1, "latent": 2, "indeterminate": 3, "no_trigger_point": 4}
    points.sort(key=lambda p: order.get(p.get("class", ""), len(order)))
    return [
        {
            "id": str(p["id"]),
            "number": p["number"],
            "muscle": p["muscle"],
            "side": p["side"],
            "place": p["place"],
            **({"class": p["class"], "word": str(words.CLASSES[p["class"]])} if "class" in p else {}),
            "name": " · ".join(
                part
                for part in (_(catalogue.MUSCLES[p["muscle"]]["name"]), str(words.SIDES[p["side"]]), p["place"])
                if part
            ),
            "point": last_touch.get(p["id"]),
        }
        for p in points
    ]


def offered_techniques(clinic: Clinic) -> list[str]:
    """The techniques that one may choose on the screen, in the clinic's order; what is recorded may have others."""
    return list(clinic.techniques or rules.TECHNIQUES)


def technique_json(code: str) -> dict[str, Any]:
    """What the screen's script needs: name, soft limits, typical values, what is counted."""
    technique = rules.TECHNIQUES[code]
    return {
        "label": _(technique.label),
        "timed": code in TIMED and "hold_s" in technique.dose,
        "needles": technique.counts_needles,
        "breaks_skin": technique.breaks_skin,
        "soft": {name: limits.soft for name, limits in technique.dose.items() if limits.soft},
        "typical": {name: limits.typical[0] for name, limits in technique.dose.items() if limits.typical},
    }


def technique_form(code: str) -> dict[str, Any]:
    """One technique as the template draws it: its own fields only, each with its limits."""
    technique = rules.TECHNIQUES[code]
    fields = []
    for name, limits in technique.dose.items():
        about = rules.FIELDS[name]
        fields.append(
            {
                "name": name,
                "label": _(about.label),
                "unit": about.unit,
                "kind": about.kind,
                "codes": [(c, _(c.replace("_", " "))) for c in about.codes],
                "hard": limits.hard if rules.is_measured(name) and limits.hard != rules.UNLIMITED else None,
                "soft": limits.soft,
                "source": limit_sources.source_of(code, name, limit_sources.SOFT),
                "typical": limits.typical,
                "step": "1" if about.kind == rules.WHOLE else "any",
                "asked_when": rules.ASKED_WHEN.get(name),
            }
        )
    counted = {"needles_in", "needles_out"}
    return {
        "code": code,
        "label": _(technique.label),
        "timed": code in TIMED and "hold_s" in technique.dose,
        "counts_needles": technique.counts_needles,
        "fields": [field for field in fields if field["name"] not in counted],
    }


def measure_slots(session: Session, flat: dict[str, Any], point: str | None) -> dict[str, Any]:
    """
    Where before and after are entered: pain for the whole session, a threshold for each point.

    A slot's row has an id that follows from its place, so that two screens fill the same row.
    """
    entry_kind = "ppt_kpa" if point else "pain"
    rows = {}
    for phase in ("before", "after"):
        measure_id = next(
            (
                path.split("/")[1]
                for path, value in flat.items()
                if path.startswith("measures/")
                and path.endswith("/kind")
                and value == entry_kind
                and flat.get(path[:-4] + "phase") == phase
                and flat.get(path[:-4] + "trigger_point") == point
                and flat.get(path[:-4] + "timing") in (None, "immediate")
            ),
            None,
        )
        rows[phase] = measure_id or str(uuid5(session.pk, f"{entry_kind} {point or ''} {phase}"))
    return {"kind": entry_kind, "point": point or "", **rows}


@page(scope="treatments:write", action="page.session.save", methods="GET POST")
def changes(request: PageRequest, session_id: UUID) -> HttpResponse:
    return autosave.changes(request, SCREEN, session_id)


@page(scope="treatments:write", action="page.session.safety")
def offers(request: PageRequest, session_id: UUID) -> HttpResponse:
    """What stands in the way of each technique at one point, or in one muscle."""
    session = Session.objects.with_parts().select_related("patient").filter(pk=session_id, signed_at=None).first()
    if session is None:
        raise NotFound
    request.trace.saw(session.patient_id)
    muscle, side = request.GET.get("muscle") or None, request.GET.get("side") or None
    content = documents.session_content(session)
    return JsonResponse(
        safety.offers_json(session, content, muscle=muscle, side=side, by=request.actor, at=timezone.now())
    )


@page(scope="treatments:write", action="page.session.discard", methods="POST")
def discard(request: PageRequest, session_id: UUID) -> HttpResponse:
    return autosave.discard(request, SCREEN, session_id)
