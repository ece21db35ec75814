"""The start page of each role, search over everything, and the page that documents the components."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

import catalogue
from accounts import queries as accounts
from accounts.policies import may_administer
from accounts.rules import ROLES
from accounts.web.pages import PageRequest, page
from accounts.web.settings_nav import settings_groups
from assessments import rules
from assessments.models import Assessment
from assessments.web import labels
from backups import queries as backups
from messaging.engine import read_sending
from patients.models import Patient
from patients.rules import plain
from patients.search import matching
from records.models import ChainCheck
from scheduling import queries as visits
from scheduling.labels import STATUSES
from treatments.models import Session
from worklist.models import Item
from worklist.web.labels import why
from workspace import queries
from workspace.web.first_setup import steps_of
from workspace.web.kinds import PAGES

SHOWN = 12
# A patient with an active point who has not been seen for so long, and has nothing booked, is shown as due. Not a
# clinical number: it keeps those away who have only just left.
DUE_AFTER, DUE_BEFORE = timedelta(days=7), timedelta(days=120)


def home(request: PageRequest) -> HttpResponse:
    if not request.user.is_authenticated:
        return render(request, "workspace/welcome.html")
    return start(request)


@page(scope="", action="page.today")
def start(request: PageRequest) -> HttpResponse:
    clinic = request.clinic
    held = accounts.roles(clinic_id=clinic.pk, user_id=request.user.pk)
    context: dict[str, Any] = {"roles": [_(ROLES[role]) for role in ROLES if role in held], "now": timezone.now()}
    if "scheduling:read" in request.actor.scopes:
        alarms = list(Item.objects.alarms().select_related("patient", "taken_by").by_urgency()[:SHOWN])
        request.trace.saw(*(item.patient_id for item in alarms))
        context["alarms"] = [(item, why(item)) for item in alarms]
        context["paused_at"] = read_sending(clinic.pk).paused_at
    if "therapist" in held:
        context |= therapist_day(request)
    elif "patients:read" in request.actor.scopes:
        newest = Patient.objects.living_record().order_by("-created_at")[:SHOWN]
        context["newest"] = [(patient, patient.created_at) for patient in newest]
        request.trace.saw(*(patient.pk for patient in newest))
    if "scheduling:read" in request.actor.scopes and held != {"owner"}:
        own = request.user.pk if "therapist" in held else None
        context |= {"visits": visits.rest_of_day(request.clinic.pk, own, timezone.now()), "visit_words": STATUSES}
        request.trace.saw(*(visit.patient_id for visit in context["visits"]))
    if "owner" in held:
        context["backup"] = backups.newest_at()
        steps = steps_of(clinic)
        if any(step.is_open for step in steps):
            context["setup"] = {"done": sum(not step.is_open for step in steps), "of": len(steps)}
        context["chain"] = ChainCheck.objects.order_by("-checked_at").first()
        today = timezone.localtime(timezone.now(), ZoneInfo(clinic.time_zone)).date()
        context["expiring"] = len(accounts.expiring_competencies(clinic.pk, today=today))
        context["open_drafts"] = Assessment.objects.drafts().count() + Session.objects.drafts().count()
    return render(request, "workspace/today.html", context)


def therapist_day(request: PageRequest) -> dict[str, Any]:
    """Drafts to finish, follow-ups due, recent patients."""
    user, clinic, now = request.user, request.clinic, timezone.now()
    drafts = [
        (pages, draft)
        for pages in PAGES.values()
        for draft in pages.kind.rows().drafts().filter(recorded_by_id=user.pk).select_related("patient")[:SHOWN]
    ]
    drafts.sort(key=lambda line: line[1].performed_at, reverse=True)
    due = queries.due_patients(
        clinic_id=clinic.pk, user_id=user.pk, limit=SHOWN, since=now - DUE_BEFORE, until=now - DUE_AFTER, now=now
    )
    recent = queries.recent_patients(clinic_id=clinic.pk, user_id=user.pk, limit=SHOWN)
    patient_ids = (
        [d.patient_id for _pages, d in drafts] + [line[0].pk for line in due] + [line[0].pk for line in recent]
    )
    request.trace.saw(*patient_ids)
    return {"drafts": drafts, "due": due, "recent": recent, "is_therapist": True}


@page(scope="patients:read", action="page.search", methods="POST")
def search(request: PageRequest) -> HttpResponse:
    """Patients by name, number and birth date; muscles; pages. By POST, because a name belongs in no address."""
    request.trace.reads = True
    text = request.POST.get("q", "").strip()[:100]
    matches: list[Any] = []
    if text:
        matches = list(matching(Patient.objects.living_record(), text, first=8).in_name_order())
    request.trace.saw(*(patient.pk for patient in matches))
    words_of = plain(text).split()

    def fits(label: str) -> bool:
        return bool(words_of) and all(any(k.startswith(w) for k in plain(label).split()) for w in words_of)

    muscles = [m for m in catalogue.MUSCLES.values() if fits(f"{_(m['name'])} {m['name']} {m['latin']}")][:5]
    pages = [(name, url) for name, url in own_pages(request) if fits(name)]
    return render(request, "workspace/found.html", {"q": text, "found": matches, "muscles": muscles, "pages": pages})


def own_pages(request: PageRequest) -> list[tuple[str, str]]:
    """The pages that this person may open, by name."""
    pages = [
        (_("Today"), reverse("home")),
        (_("Patients"), reverse("patients")),
        (_("Account"), reverse("account")),
        (_("Try the API"), reverse("docs")),
    ]
    if "patients:write" in request.actor.scopes:
        pages.append((_("New patient"), reverse("new_patient")))
    if "scheduling:read" in request.actor.scopes:
        pages += [
            (_("Calendar"), reverse("calendar")),
            (_("Worklist"), reverse("worklist")),
            (_("Waitlist"), reverse("waitlist")),
            (_("Figures"), reverse("figures")),
            (_("In my own calendar"), reverse("my_feed")),
        ]
    if "homecare:read" in request.actor.scopes:
        pages.append((_("Messages"), reverse("messages")))
    if "treatments:read" in request.actor.scopes:
        pages.append((_("Search by lot"), reverse("lots")))
        pages.append((_("Search trigger points"), reverse("point_search")))
        pages.append((_("Rates of adverse events"), reverse("adverse_event_rates")))
    if "homecare:write" in request.actor.scopes:
        pages.append((_("Pictures and templates"), reverse("pictures")))
    may = {scope.replace(":", "_"): True for scope in request.actor.scopes}
    may["administer"] = may_administer(request.user, request.clinic.pk)
    pages.append((_("Settings"), reverse("settings")))
    pages += [(str(entry["title"]), entry["url"]) for group in settings_groups("", may) for entry in group["entries"]]
    return pages


@page(scope="", action="")
def components(request: PageRequest) -> HttpResponse:
    """The house style, live, for whoever draws a page."""
    context = {
        "colours": [
            "ground",
            "surface",
            "raised",
            "sunken",
            "ink",
            "quiet",
            "line",
            "edge",
            "accent",
            "accent-soft",
            "stop",
            "stop-ground",
            "caution",
            "caution-ground",
            "figure",
            "muscle",
        ],
        "words": labels,
        "classes": labels.CLASSES,
        "pain_scale": range(rules.PAIN[0], rules.PAIN[1] + 1),
    }
    return render(request, "workspace/ui.html", context)
