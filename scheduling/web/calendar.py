"""The calendar: a day by therapist or room, a week of everybody, a week of one; and the feed for calendar programs."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages as toasts
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from accounts.models import Membership
from accounts.queries import clinic_zone
from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from audit import actions as audit
from clock.wall_clock import is_in_reach
from database import tenancy
from identity.actor import Actor
from messaging import links
from messaging.web.patient import without_account
from scheduling import ics, labels, queries, rules
from scheduling.availability import slots
from scheduling.models import Appointment, AppointmentType, Feed, Hours
from scheduling.setup import actions as setup_actions
from scheduling.web import calendar_blocks

VIEWS = ("day", "week")
FROM_HOUR, UNTIL_HOUR = 7, 20  # shown at least; earlier and later appointments stretch it
FED_BACK, FED_AHEAD = timedelta(days=30), timedelta(days=180)


def on(request: PageRequest, today: date) -> date:
    try:
        day = parse_date(request.GET.get("on", ""))
    except ValueError:
        day = None
    return day if day and is_in_reach(day) else today


@page(scope="scheduling:read", action="page.calendar")
def calendar(request: PageRequest) -> HttpResponse:
    zone = clinic_zone(request.clinic.pk)
    now = timezone.now().astimezone(zone)
    day = on(request, now.date())
    view = request.GET.get("view", "day") if request.GET.get("view") in VIEWS else "day"
    being_moved = moving(request)
    by = "room" if request.GET.get("by") == "room" else "therapist"
    only = as_uuid(request.GET.get("only", ""))
    column_ids = {visit.pk for visit in (queries.rooms() if by == "room" else queries.therapists(request.clinic.pk))}
    only = only if only in column_ids else None
    if being_moved is not None and only is None:
        view = "day"  # the new time is tapped among a day's hours
    first = day - timedelta(days=day.weekday()) if view == "week" else day
    columns = queries.calendar(
        request.clinic.pk, first=first, days=7 if view == "week" else 1, by=by, only=only, zone=zone
    )
    days = choose_days(columns, first) if view == "week" else [day]
    visits = [visit for column in columns for some in column.visits.values() for visit in some]
    request.trace.saw(*{visit.patient_id for visit in visits})
    types = list(AppointmentType.objects.order_by("pk"))
    looks = calendar_blocks.looks_of([type_.name for type_ in types])
    gaps = find_gaps(request, types, by=by, now=now)
    from_hour, until_hour = span(columns, zone)
    step = timedelta(days=7 if view == "week" else 1)
    context = {
        "view": view,
        "by": by,
        "only": only,
        "day": day,
        "days": days,
        "today": now.date(),
        "now": now,
        "before": day - step,
        "after": day + step,
        "from_hour": from_hour,
        "until_hour": until_hour,
        "lanes": lanes(columns, days, zone, looks, one=bool(only) and view == "week") if view == "day" or only else [],
        "rows": [] if view == "day" or only else rows(columns, days, zone, looks, gaps),
        "types": [(type_.name, looks[type_.name]) for type_ in types if type_.is_active],
        "people": queries.therapists(request.clinic.pk),
        "rooms": queries.rooms(),
        "count": len(visits),
        "has_hours": any(column.hours for column in columns) or Hours.objects.exists(),
        "step_min": slots.booking_of(request.clinic.pk).step_min,
        "statuses": [(code, labels.STATUSES[code], status.mark) for code, status in rules.STATUSES.items()],
        "moving": being_moved,
        "zone": zone.key,
        "may_book": "scheduling:write" in request.actor.scopes,
    }
    return render(request, "scheduling/calendar.html", context)


def span(columns: list[queries.Column], zone: ZoneInfo) -> tuple[int, int]:
    """The hours that the page shows: the usual ones, whatever is worked, what is booked and an hour after it."""
    hour = timedelta(hours=1)
    visits = [visit for column in columns for some in column.visits.values() for visit in some]
    stretches = [(visit.starts_at, visit.ends_at + hour) for visit in visits]
    stretches += [pair for column in columns for some in column.hours.values() for pair in some]
    first, last = FROM_HOUR, UNTIL_HOUR
    for starts_at, ends_at in stretches:
        begins, length = calendar_blocks.minute(starts_at, zone), (ends_at - starts_at) // timedelta(minutes=1)
        first, last = min(first, begins // 60), max(last, -(-(begins + length) // 60))
    return first, min(last, 24)


def moving(request: PageRequest) -> Appointment | None:
    """The appointment that is being moved by two taps: this was the first."""
    pk = as_uuid(request.GET.get("moving", ""))
    if pk is None:
        return None
    appointment = Appointment.objects.select_related("patient").filter(pk=pk, status__in=rules.UPCOMING).first()
    if appointment is not None:
        request.trace.saw(appointment.patient_id)
    return appointment


def choose_days(columns: list[queries.Column], first: date) -> list[date]:
    """Monday to Friday, and the weekend if anybody works or comes."""
    days = [first + timedelta(days=number) for number in range(7)]
    used = {day for column in columns for day in (*column.visits, *column.hours)}
    return [day for day in days if day.weekday() < 5 or day in used]


def find_gaps(request: PageRequest, types: list[AppointmentType], *, by: str, now: datetime) -> calendar_blocks.Gaps:
    """Free time that is long enough for the shortest type; a tap on it books, where it says who is to treat."""
    may_book = "scheduling:write" in request.actor.scopes and by == "therapist"
    least = min((type_.length for type_ in types if type_.is_active), default=timedelta(minutes=15))

    def address(column: queries.Column, at: datetime) -> str:
        if not may_book or column.id is None:
            return ""
        tapped = {"at": f"{at:%Y-%m-%dT%H:%M}", "therapist": column.id}
        return f"{reverse('new_appointment')}?{urlencode(tapped)}"

    return calendar_blocks.Gaps(now, least, address)


def lanes(
    columns: list[queries.Column], days: list[date], zone: ZoneInfo, looks: calendar_blocks.Looks, *, one: bool
) -> list[dict[str, Any]]:
    """The columns of a day's grid: the therapists (or rooms), or the days of one of them."""
    return [
        {
            "id": column.id,
            "day": day,
            "name": day if one else column.name,
            "is_day": one,
            "visits": calendar_blocks.day_of(column, day, zone, looks),
            "hours": calendar_blocks.hours_of(column, day, zone),
            "count": len(column.visits.get(day, ())),
            "is_open": bool(column.hours.get(day)),
        }
        for column in columns
        for day in days
    ]


def rows(
    columns: list[queries.Column],
    days: list[date],
    zone: ZoneInfo,
    looks: calendar_blocks.Looks,
    gaps: calendar_blocks.Gaps,
) -> list[dict[str, Any]]:
    return [
        {
            "id": column.id,
            "name": column.name,
            "cells": [
                (
                    day,
                    calendar_blocks.day_with_gaps(column, day, zone, looks, gaps),
                    bool(column.hours.get(day)),
                )
                for day in days
            ],
        }
        for column in columns
    ]


# --- Feed -----------------------------------------------------------------------------------------------------


@page(scope="scheduling:read", action="page.calendar.feed", methods="GET POST")
def my_feed(request: PageRequest) -> HttpResponse:
    """A secret address for one's own calendar program; made, shown once, closed."""
    address, now = "", timezone.now()
    if not any(therapist_row.pk == request.user.pk for therapist_row in queries.therapists(request.clinic.pk)):
        return render(request, "scheduling/feed.html", {"nobody": True})
    if request.method == "POST":
        if "close" in request.POST:
            setup_actions.close_feed(user_id=request.user.pk, by=request.actor, at=now)
            toasts.success(request, _("The address no longer works."))
            return redirect("my_feed")
        address = setup_actions.make_feed(user_id=request.user.pk, by=request.actor, at=now)
    feed_row = Feed.objects.filter(user_id=request.user.pk, revoked_at=None).first()
    webcal = address.replace("https://", "webcal://").replace("http://", "webcal://")
    return render(request, "scheduling/feed.html", {"feed": feed_row, "address": address, "webcal": webcal})


@without_account
def feed(request: HttpRequest, token: str) -> HttpResponse:
    """A therapist's appointments as iCalendar. A calendar program asks for it, so the address is all there is."""
    with links.presenting(token) as sha256:
        feed = Feed.objects.filter(token_sha256=sha256, revoked_at=None).first()
    if feed is None:
        raise Http404
    now = timezone.now()
    with tenancy.scope(feed.clinic_id):
        member = Membership.objects.active().filter(clinic_id=feed.clinic_id, user_id=feed.user_id, role="therapist")
        if not member.exists():
            raise Http404
        mine = Appointment.objects.filter(
            therapist_id=feed.user_id, starts_at__gt=now - FED_BACK, starts_at__lt=now + FED_AHEAD
        )
        rows = list(mine.exclude(status=rules.CANCELLED).select_related("room").in_order())
        Feed.objects.filter(pk=feed.pk).update(read_at=now)
        by = Actor(clinic_id=feed.clinic_id, scopes=frozenset(), client_id="feed")
        audit.log("calendar.feed.read", by=by, target_id=feed.pk, patient_ids={row.patient_id for row in rows})
    answer = HttpResponse(ics.render_feed(rows, at=now), content_type="text/calendar; charset=utf-8")
    answer["Content-Disposition"] = 'inline; filename="palpate.ics"'
    return answer
