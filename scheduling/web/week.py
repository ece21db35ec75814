"""The weekly hours of one therapist as a grid: each day with its stretches, saved as one."""

from __future__ import annotations

from datetime import time
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_time
from django.utils.translation import gettext as _

from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from errors.exceptions import Invalid, NotFound
from errors.texts import message_of
from scheduling import labels, queries
from scheduling.models import Hours
from scheduling.setup import actions as setup_actions
from scheduling.setup.actions import Stretch

ROWS = 3  # stretches of a day that the grid has room for; who needs more has them in the list


@page(scope="scheduling:write", action="page.scheduling.week", methods="GET POST")
def week(request: PageRequest, therapist_id: UUID) -> HttpResponse:
    """Change a therapist's week; `copy` fills Tuesday to Friday with what stands at Monday, and saves nothing yet."""
    person = next((user for user in queries.therapists(request.clinic.pk) if user.pk == therapist_id), None)
    if person is None:
        raise NotFound
    user_id = person.pk
    rows = [[cell_of(row) for row in setup_actions.week_of(user_id) if row.weekday == day] for day in range(7)]
    problems: dict[int, list[str]] = {}
    if request.method == "POST":
        rows = [[sent_cell(request.POST, day, n) for n in range(ROWS)] for day in range(7)]
        if "copy" in request.POST:
            rows[1:5] = [list(rows[0]) for _day in range(4)]
        else:
            stretches = [
                stretch_of(day, cell, problems) for day in range(7) for cell in rows[day] if any(cell.values())
            ]
            if not problems and save(request, user_id, [one for one in stretches if one is not None], problems):
                return redirect("scheduling_setup", "hours")
    days = [
        {
            "number": day,
            "name": labels.WEEKDAYS[day],
            "cells": [*rows[day], *({} for _n in range(ROWS - len(rows[day])))][: max(ROWS, len(rows[day]))],
            "problems": problems.get(day, []),
        }
        for day in range(7)
    ]
    dated = Hours.objects.filter(user_id=user_id).exclude(from_date=None, until_date=None).count()
    context = {"person": person, "days": days, "rooms": queries.rooms(), "dated": dated}
    return render(request, "scheduling/week.html", context, status=400 if problems else 200)


def cell_of(row: Hours) -> dict[str, str]:
    room = str(row.room_id) if row.room_id else "online"
    return {"from": f"{row.from_time:%H:%M}", "until": f"{row.until_time:%H:%M}", "room": room}


def sent_cell(sent: Any, day: int, number: int) -> dict[str, str]:
    """What a form says of one stretch; a room alone says nothing."""
    cell = {name: sent.get(f"{name}-{day}-{number}", "").strip()[:40] for name in ("from", "until", "room")}
    return cell if cell["from"] or cell["until"] else {}


def stretch_of(day: int, cell: dict[str, str], problems: dict[int, list[str]]) -> Stretch | None:
    """The stretch of a day's cell; a time that is missing or none becomes a problem of that day."""
    times = [_time(cell.get(name, "")) for name in ("from", "until")]
    if times[0] is None or times[1] is None or times[0] >= times[1]:
        problems.setdefault(day, []).append(_("Enter a start, and an end after it."))
        return None
    return Stretch(day, times[0], times[1], as_uuid(cell["room"]))


def _time(text: str) -> time | None:
    try:
        return parse_time(text)
    except ValueError:
        return None


def save(request: PageRequest, user_id: UUID, stretches: list[Stretch], problems: dict[int, list[str]]) -> bool:
    """Save the week; what is refused is kept at its day. Return whether it was done."""
    try:
        setup_actions.set_week(user_id=user_id, stretches=stretches, by=request.actor, at=timezone.now())
    except Invalid as refusal:
        for error in refusal.errors:
            day = error.pointer.strip("/").split("/")[0]
            problems.setdefault(int(day) if day.isdigit() else 0, []).append(message_of(error))
        return False
    toasts.success(request, _("Saved."))
    return True
