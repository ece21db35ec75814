"""
The patient's page: today's steps, how it went, whether something is wrong. One column, no account, no script needed.

The address carries nothing: who it is for stands in a short-lived cookie that `messaging.web.patient` gave to the
person who opened the link.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from audit import actions as audit
from database import tenancy
from errors.exceptions import Conflict, Invalid
from homecare import labels as words
from homecare import queries, rules
from homecare.checkins import actions as check_in_actions
from homecare.checkins import questions
from homecare.models import CheckIn, Occurrence, Picture, Programme, Step, Version
from homecare.programmes import actions, safety_stops
from homecare.reminders import calendar
from identity.proxies import client_address
from messaging import links
from messaging.texts import language_of
from messaging.web.link_sessions import LinkSession, visit_page
from messaging.web.patient import actor_for_patient, without_account
from patient_forms.questions import Question


def programme_of(visit: LinkSession) -> Programme | None:
    programmes = Programme.objects.filter(pk=visit.link.about_id, patient_id=visit.patient.pk).select_related("patient")
    return programmes.first() if visit.link.purpose == "check_in" else None


def find_check_ins(visit: LinkSession) -> QuerySet[CheckIn]:
    """What was answered of what the link is for; a link to something else shows nothing of it."""
    if visit.link.purpose == "soreness":
        return CheckIn.objects.filter(session_id=visit.link.about_id, patient_id=visit.patient.pk)
    programme = programme_of(visit)
    return CheckIn.objects.filter(programme=programme) if programme else CheckIn.objects.none()


def labels() -> dict[str, str]:
    return {
        "steps": _("Today"),
        "pain": _("Your worst pain today"),
        "soreness": _("How sore is it where you were needled?"),
        "note": _("Anything to tell us?"),
        "wrong": _("Something is wrong"),
    }


def list_questions(visit: LinkSession) -> tuple[str, list[Question]]:
    """Title and questions of the page, with what was answered already; no questions if nothing is asked any more."""
    if visit.link.purpose == "soreness":
        before = CheckIn.objects.filter(link=visit.link).first()
        return _("After your visit"), questions.of_soreness(before, labels())
    programme = programme_of(visit)
    if programme is None or programme.status != Programme.Status.ACTIVE:
        return "", []
    version, steps = queries.current_version(programme)
    assert version is not None
    before = (
        CheckIn.objects.filter(programme=programme, local_date=visit.today).prefetch_related("answers__step").first()
    )
    return version.title, questions.of_day(steps, before, labels())


@visit_page
def check_in(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    title, page = list_questions(visit)
    # What was filled in before it was stopped is kept: it may say what is wrong.
    if is_stopped(visit) and not (page and request.method == "POST"):
        return render(request, "homecare/stopped.html", {"visit": visit})
    if not page:
        return render(request, "messaging/nothing_here.html", {"visit": visit})
    errors: list[Any] = []
    if request.method == "POST":
        answers = questions.parse_answers(page, request.POST)
        try:
            record(visit, answers)
            if "all" in request.POST:  # the steps are kept; what else there is to say comes below them
                return HttpResponseRedirect(f"{reverse('check_in')}#ask")
            return redirect("check_in_thanks")
        except Invalid as refusal:
            errors, page = refusal.errors, questions.refill(page, answers)
        except Conflict:
            if is_stopped(visit):
                return render(request, "homecare/stopped.html", {"visit": visit}, status=409)
            return render(request, "messaging/nothing_here.html", {"visit": visit}, status=409)
    note = ""
    programme = programme_of(visit)
    if programme is not None:
        version, _steps = queries.current_version(programme)
        note = version.note if version else ""
    context = {
        "visit": visit,
        "title": title,
        "questions": page,
        "errors": errors,
        "note": note,
        "today": visit.today,
        "scale": range(11),
        "reasons": words.REASONS,
        "spot_places": words.spot_places(),
    }
    return render(request, "homecare/check_in.html", context, status=400 if errors else 200)


def is_stopped(visit: LinkSession) -> bool:
    """Whether the safety check has paused the programme that the link is for, or would if it were asked now."""
    programme = programme_of(visit)
    if programme is None:
        return False
    if programme.status == Programme.Status.ACTIVE:
        return bool(safety_stops.find_stops(programme, at=timezone.now()))
    return programme.status == Programme.Status.PAUSED and programme.stopped_at is not None


def record(visit: LinkSession, answers: rules.CheckInAnswers) -> CheckIn:
    facts: dict[str, Any] = {"answers": answers, "link": visit.link, "by": visit.actor, "at": timezone.now()}
    if visit.link.purpose == "soreness":
        return check_in_actions.answer_soreness(session_id=visit.link.about_id, **facts)
    return check_in_actions.answer_day(programme_id=visit.link.about_id, **facts)


@visit_page
def thanks(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    """Thanks, what happens next, and, if something is wrong, what to do now."""
    check_ins = find_check_ins(visit)
    last = check_ins.order_by("-answered_at").first()
    if last is None:
        return redirect("check_in")
    rows = rules.rows_for([code for code in last.wrong if code in rules.WRONG])
    following = Occurrence.objects.filter(
        patient_id=visit.patient.pk, status=Occurrence.Status.PLANNED, kind="check_in", due_at__gt=timezone.now()
    )
    programme = programme_of(visit)
    context = {
        "visit": visit,
        "at_once": "red_flag" in rows,
        "cauda": "bladder_or_bowel" in last.wrong,
        "stopped": is_stopped(visit),
        "told": bool(rows),
        "stop": any(rules.WRONG[code].stop_sign for code in last.wrong if code in rules.WRONG),
        "next": following.filter(local_date__gt=visit.today).order_by("due_at").first(),
        "days": check_ins.filter(programme__isnull=False).count(),
        "running": programme is not None and programme.status == Programme.Status.ACTIVE,
    }
    return render(request, "homecare/thanks.html", context)


@visit_page
def calendar_address(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    """Make the secret address of the calendar, and show it once."""
    programme = programme_of(visit)
    if programme is None or request.method != "POST":
        return redirect("check_in")
    url = actions.calendar_link(programme=programme, by=visit.actor, at=timezone.now())
    address = url.replace("/c/", "/c/calendar/").rstrip("/") + ".ics"
    webcal = address.replace("https://", "webcal://").replace("http://", "webcal://")
    return render(request, "homecare/calendar_address.html", {"visit": visit, "address": address, "webcal": webcal})


@without_account
def calendar_feed(request: HttpRequest, token: str) -> HttpResponse:
    """The programme's times as iCalendar. A calendar program asks for it, so the address is all there is."""
    with links.open_scope(token) as link_row:
        link = (
            link_row
            if link_row and link_row.purpose == "calendar" and links.is_open(link_row, timezone.now())
            else None
        )
    if link is None:
        raise Http404
    with tenancy.scope(link.clinic_id):
        programme = Programme.objects.filter(pk=link.about_id).select_related("patient__clinic").first()
        if programme is None:
            raise Http404
        language = language_of(programme.patient.language, programme.patient.clinic.locale)
        with translation.override(language):
            feed = calendar.render_feed(programme)
        by = actor_for_patient(link, ip=client_address(request) or None)
        audit.log("programme.calendar.read", by=by, target_id=programme.pk, patient_ids=[programme.patient_id])
    response = HttpResponse(feed, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = 'inline; filename="exercises.ics"'
    return response


@visit_page
def picture(request: HttpRequest, visit: LinkSession, picture_id: UUID) -> HttpResponse:
    """A clinic's picture, if it stands in this patient's programme."""
    programme = programme_of(visit)
    steps_with_it = (
        Step.objects.filter(picture_id=picture_id, version__in=Version.objects.filter(programme=programme))
        if programme
        else Step.objects.none()
    )
    picture = Picture.objects.filter(pk=picture_id).first() if steps_with_it.exists() else None
    if picture is None:
        raise Http404
    return HttpResponse(bytes(picture.content), content_type="image/webp")
