"""The list of patients, a new patient, and the page of one."""

from __future__ import annotations

import re
from datetime import date
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

import catalogue
from accounts.models import User
from accounts.queries import shows_classification
from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from assessments import measures
from assessments.models import Assessment
from assessments.outcomes.web.views import series_lines
from assessments.queries import flag_state
from assessments.web import labels
from assessments.web.patient_flags import open_line
from errors.exceptions import Invalid, NotFound
from homecare.labels import STATUSES
from homecare.models import Programme
from homecare.web.summary import home_summary
from patient_forms.models import FormRequest
from patient_forms.rules import ANSWERED
from patients import actions
from patients.models import Patient
from patients.queries import identities
from patients.rules import search_prefixes
from patients.search import matching
from patients.web import duplicates
from patients.web.details import NEW, DetailsForm, known_facts
from scheduling.labels import STATUSES as VISITS
from scheduling.queries import ahead
from treatments.adverse_events.web import views as adverse_events
from treatments.consents.web.views import summary_of
from treatments.models import Session
from treatments.plans.web.views import newest_plan
from treatments.rules import TECHNIQUES
from worklist.models import Item
from worklist.web.labels import why
from workspace import body_pictures, graphs, overviews, queries
from workspace.web.kinds import PAGES
from workspace.web.merging import merges_into

PAGE = 40
TIMELINE = 30


@page(scope="patients:read", action="page.patients", methods="GET POST")
def patient_list(request: PageRequest) -> HttpResponse:
    """
    By name, a page at a time: the next page starts after the last name, so no page is ever slow or drifts.

    What is searched for comes by POST, because a name belongs in no address.
    """
    request.trace.reads = True
    text = request.POST.get("q", "").strip()[:100]
    people = Patient.objects.living_record().in_name_order().prefetch_related("alerts")
    place = None
    after = request.POST.get("after") or request.GET.get("after", "")
    if after:
        key = as_uuid(after)
        last = Patient.objects.filter(pk=key).first() if key else None
        if last is None:
            raise NotFound
        place = (last.sort_name, last.pk)
        people = people.filter(sort_name__gte=last.sort_name).exclude(sort_name=last.sort_name, pk__lte=last.pk)
    if text:
        people = matching(people, text, first=PAGE + 1, after=place)
    page_rows = list(people[: PAGE + 1])
    more = page_rows[PAGE - 1].pk if len(page_rows) > PAGE else None
    request.trace.saw(*(p.pk for p in page_rows[:PAGE]))
    context = {"people": page_rows[:PAGE], "more": more, "q": text}
    template = "workspace/patient_lines.html" if request.htmx else "workspace/patients.html"
    return render(request, template, context)


@page(scope="patients:write", action="page.patient.new", methods="GET POST")
def new_patient(request: PageRequest) -> HttpResponse:
    """
    Register a patient. Whoever looks like one who is there is shown first: to be opened, or to be told apart.

    `two_people` are the ids of those that the form has shown; the button that says so sends them. What was typed into a
    search comes along by POST, because a name belongs in no address; a time that was tapped in the calendar stands in
    the address, and leads back to the booking.
    """
    is_start = "typed" in request.POST
    form = DetailsForm(None if is_start else request.POST or None, names=NEW)
    if is_start:
        form.initial.update(read_typed(request.POST["typed"]))
    alike: list[dict[str, Any]] = []
    if request.method == "POST" and form.is_valid():
        told_apart = [pk for text in request.POST.get("two_people", "").split() if (pk := as_uuid(text))]
        alike = duplicates.lines(request, form.sent())
        if all(line["patient"].pk in told_apart for line in alike):
            try:
                with transaction.atomic():
                    patient = actions.register_patient(details=form.sent(), by=request.actor, at=timezone.now())
                    for line in alike:
                        other = line["patient"].pk
                        actions.say_two_people(
                            patient_id=patient.pk, other_id=other, by=request.actor, at=timezone.now()
                        )
                if "booking" in request.GET:
                    return redirect_to_booking(request, patient)
                return redirect("patient", patient.pk)
            except Invalid as refusal:
                form.show(refusal)
    status = 400 if form.errors else 409 if alike else 200
    context = {"form": form, "duplicates": alike, "booking_query": urlencode(read_tapped(request))}
    return render(request, "workspace/new_patient.html", context, status=status)


def read_typed(text: str) -> dict[str, Any]:
    """
    What was searched for, as the details of a new patient: "Anna Muster" and "Muster, Anna" are names, a date is the
    birth date, and a long number is a phone.
    """
    details: dict[str, Any] = {}
    words = []
    for word in " ".join(text[:100].split()).split(" "):
        dates = [prefix for prefix in search_prefixes(word) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", prefix)]
        day = parse_valid_date(dates[0]) if len(dates) == 1 else None
        if day is not None:
            details["birth_date"] = day
        elif not any(character.isdigit() for character in word):
            words.append(word)
    digits = re.sub(r"[\s/()-]", "", text)
    if re.fullmatch(r"\+?\d{6,15}", digits):
        return {"phone": text.strip()}
    name = " ".join(words)
    family, comma, given = name.partition(",")
    if not comma:
        given, _blank, family = name.rpartition(" ")
    return details | {"family_name": family.strip(), "given_names": given.strip()}


def parse_valid_date(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def read_tapped(request: PageRequest) -> dict[str, str]:
    """The time that was tapped in the calendar, as the booking's page takes it."""
    return {name: request.GET[name][:36] for name in ("at", "therapist", "room") if request.GET.get(name)}


def redirect_to_booking(request: PageRequest, patient: Patient) -> HttpResponse:
    """Back to the booking, with the time that was tapped, if there was one."""
    tapped = read_tapped(request)
    path = reverse("book", args=[patient.pk])
    return redirect(f"{path}?{urlencode(tapped)}" if tapped else path)


@page(scope="patients:read", action="page.patient")
def patient(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Who, alerts first; at a glance what helped, what changed, what next; then everything behind it."""
    patient = _find_patient(patient_id)
    if patient.merged_into_id:
        return redirect("patient", patient.merged_into_id)
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    context = read_patient(request, patient, people)
    context["form_to_review"] = FormRequest.objects.of_patients(people).filter(status=ANSWERED).first()
    facts = [*patient.conditions.all(), *patient.medications.all()]
    lines = duplicates.lines(request, patient, known_as_two=True)
    context["duplicates"] = [line for line in lines if not line["two_people"]]
    context["told_apart"] = [line for line in lines if line["two_people"]]
    context["merges"] = merges_into(people)
    context |= {"details": known_facts(patient), "facts": [fact for fact in facts if fact.ended_at is None]}
    if "treatments:read" in request.actor.scopes:
        context["adverse_events"] = adverse_events.summary_of(people)
    return render(request, "workspace/patient.html", context)


@page(scope="assessments:read", action="page.briefing")
def briefing(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """One page to read, or to print, before the patient comes in. From our own record only."""
    patient = _find_patient(patient_id)
    if patient.merged_into_id:
        return redirect("patient_briefing", patient.merged_into_id)
    people = identities(clinic_id=request.clinic.pk, patient_id=patient_id)
    context = read_patient(request, patient, people)
    return render(request, "workspace/briefing.html", {**context, "now": timezone.now()})


def _find_patient(patient_id: UUID) -> Patient:
    patient = Patient.objects.with_everything().filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    return patient


def read_patient(request: PageRequest, patient: Patient, people: list[UUID]) -> dict[str, Any]:
    """Everything clinical of a patient, as far as the role goes."""
    request.trace.saw(*people)
    context: dict[str, Any] = {"patient": patient, "alerts": [a for a in patient.alerts.all() if a.ended_at is None]}
    scopes = request.actor.scopes
    if "assessments:read" in scopes:
        context["open_flags"] = [open_line(flag) for flag in flag_state(people, at=timezone.now()).open]
        context |= clinical(people, request.clinic.rule_set)
        context["outcomes"] = series_lines(people)
    if "treatments:read" in scopes:
        context["treatment_plan"] = newest_plan(people, request.clinic.pk)
        context["consents"] = summary_of(people)
    if "homecare:read" in scopes:
        context |= at_home(people)
    if {"assessments:read", "treatments:read"} <= scopes:
        context |= overview(context)
    return context


def overview(context: dict[str, Any]) -> dict[str, Any]:
    """What helped, what changed, what comes next: from what the page has read."""
    patient_id, timeline = context["patient"].pk, context["timeline"]
    signed = [line["document"] for line in timeline if line["document"].status == "signed"]
    names = User.objects.in_bulk({document.signed_by_id for document in signed[:1]})
    programmes = [p for p, _status in context.get("programmes", ()) if p.started_on]
    home = [(p.started_on, timezone.localdate(p.ended_at) if p.ended_at else None) for p in programmes]
    cells = [
        overviews.pain_cell(context["pains"]),
        overviews.points_cell(context["course_rows"]),
        overviews.disability_cell(context["outcomes"], reverse("outcomes", args=[patient_id])),
        overviews.last_visit_cell(timeline, {pk: user.name for pk, user in names.items()}),
        overviews.next_visit_cell(context.get("visits", ()), reverse("book", args=[patient_id])),
        overviews.home_cell(context.get("at_home")),
        overviews.safety_cell(
            context["open_flags"], context["alerts"], reverse("patient_red_flags", args=[patient_id])
        ),
    ]
    visits = overviews.fold_by_visit(timeline)
    return {
        "strip": [cell for cell in cells if cell is not None],
        "effects": overviews.list_effects([d for d in signed if isinstance(d, Session)], home),
        "visits_folded": visits[: overviews.SHOWN_VISITS],
        "earlier_visits": visits[overviews.SHOWN_VISITS :],
    }


def at_home(people: list[UUID]) -> dict[str, Any]:
    """The home programme that runs (or the newest), how it goes, and what waits for somebody."""
    programmes = Programme.objects.of_patients(people).select_related("patient").newest_first()
    running = next((p for p in programmes if p.status in ("active", "paused")), None)
    waits = Item.objects.open().filter(patient_id__in=people).by_urgency()
    return {
        "programmes": [(p, STATUSES[p.status]) for p in programmes[:5]],
        "visits": ahead(list(people), timezone.now(), limit=4),
        "visit_words": VISITS,
        "running": running,
        "at_home": home_summary(running) if running else None,
        "alarms": [why(item) for item in waits if item.about.alarm],
        "waits": [why(item) for item in waits if not item.about.alarm],
    }


def clinical(people: list[UUID], rule_set: str) -> dict[str, Any]:
    """Timeline, courses and graphs of one person."""
    courses = queries.courses(people, rule_set=rule_set)
    regions = frozenset(catalogue.MUSCLES[course.muscle]["region"] for course in courses)
    treated = sorted({s["at"] for c in courses for s in c.steps if s["what"] == "treated"})
    series = queries.series(people)
    return {
        "timeline": timeline(people),
        "course_rows": courses,
        "courses": [_course(course) for course in courses],
        "pictures": body_pictures.draw_points([_picture_point(course) for course in courses]),
        "pains": next((one.values for one in series if one.kind == "pain"), []),
        "graphs": [_graph(one, treated, regions) for one in series if len(one.values) > 1],
    }


def timeline(people: list[UUID]) -> list[dict[str, Any]]:
    """Exams and sessions, newest first."""
    exams = Assessment.objects.of_patients(people).with_parts().newest_first()[:TIMELINE]
    sessions = Session.objects.of_patients(people).with_parts().newest_first()[:TIMELINE]
    lines: list[dict[str, Any]] = [
        *({"pages": PAGES["exam"], "document": exam, "findings": list(exam.findings.all())} for exam in exams),
        *(
            {
                "pages": PAGES["session"],
                "document": session,
                "techniques": [_(TECHNIQUES[i.technique].label) for i in session.interventions.all()],
            }
            for session in sessions
        ),
    ]
    for line in lines:
        for finding in line.get("findings", ()):
            finding.name, finding.side_name = (
                _(catalogue.MUSCLES[finding.muscle_id]["name"]),
                labels.SIDES[finding.side],
            )
            finding.shown_class = finding.class_code if shows_classification() else ""
            finding.class_word = labels.CLASSES.get(finding.shown_class, "")
    lines.sort(key=lambda line: line["document"].performed_at, reverse=True)
    return lines[:TIMELINE]


def _name(muscle: str, side: str, place: str = "") -> str:
    parts = [_(catalogue.MUSCLES[muscle]["name"]), str(labels.SIDES[side]) if side else "", place]
    return " · ".join(part for part in parts if part)


def _course(course: queries.Course) -> dict[str, Any]:
    steps = [
        {**step, "word": labels.CLASSES.get(step["class"], _("examined")), "then": _said_then(step)}
        if step["what"] == "found"
        else {**step, "word": _(TECHNIQUES[step["technique"]].label)}
        for step in course.steps
    ]
    found = [step for step in steps if step["what"] == "found"]
    return {
        "number": course.number,
        "name": _name(course.muscle, course.side, course.place),
        "steps": steps,
        "first": found[0] if len(found) > 1 else None,
        "then": found[-1]["then"] if found else "",
        "now": course.now,
        "state": course.judged.state if course.judged else "",
        "word": labels.POINT_STATES[course.judged.state] if course.judged else "",
        "treated": sum(step["what"] == "treated" for step in steps),
    }


def _said_then(step: dict[str, Any]) -> str:
    """What was said at the time, where the clinic's rule set of today says another class."""
    class_then = step.get("class_then", step["class"])
    return "" if class_then == step["class"] else str(labels.CLASSES[class_then])


def _picture_point(course: queries.Course) -> body_pictures.Point:
    parts = (_name(course.muscle, course.side, course.place), str(labels.CLASSES.get(course.now, "")))
    touched = course.point
    return body_pictures.Point(
        label=str(course.number),
        kind=course.now or ("no_trigger_point" if shows_classification() else "recorded"),
        name=", ".join(part for part in parts if part),
        muscle=course.muscle,
        side=course.side,
        place=(touched["view"], touched["x"], touched["y"]) if touched else None,
    )


def _graph(one: queries.MeasureSeries, treated: list[Any], regions: frozenset[str]) -> dict[str, Any]:
    titles = {"pain": _("Pain, 0 to 10"), "ppt_kpa": _("Threshold, kPa"), "rom_deg": _("Range, degrees")}
    about = ""
    if one.kind == "ppt_kpa" and one.about:
        about = _name(one.about, one.side)
    elif one.kind == "rom_deg":
        about = f"{_(catalogue.MOVEMENTS[one.about])}{f', {labels.SIDES[one.side]}' if one.side else ''}"
    subject = measures.Subject(
        regions=regions,
        movement=one.about if one.kind == "rom_deg" else "",
        muscle=one.about if one.kind == "ppt_kpa" else "",
    )
    band = graphs.band_of(one.kind, one.values, subject)
    values = [(at, f"{round(value, 1):g}") for at, value in one.values]
    return {
        "title": f"{titles[one.kind]}{f' · {about}' if about else ''}",
        "drawing": graphs.graph(one.kind, one.values, treated, band),
        "values": values,
        "first": values[0][1],
        "last": values[-1][1],
        "first_on": overviews.day_of(one.values[0][0]),
        "last_on": overviews.day_of(one.values[-1][0]),
        "spoken": "; ".join(f"{overviews.day_of(at)} {value}" for at, value in values),
        "band": band,
    }
