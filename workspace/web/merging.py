"""Two records of one person: what a merge would do, side by side, and the merge itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.web.pages import PageRequest, page, seen_revision
from assessments.models import Assessment
from errors.exceptions import DomainError, NotFound
from errors.texts import message_of
from homecare.models import Programme
from patients import actions, facts, labels
from patients.models import Alert, Condition, Identifier, Medication, Merge, Patient
from patients.web.details import in_words
from scheduling.models import Appointment
from treatments.models import Session


@page(scope="patients:merge", action="page.patient.merge", methods="GET POST")
def merge(request: PageRequest, patient_id: UUID, other_id: UUID) -> HttpResponse:
    """
    Merge the first patient's record into the other's, after a look at both. A link turns the two round.
    """
    both = Patient.objects.visible_to(request.actor).filter(pk__in=[patient_id, other_id]).in_bulk()
    if len(both) != 2:
        raise NotFound
    source, target = both[patient_id], both[other_id]
    request.trace.saw(source.pk, target.pk)
    reason, refused = request.POST.get("reason", "").strip()[:1000], ""
    if request.method == "POST" and not reason:
        refused = _("Say why these two records are one person.")
    elif request.method == "POST":
        try:
            actions.merge_patients(
                patient_id=source.pk,
                into_id=target.pk,
                reason=reason,
                revision=seen_revision(request.POST),
                into_revision=seen_revision(request.POST, "revision_into"),
                by=request.actor,
                at=timezone.now(),
            )
            toasts.success(request, _("The two records are one."))
            return redirect("patient", target.pk)
        except DomainError as refusal:
            refused = " ".join(message_of(error) for error in refusal.errors) or message_of(refusal)
    context = {
        "source": source,
        "target": target,
        "lines": compare(source, target),
        "counts": counts_of(source, target),
        "reason": reason,
        "refused": refused,
    }
    return render(request, "workspace/merge.html", context, status=400 if refused else 200)


def compare(source: Patient, target: Patient) -> list[dict[str, Any]]:
    """Each fact that either record has: both values, and the one that stands afterwards."""
    of_source, of_target = ({name: getattr(row, name) for name in facts.FACTS} for row in (source, target))
    after = of_target | facts.fill(of_target, of_source)
    lines = []
    for title, names in labels.SECTIONS.values():
        for name in names:
            texts = [in_words(name, values[name]) for values in (of_source, of_target, after)]
            if any(texts[:2]):
                lines.append(
                    {
                        "section": title,
                        "label": labels.FACTS[name],
                        "source": texts[0],
                        "target": texts[1],
                        "after": texts[2],
                        "differs": texts[0] != texts[1],
                        "lost": of_source[name] != facts.FACTS[name].empty and texts[0] not in texts[2],
                    }
                )
    return lines


def counts_of(source: Patient, target: Patient) -> list[tuple[str, int, int]]:
    """How much hangs on each of the two records; the survivor shows all of it."""
    models: list[tuple[str, Any]] = [
        (_("Numbers"), Identifier.objects),
        (_("Alerts"), Alert.objects.current()),
        (_("Conditions"), Condition.objects.filter(ended_at=None)),
        (_("Medicines"), Medication.objects.filter(ended_at=None)),
        (_("Exams"), Assessment.objects),
        (_("Treatment sessions"), Session.objects),
        (_("Home programmes"), Programme.objects),
        (_("Appointments"), Appointment.objects),
    ]
    return [(title, rows.filter(patient=source).count(), rows.filter(patient=target).count()) for title, rows in models]


def merges_into(people: Sequence[UUID]) -> list[dict[str, Any]]:
    """The trail: which records became this one, when, why and by whom."""
    if len(people) < 2:
        return []
    rows = list(Merge.objects.filter(from_patient__in=people).select_related("from_patient").order_by("-merged_at"))
    users = User.objects.in_bulk({row.merged_by_user_id for row in rows if row.merged_by_user_id})
    return [
        {
            "merge": row,
            "who": users[row.merged_by_user_id].name if row.merged_by_user_id in users else row.merged_by_client_id,
            "name": f"{row.from_patient.given_names} {row.from_patient.family_name}",
        }
        for row in rows
    ]
