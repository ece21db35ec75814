"""
What somebody without an account may open: a link of a message, and the end of messages.

A GET asks nothing of the database and changes nothing, whatever the token, so a link scanner or a prefetch leaves no
mark, and whoever tries tokens learns nothing. A person presses a button. See docs/adr/0012.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from allauth.core import ratelimit
from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods
from redis.exceptions import RedisError

from audit import actions as audit
from database import tenancy
from identity.actor import Actor
from identity.proxies import client_address
from messaging import actions, links
from messaging.models import Link
from patients.models import Patient

NOBODY = UUID(int=0)
VISIT_S = 2 * 60 * 60
DEVICE_S = 180 * 24 * 60 * 60
PREFIX = "__Host-" if settings.HTTPS else ""
VISIT, DEVICE = f"{PREFIX}visit", f"{PREFIX}device"
# Where each purpose leads, once its person has shown to be that person.
LEADS_TO = {
    "check_in": "check_in", "soreness": "check_in", "appointment": "my_appointment", "offer": "my_offer",
    "consent": "my_consent", "aftercare": "my_aftercare", "form": "my_form",
}  # fmt: skip


THEN = ("confirm", "cancel")


def without_account(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page of somebody without an account: never kept, never indexed, its address never told to anybody."""

    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        response = view(request, *arguments, **named)
        # `no-referrer` would make the browser's Origin "null", and a form would be refused.
        response["Referrer-Policy"] = "strict-origin"
        response["X-Robots-Tag"] = "noindex, nofollow"
        return response

    return answered


@without_account
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the year of birth (not on a device that is known), then lead to what the link is for."""
    device = find_device(request)
    if request.method != "POST":
        return render(request, "messaging/open.html", {"ask_year": device is None})
    if too_often(request):
        return render(request, "messaging/too_many.html", status=429)
    year = request.POST.get("year", "").strip()
    link = admit(token, year=year, known=device, ip=client_address(request) or None)
    if link is None:
        # The same page for a token that is guessed, expired, used up or revoked, and for a wrong year.
        return render(request, "messaging/open.html", {"ask_year": True, "refused": True, "year": year}, status=404)
    # What the patient came to do, as the mail's links say it; the page decides what it makes of that.
    then = request.GET.get("then", "")
    response = redirect(f"{reverse(LEADS_TO[link.purpose])}{f'?then={then}' if then in THEN else ''}")
    visit = {"clinic": str(link.clinic_id), "link": str(link.pk)}
    keep(response, VISIT, signing.dumps(visit, salt=VISIT), VISIT_S)
    keep(response, DEVICE, signing.dumps(str(link.patient_id), salt=DEVICE), DEVICE_S)
    return response


def too_often(request: HttpRequest) -> bool:
    """Whether this address asks too often. Without Redis nobody counts, but each link counts its wrong answers."""
    try:
        return not ratelimit.consume(request, action="open_link")
    except RedisError:
        return False


def keep(response: HttpResponse, name: str, value: str, seconds: int) -> None:
    response.set_cookie(name, value, max_age=seconds, secure=settings.HTTPS, httponly=True, samesite="Lax", path="/")


def find_device(request: HttpRequest) -> UUID | None:
    """Whose year of birth was given on this device before."""
    try:
        return UUID(signing.loads(request.COOKIES.get(DEVICE, ""), salt=DEVICE, max_age=DEVICE_S))
    except (signing.BadSignature, ValueError, TypeError):
        return None


def admit(token: str, *, year: str, known: UUID | None, ip: str | None) -> Link | None:
    """
    The link, if it is open and whoever asks is who it is for.

    Each refusal takes the same statements in the same order, whether there is such a token or not.
    """
    with links.open_scope(token) as link_row:
        clinic_id, link_id = (link_row.clinic_id, link_row.pk) if link_row else (NOBODY, NOBODY)
    with tenancy.scope(clinic_id):
        link = Link.objects.select_for_update(of=("self",)).filter(pk=link_id).first()
        of = link.patient_id if link else NOBODY
        patient = Patient.objects.filter(pk=of).select_related("merged_into").first()
        patient = patient and patient.in_use
        born = patient.birth_date.year if patient and patient.birth_date else None
        is_they = (link is not None and known == link.patient_id) or (born is not None and year == str(born))
        fit = (
            link is not None
            and link.purpose in LEADS_TO
            and links.is_open(link, timezone.now())
            and link.wrong_answers < links.WRONG_ANSWERS
        )
        if fit and is_they:
            assert link is not None
            links.note_opening(link)
            actor = actor_for_patient(link, ip=ip)
            audit.log("link.open", by=actor, target_id=link.pk, patient_ids=[link.patient_id], code=link.purpose)
            return link
        wrong = (link.wrong_answers + 1 if link else 1) if year else (link.wrong_answers if link else 0)
        Link.objects.filter(pk=link_id).update(wrong_answers=min(wrong, 1000))
        if link is None:  # anybody can send any token, so these are counted, and take the same statement
            audit.log_stranger("link.open", outcome="refused", code="no_link", ip=ip, request_id="", always_ask=True)
            return None
        refused = Actor(clinic_id=clinic_id, scopes=frozenset(), client_id="link", ip=ip)
        audit.log("link.open", by=refused, target_id=link_id, patient_ids=[link.patient_id], outcome="refused", ip=ip)
        return None


def actor_for_patient(link: Link, *, ip: str | None) -> Actor:
    """Whoever came by a link, as the audit trail names them."""
    return Actor(clinic_id=link.clinic_id, scopes=frozenset(), client_id=f"link:{link.purpose}", ip=ip)


def visit_of(request: HttpRequest) -> tuple[UUID, UUID] | None:
    """Clinic and link of a visit that has begun; None when it is over."""
    try:
        cookie = signing.loads(request.COOKIES.get(VISIT, ""), salt=VISIT, max_age=VISIT_S)
        return UUID(cookie["clinic"]), UUID(cookie["link"])
    except (signing.BadSignature, ValueError, TypeError, KeyError):
        return None


@csrf_exempt
@without_account
def stop_messages(request: HttpRequest, token: str) -> HttpResponse:
    """
    End a patient's mails. A mail program may do it in one click (RFC 8058), without a cookie, so no other proof is
    asked than the token. Whatever the token, the answer is the same.
    """
    if request.method != "POST":
        return render(request, "messaging/stop.html")
    with links.open_scope(token) as link_row:
        link = link_row if link_row and link_row.purpose == "stop" and links.is_open(link_row, timezone.now()) else None
    # Mail providers ask for many people from few addresses, and ask once: only whoever guesses is held back.
    if link is None and too_often(request):
        return render(request, "messaging/too_many.html", status=429)
    if link is not None:
        with tenancy.scope(link.clinic_id):
            by = actor_for_patient(link, ip=client_address(request) or None)
            actions.stop(patient_id=link.patient_id, channel="email", by=by, at=timezone.now())
    return render(request, "messaging/stop.html", {"done": True})
