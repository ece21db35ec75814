"""One appointment: how it stands, moved, cancelled; booking one, or a series."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.queries import clinic_zone
from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from clock.wall_clock import at_wall, is_in_reach
from errors.exceptions import Conflict, DomainError, Invalid, NotFound
from scheduling import labels, queries, rules, worklist_sync
from scheduling.availability import slots
from scheduling.booking import actions, locks
from scheduling.booking.locks import Time
from scheduling.models import Appointment, Change
from scheduling.series import actions as series

OFFERED = 12


def find(request: PageRequest, appointment_id: UUID) -> Appointment:
    """:raises NotFound:"""
    appointment_row = (
        Appointment.objects.with_names().select_related("series", "booked_by").filter(pk=appointment_id).first()
    )
    if appointment_row is None:
        raise NotFound
    request.trace.saw(appointment_row.patient_id)
    return appointment_row


def wall_moment(text: str, clinic_id: UUID) -> datetime:
    """
    A moment with its zone, or a time by the clinic's wall clock (`2026-11-23T09:30`).

    :raises Invalid:
    """
    try:
        appointment_row = parse_datetime(text)
    except ValueError:
        appointment_row = None
    if appointment_row is None or not is_in_reach(appointment_row):
        raise Invalid.at("/starts_at", "invalid.appointment_time")
    return appointment_row if appointment_row.tzinfo else at_wall(appointment_row, clinic_zone(clinic_id))


@page(scope="scheduling:read", action="page.appointment")
def appointment(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    """When, where, with whom; what comes next; where else it could be; what was changed."""
    return render_appointment(request, find(request, appointment_id))


def render_appointment(
    request: PageRequest, found: Appointment, *, refusal: DomainError | None = None, status: int = 200
) -> HttpResponse:
    now = timezone.now()
    nexts = rules.next_steps(found.status, starts_at=found.starts_at, at=now)
    free = []
    if found.status in rules.UPCOMING and "free" in request.GET:
        after = max(now, found.starts_at - timedelta(days=7))
        therapists = [] if request.GET.get("free") == "anybody" else [found.therapist_id]
        search = slots.Search(
            after, after + timedelta(weeks=6), therapists=therapists, patient_id=found.patient_id, but=[found.pk]
        )
        free = slots.free(found.as_booked, search, limit=OFFERED)
    siblings = found.series.appointments.in_order() if found.series else []
    context = {
        "one": found,
        "patient": found.patient,
        "now": now,
        "nexts": [(c, labels.STEPS[c]) for c in nexts],
        "status_word": labels.STATUSES[found.status],
        "words": labels,
        "refusal": refusal,
        "upcoming": found.status in rules.UPCOMING,
        "same_day": queries.same_day(found) if found.status in rules.HOLDING else [],
        "names": names(request),
        "free": free,
        "siblings": siblings,
        "corrections": [
            (code, word)
            for code, word in labels.STATUSES.items()
            if code not in (found.status, rules.CANCELLED, rules.PROPOSED, *nexts)
        ],
        "changes": list(Change.objects.filter(appointment=found).select_related("by").order_by("-id")),
        "next_free": refusal.extra.get("next_free", []) if refusal else [],
        "said": request.POST,
        "reach": request.POST.get("reach", rules.THIS),
        "hours_gone": worklist_sync.is_uncovered(found, now),
        "may_book": "scheduling:write" in request.actor.scopes,
    }
    return render(request, "scheduling/appointment.html", context, status=status)


def names(request: PageRequest) -> dict[str, str]:
    """Therapists and rooms, by id."""
    appointment_row = {str(person.pk): person.name for person in queries.therapists(request.clinic.pk)}
    return appointment_row | {str(room.pk): room.name for room in queries.rooms()}


@page(scope="scheduling:write", action="page.appointment.move", methods="POST")
def move(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    """Move it, by form or by script (dragged, or tapped); a script is told what it was, to undo it."""
    appointment_row = find(request, appointment_id)
    before = locks.time_of(appointment_row)
    try:
        time = parse_time(request, appointment_row)
        moved = series.move_series(
            appointment_id=appointment_row.pk,
            time=time,
            reach=request.POST.get("reach", rules.THIS),
            length_min=whole(request.POST.get("length_min"), _("Enter whole minutes.")),
            outside_hours="outside_hours" in request.POST,
            revision=revision_of(request.POST.get("revision")),
            by=request.actor,
            at=timezone.now(),
        )
    except (Conflict, Invalid) as refusal:
        if by_script(request):
            raise
        return render_appointment(request, find(request, appointment_id), refusal=refusal, status=409)
    if by_script(request):
        return JsonResponse(
            {
                "starts_at": moved[0].starts_at.isoformat(),
                "revision": moved[0].revision,
                "before": before.starts_at.isoformat(),
                "therapist": str(before.therapist_id),
                "room": str(before.room_id or ""),
                "same_day": has_second_visit(moved),
            }
        )
    if has_second_visit(moved):
        toasts.warning(request, labels.NOT_THE_ONLY_ONE)
    toasts.success(request, _("Moved.") if len(moved) == 1 else _("Moved: {n}").format(n=len(moved)))
    return redirect("appointment", appointment_row.pk)


def has_second_visit(appointments: Sequence[Appointment]) -> bool:
    """Whether the patient of one of these has another appointment on that day."""
    return any(queries.same_days(appointments).values())


def revision_of(text: str | None) -> int | None:
    """
    The revision that a page was drawn from; None if it says none.

    :raises Invalid:
    """
    return whole(text, "/revision")


def whole(text: str | None, pointer: str) -> int | None:
    """
    A whole number; None if there is none.

    :raises Invalid: it is something else
    """
    text = (text or "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 9):
        raise Invalid.at(pointer, "invalid.whole_number")
    return int(text)


def by_script(request: PageRequest) -> bool:
    return "json" in request.headers.get("Accept", "")


def parse_time(request: PageRequest, found: Appointment) -> Time:
    """The time that was chosen; the room, if none was, is where the therapist then works."""
    values = {**request.GET.dict(), **request.POST.dict()}  # a list of times has each in its button's address
    starts_at = wall_moment(values.get("starts_at", ""), request.clinic.pk)
    therapist_id = as_uuid(values.get("therapist", "")) or found.therapist_id
    room_id = as_uuid(values.get("room", ""))
    if room_id is None and not found.type.online:
        able = slots.rooms_for(found.type)
        rooms = rooms_at(request.clinic.pk, therapist_id, starts_at, able) or able or [found.room_id]
        room_id = found.room_id if found.room_id in rooms else rooms[0]
    return Time(starts_at, therapist_id, room_id)


def rooms_at(clinic_id: UUID, therapist_id: UUID, at: datetime, rooms: list[UUID]) -> list[UUID | None]:
    """Those of these rooms in which the therapist works then."""
    stretches = slots.working(
        clinic_id, therapists=[therapist_id], rooms=rooms, first=at - timedelta(days=1), until=at + timedelta(days=1)
    )
    return [stretch.room_id for stretch in stretches if stretch.starts_at <= at < stretch.ends_at]


@page(scope="scheduling:write", action="page.appointment.status", methods="POST")
def set_status(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    appointment_row = find(request, appointment_id)
    post = request.POST
    try:
        revision = revision_of(post.get("revision"))
        if post.get("status") == rules.CANCELLED:
            series.cancel_series(
                appointment_id=appointment_row.pk,
                reach=post.get("reach", rules.THIS),
                reason=post.get("reason", ""),
                cancelled_by=post.get("cancelled_by", ""),
                why=post.get("why", "").strip()[:1000],
                revision=revision,
                by=request.actor,
                at=timezone.now(),
            )
        else:
            actions.set_status(
                appointment_id=appointment_row.pk,
                status=post.get("status", ""),
                why=post.get("why", "").strip()[:1000],
                revision=revision,
                by=request.actor,
                at=timezone.now(),
            )
    except (Conflict, Invalid) as refusal:
        return render_appointment(request, find(request, appointment_id), refusal=refusal, status=409)
    return redirect("appointment", appointment_row.pk)


@page(scope="scheduling:write", action="page.appointment.swap", methods="POST")
def swap(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    """Change places with another, as when it is dropped onto it."""
    appointment_row = find(request, appointment_id)
    id_ = as_uuid(request.POST.get("with", ""))
    if id_ is None:
        raise NotFound
    revisions = (revision_of(request.POST.get("revision")), revision_of(request.POST.get("with_revision")))
    pair = actions.swap(
        first_id=appointment_row.pk, second_id=id_, revisions=revisions, by=request.actor, at=timezone.now()
    )
    if by_script(request):
        revisions_now = [str(appointment_of_pair.revision) for appointment_of_pair in pair]
        return JsonResponse({"revisions": revisions_now, "same_day": has_second_visit(pair)})
    if has_second_visit(pair):
        toasts.warning(request, labels.NOT_THE_ONLY_ONE)
    toasts.success(request, _("The appointments were swapped."))
    return redirect("appointment", appointment_row.pk)


@page(scope="scheduling:write", action="page.appointment.note", methods="POST")
def note(request: PageRequest, appointment_id: UUID) -> HttpResponse:
    appointment_row = find(request, appointment_id)
    text = request.POST.get("note", "").strip()[:2000]
    revision = revision_of(request.POST.get("revision"))
    actions.annotate(
        appointment_id=appointment_row.pk, note=text, revision=revision, by=request.actor, at=timezone.now()
    )
    toasts.success(request, _("Saved."))
    return redirect("appointment", appointment_row.pk)
