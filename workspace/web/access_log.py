"""Who looked at what: of one patient, to print; and of the whole clinic. For owners."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import policies
from accounts.models import ApiClient, Membership, User
from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from audit.labels import describe_action
from audit.models import AuditEvent
from errors.exceptions import NotFound
from patients.models import Patient

SHOWN, ON_PAPER = 100, 2000
FIRST_DAYS = timedelta(days=30)
KINDS = {
    "patients": gettext_lazy("About patients"),
    "refused": gettext_lazy("Refused or failed"),
    "sign_in": gettext_lazy("Sign-ins and accounts"),
    "settings": gettext_lazy("Settings and access"),
    "all": gettext_lazy("Everything"),
}
SETTINGS = r"^(clinic|membership|invitation|person|api_client|scheduling|competency|messages)\."


def names_of(events: Iterable[AuditEvent]) -> dict[str, str]:
    """Return who the people and programs of events are: id to name."""
    rows = list(events)
    people = User.objects.filter(pk__in={row.user_id for row in rows if row.user_id}).values_list("pk", "name")
    programs = ApiClient.objects.filter(client_id__in={row.client_id for row in rows if row.client_id})
    return {
        **{str(pk): name for pk, name in people},
        **dict(programs.values_list("client_id", "name")),
        "support": _("Support"),
    }


def lines_of(events: list[AuditEvent]) -> list[dict[str, Any]]:
    names = names_of(events)
    return [
        {
            "event": event,
            "who": " · ".join(names.get(key, key) for key in (str(event.user_id or ""), event.client_id) if key)
            or _("Somebody unknown"),
            "what": describe_action(event.action),
        }
        for event in events
    ]


@page(scope="", action="page.patient_access")
def patient_log(request: PageRequest, patient_id: UUID) -> HttpResponse:
    """Everybody who looked at, or changed, one patient's record: a summary by person, and each event."""
    patient = Patient.objects.filter(pk=patient_id).first()
    if patient is None:
        raise NotFound
    policies.require_owner(request.actor)
    request.trace.saw(patient.pk)
    first, last, since, until = period(request)
    events = AuditEvent.objects.about(patient.pk).filter(at__gte=since, at__lt=until).newest_first()
    lines = lines_of(list(events[:ON_PAPER]))
    summary: dict[str, dict[str, Any]] = {}
    for line in lines:
        person = summary.setdefault(line["who"], {"count": 0, "last": line["event"].at, "first": line["event"].at})
        person["count"] += 1
        person["first"] = line["event"].at
    context = {
        "patient": patient,
        "lines": lines,
        "summary": sorted(summary.items(), key=lambda row: row[1]["last"], reverse=True),
        "first": first,
        "last": last,
        "is_cut": len(lines) == ON_PAPER,
        "now": timezone.now(),
    }
    return render(request, "workspace/patient_access.html", context)


def period(request: PageRequest) -> tuple[Any, Any, datetime, datetime]:
    """The days that are asked for (the last 30, if none are), and their bounds as moments of the clinic's clock."""
    today = timezone.localdate()
    first = _day(request.GET.get("from")) or today - FIRST_DAYS
    last = _day(request.GET.get("until")) or today
    zone = timezone.get_current_timezone()
    bounds = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in (first, last + timedelta(days=1))]
    return first, last, bounds[0], bounds[1]


def _day(text: str | None) -> Any:
    try:
        day = parse_date(text or "")
    except ValueError:
        return None
    return day if day is not None and 2000 <= day.year <= 2200 else None


@page(scope="", action="page.settings.audit")
def clinic_log(request: PageRequest) -> HttpResponse:
    """The clinic's audit trail, newest first, by kind and person; 100 at a time."""
    policies.require_owner(request.actor)
    kind = request.GET.get("kind", "")
    kind = kind if kind in KINDS else "patients"
    person_id = as_uuid(request.GET.get("who", ""))
    before = _moment(request.GET.get("before"))
    events = AuditEvent.objects.filter(clinic_id=request.clinic.pk).newest_first()
    if kind == "patients":
        events = events.exclude(patient_ids=[])
    elif kind == "refused":
        events = events.exclude(outcome=AuditEvent.Outcome.OK)
    elif kind == "sign_in":
        events = events.filter(action__regex=r"^(auth|token|app)\.")
    elif kind == "settings":
        events = events.filter(action__regex=SETTINGS)
    if person_id:
        events = events.filter(user_id=person_id)
    if before:
        events = events.filter(at__lt=before)
    lines = lines_of(list(events[:SHOWN]))
    names = patients_of(lines)
    for line in lines:
        line["patients"] = [(pk, names[pk]) for pk in line["event"].patient_ids[:5] if pk in names]
        line["more"] = max(0, len(line["event"].patient_ids) - 5)
    request.trace.saw(*names)
    members = Membership.objects.filter(clinic=request.clinic).select_related("user")
    context = {
        "lines": lines,
        "kinds": KINDS,
        "kind": kind,
        "who": str(person_id or ""),
        "people": sorted({(row.user.name, str(row.user_id)) for row in members}),
        "older": lines[-1]["event"].at.isoformat() if len(lines) == SHOWN else "",
    }
    return render(request, "workspace/settings/audit.html", context)


def _moment(text: str | None) -> datetime | None:
    try:
        moment = parse_datetime((text or "").replace(" ", "+"))
    except ValueError:
        return None
    return moment if moment is not None and timezone.is_aware(moment) else None


def patients_of(lines: list[dict[str, Any]]) -> dict[UUID, str]:
    ids = {pk for line in lines for pk in line["event"].patient_ids[:5]}
    rows = Patient.objects.filter(pk__in=ids).values_list("pk", "given_names", "family_name")
    return {pk: f"{given} {family}".strip() for pk, given, family in rows}
