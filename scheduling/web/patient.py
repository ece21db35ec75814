"""What a patient may do by link: confirm or cancel an appointment, take or leave an offered time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from accounts.queries import clinic_zone
from errors.exceptions import Conflict, Invalid
from errors.texts import message_of
from messaging.web.link_sessions import LinkSession, visit_page
from scheduling import ics, rules
from scheduling.availability import slots
from scheduling.booking import actions
from scheduling.models import Appointment, Offer
from scheduling.waitlist import actions as waitlist


def person(visit: LinkSession) -> list[UUID]:
    """The record that the link was made for, and the one that it was merged into since."""
    return [patient_id for patient_id in (visit.patient.pk, visit.patient.merged_into_id) if patient_id is not None]


def find(visit: LinkSession) -> Appointment | None:
    if visit.link.purpose != "appointment":
        return None
    appointments = Appointment.objects.filter(pk=visit.link.about_id, patient_id__in=person(visit))
    return appointments.select_related("type", "therapist", "room__site").first()


@visit_page
def my_appointment(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    """When and where; "I will come" and, until the clinic's time for it is over, "I cannot come"."""
    appointment = find(visit)
    if appointment is None:
        return render(request, "messaging/nothing_here.html", {"visit": visit})
    now = timezone.now()
    window = timedelta(hours=slots.booking_of(visit.clinic.pk).cancel_until_hours)
    open_ = appointment.status in (rules.BOOKED, rules.CONFIRMED) and appointment.starts_at > now
    in_time = open_ and rules.in_time(appointment.starts_at, at=now, window=window)
    answer_row = ""
    if request.method == "POST" and open_:
        answer_row = answer(request, visit, appointment)
        if not answer_row:
            return redirect("my_appointment")
    context = {
        "visit": visit,
        "one": appointment,
        "zone": clinic_zone(visit.clinic.pk),
        "open": open_,
        "in_time": in_time,
        "place": ics.place_of(appointment),
        "said": answer_row,
        "then": request.GET.get("then", ""),
        "hours": int(window.total_seconds() // 3600),
    }
    return render(request, "scheduling/my_appointment.html", context, status=409 if answer_row else 200)


def answer(request: HttpRequest, visit: LinkSession, found: Appointment) -> str:
    """Do what was tapped; gives what to say if it cannot be done."""
    now, context = timezone.now(), request.POST.get("revision", "")
    revision = int(context) if context.isascii() and context.isdigit() and len(context) < 9 else 0
    values: dict[str, Any] = {"appointment_id": found.pk, "revision": revision, "by": visit.actor, "at": now}
    try:
        if request.POST.get("answer") == "yes":
            if found.status == rules.BOOKED:
                actions.set_status(status=rules.CONFIRMED, **values)
        elif request.POST.get("answer") == "no":
            actions.cancel_by_link(reason=request.POST.get("reason", "other"), **values)
    except (Conflict, Invalid) as refusal:
        return message_of(refusal)
    return ""


@visit_page
def my_offer(request: HttpRequest, visit: LinkSession) -> HttpResponse:
    """A time that came free: take it, or leave it. Whoever takes it first has it."""
    offer = None
    if visit.link.purpose == "offer":
        offers = Offer.objects.filter(pk=visit.link.about_id, patient_id__in=person(visit))
        offer = offers.select_related("therapist", "room__site", "waiting__type", "waiting__placed").first()
    if offer is None:
        return render(request, "messaging/nothing_here.html", {"visit": visit})
    now = timezone.now()
    if request.method == "POST" and offer.status == rules.OPEN:
        try:
            if request.POST.get("answer") == "yes":
                waitlist.accept(offer_id=offer.pk, revision=None, by=visit.actor, at=now)
            elif request.POST.get("answer") == "no":
                waitlist.decline(offer_id=offer.pk, revision=None, by=visit.actor, at=now)
        except waitlist.OfferGone:
            offer.refresh_from_db()
            return render(
                request, "scheduling/my_offer.html", appointment_context(visit, offer) | {"gone": True}, status=409
            )
        return redirect("my_offer")
    gone = offer.status in (rules.GONE, rules.EXPIRED) or (offer.status == rules.OPEN and offer.expires_at <= now)
    return render(request, "scheduling/my_offer.html", appointment_context(visit, offer) | {"gone": gone})


def appointment_context(visit: LinkSession, found: Offer) -> dict[str, Any]:
    type_ = found.waiting.kind
    there = Appointment(type=type_, room=found.room)
    return {
        "visit": visit,
        "one": found,
        "zone": clinic_zone(visit.clinic.pk),
        "ends_at": found.starts_at + type_.length,
        "place": ics.place_of(there),
    }
