"""People of the clinic: who works here and as what, invitations, competencies, leaving. For owners."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import actions, invitations, policies
from accounts.models import Competency, Invitation, Membership, User
from accounts.rules import COMPETENCIES, ROLES
from accounts.web.middleware import as_uuid
from accounts.web.pages import PageRequest, page
from errors import form_fields
from errors.exceptions import NotFound
from scheduling import worklist_sync
from workspace import handover
from workspace.web.clinic_pages import save_form

ROLE_HELP = {
    "owner": gettext_lazy("Sees all of the clinic and changes its settings"),
    "therapist": gettext_lazy("Examines, treats and signs"),
    "staff": gettext_lazy("Books, sees contact and alerts, not findings"),
}


class InviteForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    role = form_fields.ChoiceField(
        label=gettext_lazy("Role"),
        widget=forms.RadioSelect,
        choices=[(code, gettext_lazy(label)) for code, label in ROLES.items()],
        initial="therapist",
    )


@page(scope="", action="page.settings.people", methods="GET POST")
def people(request: PageRequest) -> HttpResponse:
    """Who works here, whose invitation is open, and a form for one more."""
    policies.require_owner(request.actor)
    form = InviteForm(request.POST or None)

    def invite() -> None:
        sent = form.cleaned_data
        invitations.invite(
            clinic=request.clinic, email=sent["email"], role=sent["role"], by=request.actor, at=timezone.now()
        )

    if request.method == "POST" and save_form(form, invite):
        toasts.success(request, _("The invitation is on its way. The link in it works for 7 days."))
        return redirect("people")
    now = timezone.now()
    waiting = Invitation.objects.filter(accepted_at=None, withdrawn_at=None).order_by("email", "role")
    context = {
        "form": form,
        "people": list_people(request.clinic.pk),
        "invitations": [(row, _(ROLES[row.role]), row.expires_at <= now) for row in waiting],
        "role_help": [(_(ROLES[code]), text) for code, text in ROLE_HELP.items()],
    }
    return render(request, "workspace/settings/people.html", context, status=400 if form.errors else 200)


def list_people(clinic_id: UUID) -> list[dict[str, Any]]:
    """Everybody who ever had a role here, with the roles that they have; who has none any more comes last."""
    rows: dict[UUID, dict[str, Any]] = {}
    # People see their own memberships elsewhere, too.
    memberships = Membership.objects.filter(clinic_id=clinic_id).select_related("user").order_by("user__name", "role")
    for row in memberships:
        person = rows.setdefault(row.user_id, {"user": row.user, "roles": []})
        if row.is_active and row.user.is_active:
            person["roles"].append(_(ROLES[row.role]))
    return sorted(rows.values(), key=lambda person: not person["roles"])


@page(scope="", action="page.settings.invitation", methods="POST")
def change_invitation(request: PageRequest, invitation_id: UUID, change: str) -> HttpResponse:
    acts = {"resend": invitations.resend, "withdraw": invitations.withdraw}
    invitation = Invitation.objects.filter(pk=invitation_id).first()
    if invitation is None or change not in acts:
        raise NotFound
    acts[change](invitation=invitation, by=request.actor, at=timezone.now())
    toasts.success(request, _("Sent again, with a new link.") if change == "resend" else _("Invitation withdrawn."))
    return redirect("people")


def find_person(request: PageRequest, user_id: UUID) -> User:
    """:raises NotFound: they never worked here"""
    membership = Membership.objects.filter(clinic=request.clinic, user_id=user_id).select_related("user").first()
    if membership is None:
        raise NotFound
    policies.require_owner(request.actor)
    return membership.user


@page(scope="", action="page.settings.person")
def person(request: PageRequest, user_id: UUID) -> HttpResponse:
    """One person: roles, competencies, open work, and leaving."""
    user = find_person(request, user_id)
    held = Membership.objects.active().filter(clinic=request.clinic, user=user)
    roles = set(held.values_list("role", flat=True))
    others = Membership.objects.active().filter(clinic=request.clinic).exclude(user=user).select_related("user")
    competencies = Competency.objects.filter(user=user).order_by("technique")
    context = {
        "person": user,
        "roles": [(code, _(label), ROLE_HELP[code], code in roles) for code, label in ROLES.items()],
        "is_active": bool(roles),
        "is_therapist": "therapist" in roles,
        "work": handover.open_work(user.pk, at=timezone.now()),
        "colleagues": sorted({(row.user.name, row.user_id) for row in others}),
        "competencies": [(row, _(COMPETENCIES[row.technique])) for row in competencies],
        "today": timezone.localdate(),
    }
    return render(request, "workspace/settings/person.html", context)


@page(scope="", action="page.settings.person.role", methods="POST")
def change_role(request: PageRequest, user_id: UUID) -> HttpResponse:
    user = find_person(request, user_id)
    if "add" in request.POST:
        actions.add_role(user=user, role=request.POST["add"], by=request.actor)
    else:
        held = Membership.objects.filter(clinic=request.clinic, user=user, is_active=True)
        membership = held.filter(role=request.POST.get("end", "")).first()
        if membership is None:
            raise NotFound
        actions.end_membership(membership=membership, by=request.actor)
        worklist_sync.look_at_opening(by=request.actor, at=timezone.now())
    toasts.success(request, _("Saved."))
    return redirect("person", user.pk)


@page(scope="", action="page.settings.person.hand_over", methods="POST")
def hand_over(request: PageRequest, user_id: UUID) -> HttpResponse:
    user = find_person(request, user_id)
    colleague = find_person(request, as_uuid(request.POST.get("to", "")) or user_id)
    done = handover.hand_over(from_id=user.pk, to_id=colleague.pk, by=request.actor, at=timezone.now())
    notice = _("Handed over to {name}. Appointments: {appointments}. Worklist: {items}.").format(
        name=colleague.name, appointments=done.appointments, items=done.items
    )
    if done.kept:
        notice += " " + _("Appointments that stay, because {name} is not free then: {n}.").format(
            n=done.kept, name=colleague.name
        )
    toasts.success(request, notice)
    return redirect("person", user.pk)


@page(scope="", action="page.settings.person.deactivate", methods="POST")
def deactivate(request: PageRequest, user_id: UUID) -> HttpResponse:
    """End every role; what is still booked with them comes on the worklist at once."""
    user = find_person(request, user_id)
    actions.deactivate_person(clinic=request.clinic, user=user, by=request.actor)
    worklist_sync.look_at_opening(by=request.actor, at=timezone.now())
    toasts.success(request, _("{name} can no longer work here.").format(name=user.name))
    return redirect("people")
