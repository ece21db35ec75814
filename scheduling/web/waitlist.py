"""The waitlist: who waits for what, what was offered, and taking or leaving it on the phone."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages as toasts
from django.db.models import Prefetch
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.web.pages import PageRequest, page, seen_revision
from database.revisions import RevisionChanged
from errors.exceptions import NotFound
from errors.texts import message_of
from scheduling import labels, rules
from scheduling.models import Offer, Waiting
from scheduling.waitlist import actions as waitlist
from scheduling.web.appointments import names


@page(scope="scheduling:read", action="page.waitlist")
def waiting_list(request: PageRequest) -> HttpResponse:
    offers = Offer.objects.order_by("-made_at").select_related("therapist")
    rows = list(
        Waiting.objects.filter(status=rules.WAITING)
        .select_related("patient", "type", "therapist", "instead_of__type")
        .prefetch_related(Prefetch("offers", offers))
        .order_by("since", "pk")[:200]
    )
    placed = list(
        Waiting.objects.filter(status=rules.PLACED).select_related("patient", "type", "placed").order_by("-pk")[:10]
    )
    request.trace.saw(*(row.patient_id for row in [*rows, *placed]))
    context = {
        "rows": [(row, [labels.WEEKDAYS[day] for day in row.weekdays]) for row in rows],
        "placed": placed,
        "words": labels,
        "now": timezone.now(),
        "names": names(request),
        "may_act": "scheduling:write" in request.actor.scopes,
    }
    return render(request, "scheduling/waitlist.html", context)


@page(scope="scheduling:write", action="page.waitlist.leave", methods="POST")
def leave(request: PageRequest, waiting_id: UUID) -> HttpResponse:
    waiting = waitlist.leave(
        waiting_id=waiting_id, revision=seen_revision(request.POST), by=request.actor, at=timezone.now()
    )
    request.trace.saw(waiting.patient_id)
    toasts.success(request, _("Removed from the waitlist."))
    return redirect("waitlist")


@page(scope="scheduling:write", action="page.waitlist.answer", methods="POST")
def answer(request: PageRequest, offer_id: UUID) -> HttpResponse:
    """What the patient said on the phone."""
    offer = Offer.objects.filter(pk=offer_id).first()
    if offer is None:
        raise NotFound
    request.trace.saw(offer.patient_id)
    if request.POST.get("answer") == "yes":
        try:
            appointment = waitlist.accept(
                offer_id=offer.pk, revision=seen_revision(request.POST), by=request.actor, at=timezone.now()
            )
        except (waitlist.OfferGone, RevisionChanged) as gone:
            toasts.warning(request, message_of(gone))
            return redirect("waitlist")
        toasts.success(request, _("Booked."))
        return redirect("appointment", appointment.pk)
    if request.POST.get("answer") == "no":
        waitlist.decline(offer_id=offer.pk, revision=seen_revision(request.POST), by=request.actor, at=timezone.now())
    return redirect("waitlist")
