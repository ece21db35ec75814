"""Writing a programme: every touch is kept as the draft, and published when it is right."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.core import signing
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

import catalogue
from accounts.web.pages import PageRequest, page
from assessments.models import Assessment
from assessments.point_queries import trigger_points
from assessments.red_flag_table import PROPOSAL
from assessments.web.labels import CLASSES
from errors.exceptions import Conflict, FieldError, Invalid, NotFound, Problems
from errors.texts import message_for
from homecare import labels, queries, rules
from homecare.models import Picture, Programme, Template
from homecare.programmes import actions, checks, safety_stops
from homecare.programmes import serialization as contents
from homecare.web.cards import card, patients_caution, preview_of
from homecare.web.overrides import parse_overrides, stop_lines
from patients.queries import identities
from treatments.web.views import list_points

REMOVED = "homecare.removed_step"  # signed, so that what comes back is what was taken out
MOVES = ("up", "down", "copy", "remove")


class ChangedElsewhere(Conflict):
    reason = "changed_elsewhere"


def find(request: PageRequest, programme_id: UUID, *, lock: bool = False) -> Programme:
    """:raises NotFound:"""
    programmes = Programme.objects.select_related("patient")
    if lock:
        programmes = programmes.select_for_update(of=("self",))
    programme = programmes.filter(pk=programme_id).first()
    if programme is None:
        raise NotFound
    request.trace.saw(programme.patient_id)
    return programme


def points_to_press(request: PageRequest, patient_id: UUID) -> list[dict[str, Any]]:
    """The patient's active trigger points that they may press themselves."""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    points = trigger_points(clinic_id=request.clinic.pk, patient_ids=people, after=None, limit=60)
    ratings = contents.ratings()
    fit = [p for p in points if p.get("class") == "active" and ratings.get(p["muscle"], "no") != "no"]
    return [{"trigger_point": str(p["id"]), "muscle": p["muscle"], "side": p["side"]} for p in fit]


@page(scope="homecare:write", action="page.programme.new", methods="GET POST")
def new(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Begin from the starter programme, a template of the clinic, an earlier programme, or nothing."""
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    request.trace.saw(*people)
    earlier = list(Programme.objects.of_patients(people).exclude(status="draft").newest_first()[:10])
    templates = list(Template.objects.order_by("name"))
    if request.method == "POST":
        content = beginning(request, patient_id, request.POST.get("from", ""), templates, earlier)
        programme = actions.start_programme(patient_id=patient_id, content=content, by=request.actor, at=timezone.now())
        return redirect("programme_edit", programme.pk)
    running = next((p for p in earlier if p.status in (Programme.Status.ACTIVE, Programme.Status.PAUSED)), None)
    context = {
        "patient_id": patient_id,
        "templates": templates,
        "earlier": [describe_heading(p) for p in earlier],
        "running": running,
    }
    return render(request, "homecare/new_programme.html", context)


def describe_heading(programme: Programme) -> dict[str, Any]:
    version, steps = queries.current_version(programme)
    return {"programme": programme, "title": version.title if version else "", "steps": len(steps)}


def beginning(
    request: PageRequest, patient_id: UUID, source: str, templates: list[Template], earlier: list[Programme]
) -> dict[str, Any]:
    source_kind, _separator, key = source.partition(":")
    if source_kind == "starter":
        steps = rules.starter(points_to_press(request, patient_id)[:3], tools=contents.tools())
        for step in steps:
            step["limit_reasons"] = {name: _(why) for name, why in step.get("limit_reasons", {}).items()}
        return {"title": _("Neck and shoulders"), "note": "", "steps": steps}
    if source_kind == "template":
        template = next((t for t in templates if str(t.pk) == key), None)
        if template is None:
            raise NotFound
        return {"title": template.name, **template.content}
    if source_kind == "programme":
        programme = next((p for p in earlier if str(p.pk) == key), None)
        if programme is None:
            raise NotFound
        version, steps_list = queries.current_version(programme)
        content = contents.of_version(version, steps_list) if version else {}
        for step in content.get("steps", []):
            step["lasting"] = None
        return content
    return {"title": "", "note": "", "steps": []}


# --- Editing --------------------------------------------------------------------------------------------------


def parse_content(post: QueryDict) -> dict[str, Any]:
    """
    The form's steps, in the shape that actions take.

    :raises Invalid: a number is none
    """
    problems = Problems()
    steps = []
    count = post.get("count", "")
    for number in range(min(int(count), 50) if is_number(count) else 0):
        at = f"steps-{number}-"
        if f"{at}exercise" not in post:
            continue
        step: dict[str, Any] = {"dose": {}, "limit_reasons": {}}
        for name in ("exercise", "lasting", "tool", "cue", "picture", "drawing"):
            step[name] = post.get(f"{at}{name}", "")
        step["trigger_point"], step["muscle"], step["side"] = where(post.get(f"{at}where", ""))
        for name in rules.FIELDS:
            text = post.get(f"{at}dose-{name}", "").strip()
            if text:
                if is_number(text):
                    step["dose"][name] = int(text)
                else:
                    problems.add(f"/steps/{number}/dose/{name}", "invalid.whole_number")
            step["limit_reasons"][name] = post.get(f"{at}reason-{name}", "")
        for field in post:
            name = field.removeprefix(f"{at}reason-")
            if name != field and (name == rules.TOTAL or rules.is_safety_reason(name)):
                step["limit_reasons"][name] = post[field]
        steps.append(step)
    problems.raise_if_any()
    return {"title": post.get("title", ""), "note": post.get("note", ""), "steps": steps}


def is_number(text: str) -> bool:
    """Whether it is a whole number that fits; `isdigit` alone takes ² for one."""
    return text.isascii() and text.isdigit() and len(text) < 6


def where(text: str) -> tuple[str | None, str | None, str | None]:
    """`point:<id>:<muscle>:<side>` or `muscle:<muscle>:<side>` of the select."""
    place_kind, *rest = text.split(":")
    if place_kind == "point" and len(rest) == 3:
        return rest[0], rest[1], rest[2]
    if place_kind == "muscle" and len(rest) == 2:
        return None, rest[0], rest[1]
    return None, None, None


def move_step(steps: list[dict[str, Any]], command: str, number: int) -> dict[str, Any] | None:
    """Do to the list what the button says; gives the step that was taken out, if one was."""
    if not 0 <= number < len(steps):
        return None
    if command == "copy":
        steps.insert(number + 1, {**steps[number], "lasting": None})
    elif command == "remove":
        return {"at": number, "step": steps.pop(number)}
    else:
        target = number + (1 if command == "down" else -1)
        if 0 <= target < len(steps):
            steps[number], steps[target] = steps[target], steps[number]
    return None


@page(scope="homecare:write", action="page.programme.edit", methods="GET POST")
def edit(request: PageRequest, programme_id: UUID) -> HttpResponse:
    programme = find(request, programme_id, lock=request.method == "POST")
    if programme.status == Programme.Status.ENDED:
        return redirect("programme", programme.pk)
    removed = None
    if request.method == "POST":
        if str(programme.revision) != request.POST.get("revision"):
            if request.htmx:
                raise ChangedElsewhere
            toasts.warning(request, message_for(ChangedElsewhere.reason))
            return redirect("programme_edit", programme.pk)
        command, _separator, which = request.POST.get("do", "").partition(":")
        try:
            content = parse_content(request.POST)
            removed = apply_command(content, command, which, request.POST)
            problems = actions.write_draft(programme=programme, content=content, by=request.actor, at=timezone.now())
        except Invalid as refusal:
            if request.htmx:
                return render(request, "homecare/draft_state.html", state(programme, refusal.errors, saved=False))
            return render_builder(request, programme, status=400, errors=refusal.errors)
        if command == "publish":
            return publish_draft(request, programme)
        if request.htmx:
            return render(request, "homecare/draft_state.html", swapped_state(programme, problems.errors))
        if removed is None:
            shown = find_shown_step(command, which, len(content["steps"]))
            return redirect(reverse("programme_edit", args=[programme.pk]) + (f"#step-{shown}" if shown else ""))
    return render_builder(request, programme, removed=removed)


def find_shown_step(command: str, which: str, count: int) -> int | None:
    """Return which step a button leaves open; None: the page decides."""
    if command == "add":
        return count - 1
    if command not in MOVES or not is_number(which):
        return None
    return min(max(int(which) + {"up": -1, "down": 1, "copy": 1}.get(command, 0), 0), count - 1)


def apply_command(content: dict[str, Any], command: str, which: str, post: QueryDict) -> dict[str, Any] | None:
    steps = content["steps"]
    if command == "add" and post.get("new_exercise") in rules.EXERCISES:
        steps.append({"exercise": post["new_exercise"], "dose": {}})
    elif command in MOVES and is_number(which):
        return move_step(steps, command, int(which))
    elif command == "restore":
        try:
            kept = signing.loads(post.get("removed", ""), salt=REMOVED)
        except signing.BadSignature:
            return None
        steps.insert(kept["at"], kept["step"])
    return None


def publish_draft(request: PageRequest, programme: Programme) -> HttpResponse:
    """Give the draft to the patient, or show what is in the way."""
    problems = Problems()

    def day(name: str) -> date | None:
        text = request.POST.get(name, "").strip()
        try:
            day = parse_date(text) if text else None
        except ValueError:
            day = None
        if text and day is None:
            problems.add(f"/{name}", "invalid.date")
        return day

    review_on, ends_on = day("review_on"), day("ends_on")
    pain = request.POST.get("baseline_pain", "").strip()
    if pain and not is_number(pain):
        problems.add("/baseline_pain", "invalid.whole_number")
    try:
        problems.raise_if_any()
        actions.publish(
            programme=programme,
            revision=programme.revision,
            baseline_pain=int(pain) if pain else None,
            review_on=review_on,
            ends_on=ends_on,
            overrides=parse_overrides(request.POST),
            by=request.actor,
            at=timezone.now(),
        )
    except Invalid as refusal:
        programme.refresh_from_db()
        return render_builder(request, programme, status=400, errors=refusal.errors)
    except safety_stops.ProgrammeRedFlagStop as refusal:
        programme.refresh_from_db()
        return render_builder(request, programme, status=409, errors=refusal.errors)
    return redirect("programme", programme.pk)


def state(programme: Programme, errors: list[FieldError], *, saved: bool = True) -> dict[str, Any]:
    steps = (programme.draft or {}).get("steps", [])
    return {
        "saved": saved,
        "cautions": [
            (f"{number + 1} {labels.name_of(step)}", caution)
            for number, step in enumerate(steps)
            if (caution := patients_caution(programme, step))
        ],
        "programme": programme,
        "patient_language": labels.language_for(programme),
        "problems": [
            {"error": e, "place": place_of(e.pointer, steps), "target": target_of(e.pointer, steps)} for e in errors
        ],
        "now": timezone.now(),
    }


def swapped_state(programme: Programme, errors: list[FieldError]) -> dict[str, Any]:
    """The state with what the patient sees of each step, as it is after the touch."""
    steps = contents.tidy(programme.draft or {})["steps"]
    previews = [preview_of(programme, number, step) for number, step in enumerate(steps)]
    return {**state(programme, errors), "is_swapped": True, "previews": previews}


GIVEN = {
    "baseline_pain": gettext_lazy("Worst pain at the start, 0 to 10"), "review_on": gettext_lazy("Review on"),
    "ends_on": gettext_lazy("Last day"), "title": gettext_lazy("Name, as the patient reads it"),
}  # fmt: skip


def place_of(pointer: str, steps: list[dict[str, Any]]) -> str:
    """What a problem is about: the step as its card is headed, and the field as it is labelled."""
    parts = pointer.split("/")
    if len(parts) > 2 and parts[1] == "steps" and is_number(parts[2]) and int(parts[2]) < len(steps):
        step = f"{int(parts[2]) + 1} {labels.name_of(steps[int(parts[2])])}"
        field = rules.FIELDS.get(parts[4]) if len(parts) > 4 and parts[3] == "dose" else None
        return f"{step}, {_(field.label)}" if field else step
    return str(GIVEN.get(parts[1], "")) if len(parts) == 2 else ""


def target_of(pointer: str, steps: list[dict[str, Any]]) -> str:
    """The form's field that a problem is about, by its id; empty if it is about no single one."""
    parts = pointer.split("/")
    if len(parts) > 3 and parts[1] == "steps" and is_number(parts[2]) and int(parts[2]) < len(steps):
        number, exercise = parts[2], rules.EXERCISES[steps[int(parts[2])]["exercise"]]
        fields = {"muscle": f"where-{number}", "cue": f"cue-{number}"}
        fields |= {"tool": f"tool-{number}"} if exercise.tools else {}
        if len(parts) > 4 and parts[3] == "limit_reasons":
            return f"reason-{number}-{parts[4]}"
        fields |= {"dose": f"dose-{number}-{parts[4]}"} if len(parts) > 4 and parts[4] in exercise.dose else {}
        return fields.get(parts[3], "")
    return parts[1] if len(parts) == 2 and parts[1] in GIVEN else ""


def render_builder(
    request: PageRequest,
    programme: Programme,
    *,
    status: int = 200,
    errors: list[FieldError] | None = None,
    removed: dict[str, Any] | None = None,
) -> HttpResponse:
    version, published_steps = queries.current_version(programme)
    if programme.draft is None and version is not None:
        programme.draft = contents.of_version(version, published_steps)
    draft = contents.tidy(programme.draft or {})
    safety_facts = safety_stops.load_known(programme, draft["steps"], at=timezone.now())
    problems = errors if errors is not None else checks.problems_of(programme, safety_facts).errors
    points = list_points(request, programme.patient_id)
    ratings = contents.ratings()
    last = Assessment.objects.filter(patient_id=programme.patient_id).exclude(signed_at=None).newest_first().first()
    cards = [
        card(programme, number, step, points, problems, safety_facts, draft["steps"])
        for number, step in enumerate(draft["steps"])
    ]
    context = {
        **state(programme, problems),
        "shown_step": next((shown["number"] for shown in cards if shown["has_problems"]), 0),
        "stops": stop_lines(programme, safety_facts, request.POST if status != 200 else None),
        "proposal": PROPOSAL,
        "least_characters": rules.MIN_REASON_CHARACTERS,
        "patient": programme.patient,
        "draft": draft,
        "version": version,
        "cards": cards,
        "exercises": [(code, _(exercise.name)) for code, exercise in rules.EXERCISES.items()],
        "pictures": list(Picture.objects.defer("content").order_by("name")),
        "points": points,
        "ratings": ratings,
        "muscles": sorted((_(m["name"]), key) for key, m in catalogue.MUSCLES.items()),
        "classes": CLASSES,
        "pain": programme.baseline_pain
        if programme.baseline_pain is not None
        else (last.pain_worst_24h if last else None),
        "removed": signing.dumps(removed, salt=REMOVED) if removed else "",
        "removed_name": labels.name_of(removed["step"]) if removed else "",
    }
    return render(request, "homecare/builder.html", context, status=status)
