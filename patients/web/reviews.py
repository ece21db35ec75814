"""The page of the review list: a record of another system and a patient, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.contrib import messages as toasts
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from accounts.web.pages import PageRequest, page, seen_revision
from database.revisions import RevisionChanged
from patients import labels
from patients.importing.reviews import ReviewDecided, decide
from patients.models import Patient, ReviewItem
from patients.reading.incoming import Incoming, from_json

SHOWN = 30
COMPARED = ["family_name", "given_names", "birth_date", "sex", "phone", "email", "address_line", "postal_code", "city"]


@dataclass(frozen=True)
class Row:
    """One fact of both."""

    label: str
    record: str
    patient: str

    @property
    def differs(self) -> bool:
        return bool(self.record and self.patient) and self.record.casefold() != self.patient.casefold()


@page(scope="patients:write", action="page.imports.reviews")
def reviews(request: PageRequest) -> HttpResponse:
    """What waits for a decision."""
    waiting = ReviewItem.objects.filter(clinic_id=request.actor.clinic_id, decision="")
    items = list(waiting.select_related("patient").order_by("created_at", "id")[:SHOWN])
    survivors = Patient.objects.with_everything().in_bulk([item.patient.in_use.pk for item in items])
    request.trace.saw(*survivors)
    pairs = [
        {
            "item": item,
            "patient": survivors[item.patient.in_use.pk],
            "reason": REASONS[item.reason],
            "rows": compare(from_json(item.incoming), survivors[item.patient.in_use.pk]),
        }
        for item in items
    ]
    return render(request, "patients/import_reviews.html", {"pairs": pairs, "more": waiting.count() - len(items)})


@page(scope="patients:write", action="page.imports.review", methods="POST")
def review(request: PageRequest, review_id: UUID) -> HttpResponse:
    """Decide about one."""
    decision = request.POST.get("decision", "")
    revision = seen_revision(request.POST)
    try:
        decide(item_id=review_id, decision=decision, revision=revision, by=request.actor, at=timezone.now())
    except (ReviewDecided, RevisionChanged):
        toasts.warning(request, _("Somebody has decided this before, or in another tab."))
    else:
        toasts.success(request, str(SAID[decision]))
    return redirect("import_reviews")


def compare(incoming: Incoming, patient: Patient) -> list[Row]:
    """The facts that both, or one of them, have; the patient's related rows must be fetched."""
    rows = []
    for name in COMPARED:
        record, own = incoming.details.get(name), getattr(patient, name)
        if name == "birth_date" and record is None and incoming.birth_date:
            record = incoming.birth_date
        rows.append(Row(str(labels.FACTS[name]), _shown(name, record), _shown(name, own)))
    numbers = sorted(number.value for number in incoming.numbers)
    own_numbers = sorted(identifier.value for identifier in patient.identifiers.all())
    rows.append(Row(_("Numbers"), ", ".join(numbers), ", ".join(own_numbers)))
    return [row for row in rows if row.record or row.patient]


def _shown(name: str, value: Any) -> str:
    if name == "sex":
        return str(labels.SEXES[value]) if value and value != "unknown" else ""
    if hasattr(value, "isoformat"):
        return str(formats.date_format(value, "SHORT_DATE_FORMAT"))
    return str(value or "")


REASONS = labels.REVIEW_REASONS
SAID = labels.REVIEW_SAID
