"""What providers call: delivery, bounces, complaints, STOP. Each call is signed; the same one twice counts once."""

from __future__ import annotations

import logging
import warnings
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseForbidden
from django.urls import resolve
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST
from twilio.request_validator import RequestValidator

from accounts.models import Clinic
from database import tenancy
from identity.actor import Actor
from messaging import actions
from messaging.providers.twilio import ADDRESS_REFUSED

logger = logging.getLogger(__name__)
STOP_WORDS = {"stop", "stopall", "unsubscribe", "cancel", "end", "quit"}  # as Twilio's, case does not matter
TWILIO_TOLD = {"delivered": "delivered", "undelivered": "failed", "failed": "failed"}


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def mail(request: HttpRequest, provider: str) -> HttpResponse:
    """
    A mail provider's events, checked and normalised by Anymail, which then calls `mail_told`.

    Only the provider that settings name is served; Anymail would take unsigned calls of some others.
    """
    if not settings.MAIL_WEBHOOKS or provider != settings.MAIL_WEBHOOKS:
        raise Http404
    view_match = resolve(f"/{provider}/tracking/", "anymail.urls")
    if not is_signed(view_match.func):
        raise Http404
    response: HttpResponse = view_match.func(request)
    return response


def is_signed(view: Any) -> bool:
    """Whether calls can be told from anybody's: Anymail checks a signature, or asks for a secret in the address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it only warns where we refuse
        view_instance = view.view_class(**view.view_initkwargs)
    return bool(view_instance.basic_auth) or not view_instance.warn_if_no_basic_auth


def receive_mail_event(sender: object, event: Any, esp_name: str, **_more: Any) -> None:
    """Anymail's signal for each event. What is not about a message of ours is left alone."""
    message_key = str((event.metadata or {}).get("palpate", ""))
    try:
        clinic_id, message_id = (UUID(part) for part in message_key.split(":"))
    except ValueError:
        return
    # Some providers give each delivery of the same event an id of its own; its time stays.
    event_id = f"{event.event_type}:{event.timestamp or event.event_id}:{message_id}"
    record_event(clinic_id, message_id, esp_name, event_id, event.event_type, event.timestamp)


def record_event(
    clinic_id: UUID, message_id: UUID, provider: str, event_id: str, what: str, happened_at: datetime | None
) -> None:
    with tenancy.scope(clinic_id):
        actions.note_delivery(
            message_id=message_id,
            provider=provider,
            event_id=event_id,
            told=what,
            happened_at=happened_at,
            by=Actor.system(clinic_id, f"provider:{provider}"),
            at=timezone.now(),
        )


def signed_by_twilio(request: HttpRequest) -> bool:
    if not settings.TWILIO_AUTH_TOKEN:
        return False
    check = RequestValidator(settings.TWILIO_AUTH_TOKEN)
    signature = request.headers.get("X-Twilio-Signature", "")
    return bool(check.validate(f"{settings.PUBLIC_URL}{request.get_full_path()}", request.POST.dict(), signature))


@csrf_exempt
@require_POST
def twilio_status(request: HttpRequest, clinic_id: UUID, message_id: UUID) -> HttpResponse:
    if not signed_by_twilio(request):
        return HttpResponseForbidden()
    status = request.POST.get("MessageStatus", "")
    event_id = f"{request.POST.get('MessageSid', '')}:{status}"
    code = request.POST.get("ErrorCode", "")
    # A phone that is switched off is no wrong number: only what speaks of the number closes it.
    of_number = status == "undelivered" and code.isascii() and code.isdigit() and int(code) in ADDRESS_REFUSED
    new_state = "bounced" if of_number else TWILIO_TOLD.get(status, status)
    record_event(clinic_id, message_id, "twilio", event_id, new_state, None)
    return HttpResponse(status=204)


@csrf_exempt
@require_POST
def twilio_inbound(request: HttpRequest, clinic_id: UUID) -> HttpResponse:
    """
    An SMS of a patient. STOP ends the messages to that number; anything else is not for us.

    All clinics send from one number, so whoever says STOP to it says it to all of them.
    """
    if not signed_by_twilio(request):
        return HttpResponseForbidden()
    if not Clinic.objects.filter(pk=clinic_id).exists():
        raise Http404
    if request.POST.get("Body", "").strip().casefold() in STOP_WORDS:
        for clinic in Clinic.objects.order_by("pk"):
            with tenancy.scope(clinic.pk):
                by = Actor.system(clinic.pk, "provider:twilio")
                for patient_id in actions.patients_with_phone(request.POST.get("From", ""), country=clinic.country):
                    actions.stop(patient_id=patient_id, channel="sms", by=by, at=timezone.now())
    return HttpResponse("<Response/>", content_type="text/xml")
