"""The first set-up of a clinic: five steps that can be skipped and resumed; what is done follows from what there is."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import clinic_settings, policies
from accounts.models import Clinic, Invitation, Membership
from accounts.rules import SETUP_STEPS
from accounts.web.pages import PageRequest, page
from messaging.engine import read_sending
from scheduling.models import AppointmentType, Hours, Room

# Step: its name, why, and the page (and kind) where it is done.
STEPS: dict[str, tuple[str | Promise, str | Promise, str, str]] = {
    "clinic": (_("Clinic and letterhead"), _("Address and phone, for letters and messages"), "clinic_settings", ""),
    "rooms": (_("Rooms"), _("Where patients are treated"), "scheduling_setup", "rooms"),
    "types": (
        _("Types of appointment"),
        _("What can be booked, and how long it takes"),
        "scheduling_setup",
        "appointment-types",
    ),
    "people": (
        _("People"),
        _("Invite your colleagues; give yourself the role of therapist if you treat"),
        "people",
        "",
    ),
    "hours": (_("Weekly hours"), _("When each therapist works"), "scheduling_setup", "hours"),
}


@dataclass(frozen=True)
class Step:
    """One step, as the page shows it."""

    code: str
    title: str | Promise
    text: str | Promise
    url: str
    is_done: bool
    is_skipped: bool

    @property
    def is_open(self) -> bool:
        return not self.is_done and not self.is_skipped


def steps_of(clinic: Clinic) -> list[Step]:
    """Return the steps with their state. Call inside the clinic's scope."""
    done = {
        "clinic": lambda: bool(clinic.address or read_sending(clinic.pk).phone),
        "rooms": lambda: Room.objects.filter(is_active=True).exists(),
        "types": lambda: AppointmentType.objects.filter(is_active=True).exists(),
        "people": lambda: has_team(clinic.pk),
        "hours": lambda: Hours.objects.exists(),
    }
    steps = []
    for code in SETUP_STEPS:
        title, text, view, kind = STEPS[code]
        url = reverse(view, args=[kind] if kind else [])
        steps.append(Step(code, title, text, url, done[code](), code in clinic.setup_skipped))
    return steps


def has_team(clinic_id: UUID) -> bool:
    """Whether somebody treats here, or more than the owner are, or are about to be, at work."""
    people = Membership.objects.active().filter(clinic_id=clinic_id)
    if people.filter(role="therapist").exists() or people.values("user_id").distinct().count() > 1:
        return True
    return Invitation.objects.filter(withdrawn_at=None, accepted_at=None).exists()


@page(scope="", action="page.settings.first_setup", methods="GET POST")
def first_setup(request: PageRequest) -> HttpResponse:
    """What is done, what comes next; a step is skipped, or taken up again."""
    policies.require_owner(request.actor)
    if request.method == "POST":
        skipped = set(request.clinic.setup_skipped) | set(request.POST.getlist("skip"))
        skipped -= set(request.POST.getlist("resume"))
        clinic_settings.change(values={"setup_skipped": sorted(skipped)}, revision=None, by=request.actor)
        return redirect("first_setup")
    steps = steps_of(request.clinic)
    context = {"steps": steps, "next": next((step for step in steps if step.is_open), None)}
    return render(request, "workspace/settings/first_setup.html", context)
