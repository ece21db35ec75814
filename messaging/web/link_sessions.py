"""
What follows the opening of a link: a visit, of one person without an account, to the pages of one link.

The address carries nothing: who it is for stands in a short-lived cookie that `messaging.web.patient` gave to the
person who opened the link.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from accounts.models import Clinic
from database import tenancy
from identity.actor import Actor
from identity.proxies import client_address
from messaging.engine import read_sending
from messaging.models import Link
from messaging.texts import language_of
from messaging.web.patient import actor_for_patient, visit_of, without_account
from patients.models import Patient
from patients.queries import zone_of


@dataclass(frozen=True)
class LinkSession:
    link: Link
    patient: Patient
    clinic: Clinic
    actor: Actor
    phone: str

    @property
    def today(self) -> date:
        return timezone.now().astimezone(zone_of(self.patient)).date()


@contextmanager
def open_session(request: HttpRequest) -> Iterator[LinkSession | None]:
    """The visit that this browser has begun, in its clinic, language and time zone; None when it is over."""
    visit_cookie = visit_of(request)
    if visit_cookie is None:
        yield None
        return
    clinic_id, link_id = visit_cookie
    with tenancy.scope(clinic_id, read_only=request.method in ("GET", "HEAD")):
        link = (
            Link.objects.filter(pk=link_id, revoked_at=None)
            .select_related("patient__clinic", "patient__merged_into")
            .first()
        )
        if link is None:
            yield None
            return
        clinic = link.patient.clinic
        language = language_of(link.patient.in_use.language, clinic.locale)
        actor = actor_for_patient(link, ip=client_address(request) or None)
        with translation.override(language), timezone.override(zone_of(link.patient)):
            request.LANGUAGE_CODE = language
            yield LinkSession(link, link.patient, clinic, actor, read_sending(clinic.pk).phone)


def visit_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    @wraps(view)
    def answered(request: HttpRequest, *arguments: Any, **named: Any) -> HttpResponse:
        with open_session(request) as visit:
            if visit is None:
                return render(request, "messaging/visit_over.html", status=403)
            return view(request, visit, *arguments, **named)

    return without_account(answered)
