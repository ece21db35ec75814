"""Pages about a programme: how it goes, its reminders, its sheet, templates and pictures, and what goes out next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import time, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_time
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.web.pages import PageRequest, page, seen_revision
from api.bodies import takes_large_body
from assessments.red_flag_table import RED_FLAGS
from errors.exceptions import FieldError, Invalid, NotFound
from errors.texts import message_of
from homecare import labels, queries
from homecare.models import Occurrence, Picture, Programme, ReminderPlan, Step, Template, Version, facts_of
from homecare.programmes import actions, safety_stops
from homecare.programmes import serialization as contents
from homecare.programmes import templates as programme_templates
from homecare.reminders import dry_run
from homecare.web.builder import find
from messaging import actions as messages
from messaging import addresses
from messaging.engine import read_sending
from messaging.rules import CHANNELS
from messaging.web import labels as message_words
from patients import actions as patients
from patients.models import Patient
from patients.queries import zone_of
from patients.rules import CONSENT_ANSWERS

TIMES_SHOWN = 4


@page(scope="homecare:read", action="page.programme")
def programme(request: PageRequest, programme_id: UUID) -> HttpResponse:
    """Steps, adherence, what was answered, what it suggests; and what a therapist may do about it."""
    programme_row = find(request, programme_id)
    version, steps = queries.current_version(programme_row)
    zone = zone_of(programme_row.patient)
    goes = queries.summarize_progress(programme_row, today=timezone.now().astimezone(zone).date()) if version else None
    sees_places = contents.CLINICAL_SCOPE in request.actor.scopes
    if not sees_places and goes:
        hide_places(goes)
    plan = ReminderPlan.objects.filter(programme=programme_row).first()
    usable = addresses.usable_channels(programme_row.patient)
    planned = Occurrence.objects.filter(programme=programme_row, status="planned", due_at__gt=timezone.now())
    context = {
        "programme": programme_row,
        "patient": programme_row.patient,
        "version": version,
        "versions": list(Version.objects.filter(programme=programme_row).select_related("made_by").order_by("-number")),
        "steps": steps_shown(programme_row, steps, sees_places=sees_places),
        "sees_places": sees_places,
        "goes": goes,
        "stopped": labels.stopped_names(programme_row),
        "overrides": [
            (_(RED_FLAGS[override["code"]].label), override) for override in (version.overrides if version else ())
        ],
        "plan": plan,
        "next": planned.order_by("due_at").first(),
        "unreached": [message_words.CHANNELS[c] for c in (plan.channels if plan else ()) if c not in usable],
        "zone": zone.key,
        "words": labels,
        "message_words": message_words,
        "signs": [
            (labels.SIGNS[name], held)
            for name, held in (
                goes.week_facts[-1].signs(programme_row.baseline_pain).items() if goes and goes.week_facts else ()
            )
        ],
    }
    return render(request, "homecare/programme.html", context)


def steps_shown(programme: Programme, steps: Sequence[Step], *, sees_places: bool) -> list[dict[str, Any]]:
    """What the patient has; for who may see muscles, with what the safety list says about each step now."""
    if not sees_places:
        return [
            labels.describe_step(contents.without_place(contents.of_step(step) | {"picture": step.picture_id}))
            | {"picture": step.picture_id, "findings": []}
            for step in steps
        ]
    facts = [facts_of(step) for step in steps]
    existing = safety_stops.load_known(programme, facts, at=timezone.now())
    return [
        labels.describe_step(contents.of_step(step))
        | {"picture": step.picture_id, "findings": labels.findings_of(existing.check, facts, number)}
        for number, step in enumerate(steps)
    ]


@page(scope="assessments:read", action="page.programme.sheet")
def sheet(request: PageRequest, programme_id: UUID) -> HttpResponse:
    """The programme on paper, for a patient without a phone."""
    programme_row = find(request, programme_id)
    version, steps = queries.current_version(programme_row)
    if version is None:
        raise NotFound
    language = labels.language_for(programme_row)
    with override(language):
        described = [
            labels.describe_step(facts_of(step) | {"drawing": step.drawing}) | {"picture": step.picture_id}
            for step in steps
        ]
    context = {
        "programme": programme_row,
        "patient": programme_row.patient,
        "version": version,
        "steps": described,
        "days": [WEEKDAYS_ABBR[number] for number in range(7)],
        "language": language,
        "stopped": labels.stopped_names(programme_row),
        "phone": read_sending(request.clinic.pk).phone,
    }
    return render(request, "homecare/sheet.html", context)


def hide_places(goes: queries.HowItGoes) -> None:
    """Take muscles, sides and tender spots out of how it goes, for a reader who may not see them."""
    goes.spots = []
    for course in goes.courses:
        course.told |= labels.describe_step(contents.without_place(course.told))


STATUS_ACTIONS = {
    "pause": actions.pause_programme,
    "resume": actions.resume_programme,
    "end": actions.end_programme,
}


@page(scope="homecare:write", action="page.programme.status", methods="POST")
def change_status(request: PageRequest, programme_id: UUID, change: str) -> HttpResponse:
    programme_row = find(request, programme_id, lock=True)
    if change == "discard":
        actions.discard_programme(programme=programme_row, by=request.actor)
        return redirect("patient", programme_row.patient_id)
    if change not in STATUS_ACTIONS:
        raise NotFound
    revision = seen_revision(request.POST)
    try:
        STATUS_ACTIONS[change](programme=programme_row, revision=revision, by=request.actor, at=timezone.now())
    except (Invalid, safety_stops.ProgrammeRedFlagStop) as refusal:
        for error in refusal.errors:
            toasts.error(request, message_of(error))
    return redirect("programme", programme_row.pk)


# --- Reminders ------------------------------------------------------------------------------------------------


@page(scope="homecare:write", action="page.programme.reminders", methods="GET POST")
def reminders(request: PageRequest, programme_id: UUID) -> HttpResponse:
    """When and how the patient is reminded; and, beside it, how they may be reached."""
    programme_row = find(request, programme_id, lock=request.method == "POST")
    errors: list[FieldError] = []
    if request.method == "POST":
        try:
            if request.POST.get("allow") in CHANNELS:
                messages.allow_address(patient=programme_row.patient, channel=request.POST["allow"], by=request.actor)
            elif "contact" in request.POST:
                set_contact(request, programme_row.patient)
            else:
                set_plan(request, programme_row)
                toasts.success(request, _("Saved."))
                return redirect("programme", programme_row.pk)
            return redirect("programme_reminders", programme_row.pk)
        except Invalid as refusal:
            errors = refusal.errors
    patient = Patient.objects.get(pk=programme_row.patient_id)
    plan = ReminderPlan.objects.filter(programme=programme_row).first()
    times = [t.strftime("%H:%M") for t in plan.times] if plan else ["08:00"]
    if errors and "contact" not in request.POST:
        times = [t for t in request.POST.getlist("times") if t]
    usable = addresses.usable_channels(patient)
    context = {
        "programme": programme_row,
        "patient": patient,
        "plan": plan,
        "times": (times + [""] * TIMES_SHOWN)[: max(TIMES_SHOWN, len(times))],
        "weekdays": list(enumerate(labels.WEEKDAYS)),
        "chosen_days": plan.weekdays if plan else list(range(7)),
        "channels": [(c, message_words.CHANNELS[c], c in usable, bool(plan and c in plan.channels)) for c in CHANNELS],
        "consents": [(c, message_words.CHANNELS[c], getattr(patient, f"consent_{c}")) for c in CHANNELS],
        "came_back": [
            (c, message_words.CHANNELS[c])
            for c in CHANNELS
            if addresses.obstacle(patient, c, request.clinic.country) == "address_refused"
        ],
        "zone": zone_of(patient).key,
        "errors": errors,
        "may_write_patient": "patients:write" in request.actor.scopes,
    }
    return render(request, "homecare/reminders.html", context, status=400 if errors else 200)


def set_contact(request: PageRequest, patient: Patient) -> None:
    """:raises Invalid:"""
    locked = Patient.objects.select_for_update(of=("self",)).get(pk=patient.pk)
    changes: dict[str, Any] = {}
    for name in ("email", "phone", "time_zone"):
        if name in request.POST:
            changes[name] = request.POST[name].strip() or ("" if name == "time_zone" else None)
    for channel in CHANNELS:
        answer = request.POST.get(f"consent_{channel}")
        if answer in CONSENT_ANSWERS:
            changes[f"consent_{channel}"] = answer
    patients.change_patient(patient=locked, changes=changes, by=request.actor, at=timezone.now())


def set_plan(request: PageRequest, programme: Programme) -> None:
    """:raises Invalid:"""
    post = request.POST

    def number(name: str) -> int | None:
        text = post.get(name, "").strip()
        if not text:
            return None
        if not (text.isascii() and text.isdigit() and len(text) < 4):
            raise Invalid.at(f"/{name}", "invalid.whole_number")
        return int(text)

    times: list[time] = []
    for at, text in enumerate(post.getlist("times")):
        if text.strip():
            try:
                programme_row = parse_time(text.strip())
            except ValueError:
                programme_row = None
            if programme_row is None:
                raise Invalid.at(f"/times/{at}", "invalid.time")
            times.append(programme_row.replace(second=0, microsecond=0))
    actions.set_reminders(
        programme=programme,
        channels=post.getlist("channels"),
        times=times,
        weekdays=[int(day) for day in post.getlist("weekdays") if day in "0123456" and day],
        fade_after_weeks=number("fade_after_weeks"),
        fade_to_days=number("fade_to_days"),
        by=request.actor,
        at=timezone.now(),
    )


@page(scope="homecare:write", action="page.programme.send_link", methods="POST")
def send_link(request: PageRequest, programme_id: UUID) -> HttpResponse:
    programme_row = find(request, programme_id, lock=True)
    actions.send_link_now(programme=programme_row, by=request.actor, at=timezone.now())
    toasts.success(request, _("The link is on its way."))
    return redirect("programme", programme_row.pk)


@page(scope="homecare:read", action="page.messages.dry_run")
def preview(request: PageRequest) -> HttpResponse:
    """What would go out in the next day, and what would hold it back as of now. Nothing is sent or changed."""
    with timezone.override(ZoneInfo(request.clinic.time_zone)):
        lines = dry_run.lines(request.clinic, now=timezone.now(), ahead=timedelta(days=1))
        request.trace.saw(*(line.patient_id for line in lines))
        return render(request, "homecare/preview.html", {"lines": lines, "words": message_words})


# --- Templates and pictures -----------------------------------------------------------------------------------


@page(scope="homecare:write", action="page.template.save", methods="POST")
def save_template(request: PageRequest, programme_id: UUID) -> HttpResponse:
    programme_row = find(request, programme_id)
    version, steps = queries.current_version(programme_row)
    content = programme_row.draft or (contents.of_version(version, steps) if version else {})
    programme_templates.save_template(name=request.POST.get("name", ""), content=content, by=request.actor)
    toasts.success(request, _("Template saved."))
    return redirect("programme", programme_row.pk)


@page(scope="homecare:write", action="page.template.delete", methods="POST")
def delete_template(request: PageRequest, template_id: UUID) -> HttpResponse:
    template = Template.objects.filter(pk=template_id).first()
    if template is None:
        raise NotFound
    programme_templates.delete_template(template=template, by=request.actor)
    return redirect("pictures")


@page(scope="homecare:write", action="page.pictures", methods="GET POST")
@takes_large_body
def pictures(request: PageRequest) -> HttpResponse:
    """The clinic's own pictures and templates."""
    errors: list[FieldError] = []
    if request.method == "POST":
        upload = request.FILES.get("picture")
        try:
            if upload is None:
                raise Invalid.at("/picture", "required.picture")
            name = request.POST.get("name", "").strip() or upload.name or ""
            programme_templates.add_picture(name=name, upload=upload.read(), by=request.actor)
            return redirect("pictures")
        except Invalid as refusal:
            errors = refusal.errors
    context = {
        "pictures": Picture.objects.defer("content").order_by("name"),
        "templates": Template.objects.order_by("name"),
        "errors": errors,
    }
    return render(request, "homecare/pictures.html", context, status=400 if errors else 200)


@page(scope="homecare:read", action="page.picture")
def picture(request: PageRequest, picture_id: UUID) -> HttpResponse:
    programme_row = Picture.objects.filter(pk=picture_id).first()
    if programme_row is None:
        raise NotFound
    return HttpResponse(bytes(programme_row.content), content_type="image/webp")
